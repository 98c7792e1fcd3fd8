// Many small pieces of bytes out of a few large blocks. A piece of its own costs a library that writes it more than its bytes do: an
// allocation outside the heap, and a call to learn its address.

/** Gives pieces of bytes, each beginning at a multiple of 8. Pieces are never taken back. */
export type ByteRoom = (size: number) => Uint8Array;

const FIRST_BLOCK = 4096;
const LARGEST_BLOCK = 1 << 20;

/** A room whose blocks grow with what is taken. */
export function byteRoom(): ByteRoom {
  let block = new ArrayBuffer();
  let next = FIRST_BLOCK;
  let used = 0;
  return (size) => {
    if (used + size > block.byteLength) {
      block = new ArrayBuffer(Math.max(next, size));
      next = Math.min(2 * next, LARGEST_BLOCK);
      used = 0;
    }
    const piece = new Uint8Array(block, used, size);
    used = (used + size + 7) & ~7;
    return piece;
  };
}
