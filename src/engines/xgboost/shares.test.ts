import fc from "fast-check";
import { expect, it } from "vitest";
import { rowDealer } from "./shares.ts";

/** Which worker gets each row, when they come in batches of these sizes. */
function dealt(workers: number, sizes: readonly number[], groups?: readonly number[]): readonly number[] {
  const dealer = rowDealer(workers);
  const owners: number[] = [];
  for (const size of sizes) {
    const start = owners.length;
    const own = groups && Float32Array.from(groups.slice(start, start + size));
    for (const run of dealer.deal(size, own)) {
      expect(start + run.start).toBe(owners.length);
      for (let row = run.start; row < run.end; row += 1) owners.push(run.worker);
    }
    expect(owners.length).toBe(start + size);
  }
  return owners;
}

const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 20 });

it("gives a row to the same worker whatever batch it came in, and every worker as good as the same number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), sizes, (workers, batches) => {
      const rows = batches.reduce((sum, size) => sum + size, 0);
      const owners = dealt(workers, batches);
      expect(owners).toEqual(dealt(workers, rows === 0 ? [] : [rows]));
      const counts = Array.from({ length: workers }, (_, worker) => owners.filter((each) => each === worker).length);
      if (rows >= workers) expect(Math.min(...counts)).toBeGreaterThan(0);
      expect(Math.max(...counts)).toBeLessThanOrEqual(2 * Math.min(...counts) + 1);
    }),
  );
});

it("parts no group, whatever batch its rows come in", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 4 }),
      fc.array(fc.integer({ min: 1, max: 40 })),
      sizes,
      (workers, of, cuts) => {
        const groups = of.flatMap((size, group) => Array.from({ length: size }, () => group));
        const batches: number[] = [];
        for (let left = groups.length; left > 0; left -= batches.at(-1) ?? left)
          batches.push(Math.min(left, cuts[batches.length] ?? left));
        const owners = dealt(workers, batches, groups);
        const pairs = new Set(groups.map((group, row) => `${group} ${owners[row]}`));
        expect(pairs.size).toBe(of.length);
      },
    ),
  );
});
