// What goes over the pipe between the trainer and its process: frames of a JSON header and raw bytes. A frame is the header's
// length (uint32), the bytes' length (uint32), the header, the bytes; numbers are little-endian, as the matrices are.

import type { Readable } from "node:stream";

const PREFIX = 8;

/** The head of a frame: write it, then the bytes it announces. */
export function frameHead(header: unknown, byteLength: number): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const head = Buffer.allocUnsafe(PREFIX + text.length);
  head.writeUInt32LE(text.length, 0);
  head.writeUInt32LE(byteLength, 4);
  text.copy(head, PREFIX);
  return head;
}

/** The bytes of a float matrix as they go over the pipe, without a copy. */
export function bytesOf(array: Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * Reads frames until the stream ends. `place` gives the memory a frame's bytes are written into, straight from the pipe, so that
 * a matrix never exists twice. A stream that ends inside a frame throws.
 */
export async function* readFrames<Header>(
  stream: Readable,
  place: (header: Header, byteLength: number) => Uint8Array,
): AsyncGenerator<{ readonly header: Header; readonly bytes: Uint8Array }> {
  const source = stream[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array(0);
  const fill = async (target: Uint8Array): Promise<boolean> => {
    let filled = 0;
    while (filled < target.length) {
      if (chunk.length === 0) {
        const { value, done } = await source.next();
        if (done) {
          if (filled === 0) return false;
          throw new Error("The pipe closed inside a frame.");
        }
        chunk = value as Uint8Array;
      }
      const part = chunk.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      chunk = chunk.subarray(part.length);
    }
    return true;
  };
  const prefix = Buffer.alloc(PREFIX);
  while (await fill(prefix)) {
    const text = Buffer.alloc(prefix.readUInt32LE(0));
    const byteLength = prefix.readUInt32LE(4);
    await fill(text);
    const header = JSON.parse(text.toString()) as Header;
    const bytes = place(header, byteLength);
    if (!(await fill(bytes)) && byteLength > 0) throw new Error("The pipe closed inside a frame.");
    yield { header, bytes };
  }
}
