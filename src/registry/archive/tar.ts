// A tar of nothing but plain files (POSIX.1-1988 ustar), the same bytes for the same files: no times, owners or modes are in it. Reading takes only
// what writing makes, so links, devices, long names, sparse files and every other extension are refused by not being understood.

import { SlipwayError } from "../../core/core.ts";

const BLOCK = 512;
/** Eleven octal digits. */
const MOST_SIZE = 8 ** 11 - 1;
const END = Buffer.alloc(2 * BLOCK);

/** A file to be written; `size` is the number of bytes that `chunks` give. */
export interface TarFile {
  readonly name: string;
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** An entry being read. Its content must be read to its end before the next entry is asked for. */
export interface TarEntry {
  readonly name: string;
  readonly size: number;
  content(): AsyncIterable<Uint8Array>;
}

/** An ARCHIVE_INVALID error. */
export function invalidArchive(problem: string): SlipwayError {
  return new SlipwayError("ARCHIVE_INVALID", `This is not an archive that Slipway wrote: ${problem}.`);
}

/** Files as a tar. */
export async function* writeTar(files: AsyncIterable<TarFile> | Iterable<TarFile>): AsyncGenerator<Uint8Array> {
  for await (const { name, size, chunks } of files) {
    yield headerOf(name, size);
    let written = 0;
    for await (const chunk of chunks) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== size) throw new SlipwayError("INTERNAL", `${name} gave ${written} bytes instead of ${size}.`);
    if (size % BLOCK > 0) yield Buffer.alloc(BLOCK - (size % BLOCK));
  }
  yield END;
}

function headerOf(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100 || size > MOST_SIZE)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${name} of ${size} bytes is too large for an archive: a file has at most 8 GiB.`,
    );
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("0", 156);
  header.write("ustar\0", 257);
  header.write("00", 263);
  header.write(`${checksum(header).toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** The sum of a header's bytes, with its own eight taken as spaces. */
function checksum(header: Buffer): number {
  let sum = 8 * 32;
  for (const [place, byte] of header.entries()) if (place < 148 || place >= 156) sum += byte;
  return sum;
}

/** The entries of a tar, one after another. Throws ARCHIVE_INVALID for anything that {@link writeTar} does not write. */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const source = chunks[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  const more = async (): Promise<boolean> => {
    const next = await source.next();
    if (next.done === true) return false;
    held = next.value;
    return true;
  };
  async function* take(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (held.length === 0 && !(await more())) throw invalidArchive("it ends too early");
      const part = held.subarray(0, left);
      held = held.subarray(part.length);
      left -= part.length;
      if (part.length > 0) yield part;
    }
  }
  const block = async (size: number): Promise<Buffer> => {
    const parts: Uint8Array[] = [];
    for await (const part of take(size)) parts.push(part);
    return Buffer.concat(parts);
  };

  try {
    for (;;) {
      const header = await block(BLOCK);
      if (header.equals(END.subarray(0, BLOCK))) break;
      const { name, size } = headerFrom(header);
      let left = size;
      yield {
        name,
        size,
        content: async function* () {
          for await (const part of take(size)) {
            left -= part.length;
            yield part;
          }
        },
      };
      if (left > 0) throw invalidArchive(`${JSON.stringify(name)} is not expected here`);
      if (size % BLOCK > 0 && (await block(BLOCK - (size % BLOCK))).some((byte) => byte !== 0))
        throw invalidArchive("there is something between its files");
    }
    if (!(await block(BLOCK)).equals(END.subarray(0, BLOCK))) throw invalidArchive("its end is not one");
    if (held.length > 0 || (await more())) throw invalidArchive("something follows its end");
  } finally {
    await source.return?.();
  }
}

function headerFrom(header: Buffer): { readonly name: string; readonly size: number } {
  const sum = /^([0-7]{6})\0 $/.exec(header.toString("latin1", 148, 156))?.[1];
  if (sum === undefined || Number.parseInt(sum, 8) !== checksum(header)) throw invalidArchive("a header is damaged");
  const end = header.indexOf(0);
  const name = header.toString("latin1", 0, Math.min(end < 0 ? 100 : end, 100));
  const digits = /^([0-7]{11})\0$/.exec(header.toString("latin1", 124, 136))?.[1];
  const size = digits === undefined ? -1 : Number.parseInt(digits, 8);
  // Whatever else a header could say (a link, a device, another name) makes it another header than ours.
  if (size < 0 || !headerOf(name, size).equals(header))
    throw invalidArchive(`its entry ${JSON.stringify(name.slice(0, 100))} is not a plain file`);
  return { name, size };
}
