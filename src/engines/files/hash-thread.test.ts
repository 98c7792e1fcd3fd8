import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { hashing } from "./hash-thread.ts";

const all = randomBytes(12 * 2 ** 20);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Hashes in pieces, each overwritten as soon as it was taken. */
async function inPieces(bytes: Uint8Array, size: number): Promise<string> {
  const digest = hashing();
  let taken = 0;
  for (let start = 0; start < bytes.length; start += size) {
    const piece = Uint8Array.from(bytes.subarray(start, start + size));
    taken += piece.length;
    await digest.add(piece);
    // What is short is held until it is known to be.
    if (taken > 2 ** 22) piece.fill(0);
  }
  return digest.hex();
}

test.each([0, 1, 2 ** 18, 2 ** 22 - 1, 2 ** 22, 2 ** 22 + 1, 5_000_001, all.length])(
  "%i bytes in pieces of any size have the hash that they have at once",
  async (length) => {
    const bytes = all.subarray(0, length);
    for (const size of [2 ** 16, 2 ** 18 - 7, 2 ** 18, 3_000_001, all.length])
      expect(await inPieces(bytes, size), `pieces of ${size}`).toBe(sha256(bytes));
  },
);

test("more at once than the thread takes come out right, and those that are given up leave room", async () => {
  for (let round = 0; round < 3; round += 1) {
    const dropped = Array.from({ length: 4 }, () => hashing());
    for (const digest of dropped) await digest.add(all);
    for (const digest of dropped) digest.drop();
    const many = Array.from({ length: 6 }, (_, place) => all.subarray(place));
    expect(await Promise.all(many.map((bytes) => inPieces(bytes, 2 ** 17)))).toEqual(many.map(sha256));
  }
});
