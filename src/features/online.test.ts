// The online store against the oracle: what is read is what was known when the view was last materialised, whatever the steps were that led
// there, whoever was killed on the way, and whoever else was at it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Instant, Value } from "../core/core.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import {
  materializedThrough,
  materializeView,
  type OnlineView,
  onlineView,
  readOnline,
  rebuildKeys,
} from "./features.ts";
import { agrees, oracle } from "./oracle.fixture.ts";
import { keysOf, type Scenario, scenarios } from "./random-views.fixture.ts";
import { writeRows } from "./written-rows.fixture.ts";

const RUNS = Number(process.env["SLIPWAY_TEST_RUNS"] ?? 80);
const options = { numRuns: RUNS, ...(process.env["FC_SEED"] ? { seed: Number(process.env["FC_SEED"]) } : {}) };

let folder: string;
let offline: OfflineEngine;
let online: OnlineStore;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-online-"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
  online = lmdbStore(join(folder, "store"), { durable: false });
});
afterAll(async () => {
  await online.close();
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;
const newFile = (): string => {
  files += 1;
  return join(folder, `rows-${files}.parquet`);
};

/** A scenario with the times it is materialised up to, in order, and what is asked after each. */
const stepwise = scenarios(newFile).chain((scenario) =>
  fc.record({
    scenario: fc.constant(scenario),
    steps: fc
      .array(scenario.instant, { minLength: 1, maxLength: 4 })
      .map((times) => times.toSorted((a, b) => Number(a - b))),
    lags: fc.array(fc.constantFrom(0n, 0n, 1n, 60_000_000n, 3_600_000_000n, 86_400_000_000n), {
      minLength: 4,
      maxLength: 4,
    }),
    keys: fc.array(keysOf(scenario.view), { minLength: 1, maxLength: 6 }),
  }),
);

/** A scenario's view over its written rows, with nothing in the store: while a failure is made smaller, a view comes again. */
async function fresh({ view, rows }: Scenario): Promise<OnlineView> {
  const compiled = onlineView(view);
  await online.drop(compiled.namespace);
  await writeRows(offline, view.source, rows);
  return compiled;
}

/** Reads every key at `at` and holds it against what the oracle says of everything known by `through`. */
async function expectReads(
  view: OnlineView,
  { rows }: Scenario,
  keys: readonly (readonly Value[])[],
  at: Instant,
  through: Instant | undefined,
): Promise<void> {
  for (const key of keys) {
    const row = Object.fromEntries(view.spec.keys.map(({ name }, index) => [name, key[index] ?? null]));
    const [read] = await readOnline(online, [view], row, at);
    const known = through === undefined ? [] : rows;
    const expected = oracle(view.spec, known, { keys: key, t: at, cutoff: through ?? null });
    expect(read?.through).toBe(through ?? null);
    view.spec.features.forEach((feature, place) => {
      const actual = read?.values[feature.name];
      if (!agrees(feature, actual, expected[place] ?? null))
        expect.fail(
          `${feature.name} of ${String(key)} at ${at} is ${String(actual)}, not ${String(expected[place])}, as of ${through}`,
        );
    });
  }
}

async function contents(view: OnlineView): Promise<readonly string[]> {
  const entries: string[] = [];
  for await (const { key, value } of online.scan(view.namespace)) {
    // How many runs there were (turn.ts) says nothing of what they left.
    if (Buffer.compare(key, Uint8Array.of(0, 5)) === 0) continue;
    entries.push(`${Buffer.from(key).toString("hex")}=${Buffer.from(value).toString("hex")}`);
  }
  return entries;
}

describe("online reads", () => {
  test("give what was known at the watermark, after any steps, and a second run changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(stepwise, async ({ scenario, steps, lags, keys }) => {
        const view = await fresh(scenario);
        await expectReads(view, scenario, keys, steps[0] ?? 0n, undefined);
        for (const [index, to] of steps.entries()) {
          await materializeView({ offline, online }, view, to);
          await expectReads(view, scenario, keys, to + (lags[index] ?? 0n), to);
        }
        const last = steps.at(-1) ?? 0n;
        const before = await contents(view);
        await materializeView({ offline, online }, view, last);
        expect(await contents(view)).toEqual(before);
        await online.drop(view.namespace);
        await materializeView({ offline, online }, view, last);
        expect(await contents(view)).toEqual(before);
        await expectReads(view, scenario, keys, last + (lags[3] ?? 0n), last);
      }),
      options,
    );
  }, 300_000);

  test("give all that is known after keys were folded anew, whatever was known of them before", async () => {
    const mended = stepwise.chain((each) =>
      fc.record({ each: fc.constant(each), kept: fc.infiniteStream(fc.boolean()), again: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(mended, async ({ each: { scenario, steps, lags, keys }, kept, again }) => {
        const some = scenario.rows.filter(() => kept.next().value === true);
        const view = await fresh({ ...scenario, rows: some });
        for (const to of steps) await materializeView({ offline, online }, view, to);
        await writeRows(offline, view.spec.source, scenario.rows);
        const names = view.spec.keys.map(({ name }) => offline.dialect.identifier(name)).join(", ");
        const everyKey = `SELECT ${names} FROM ${offline.dialect.scan(view.spec.source)}`;
        await rebuildKeys({ offline, online }, view, everyKey);
        const last = steps.at(-1) ?? 0n;
        await expectReads(view, scenario, keys, last + (lags[0] ?? 0n), last);
        const before = await contents(view);
        if (again) await rebuildKeys({ offline, online }, view, everyKey);
        else await materializeView({ offline, online }, view, last);
        expect(await contents(view)).toEqual(before);
      }),
      { ...options, numRuns: Math.ceil(RUNS / 2) },
    );
  });

  test("lose and repeat nothing when the process dies before or after any commit", async () => {
    await fc.assert(
      fc.asyncProperty(stepwise, fc.infiniteStream(fc.constantFrom("before", "after", "never", "never")), dies),
      { ...options, numRuns: Math.ceil(RUNS / 2) },
    );
    type Death = "before" | "after" | "never";
    async function dies(
      { scenario, steps, lags, keys }: typeof stepwise extends fc.Arbitrary<infer S> ? S : never,
      deaths: Iterator<Death>,
    ): Promise<void> {
      const view = await fresh(scenario);
      const mortal: OnlineStore = {
        ...online,
        async update(...args) {
          const death = (deaths.next() as IteratorYieldResult<Death>).value;
          if (death === "before") throw new Error("killed");
          await online.update(...args);
          if (death === "after") throw new Error("killed");
        },
      };
      for (const [index, to] of steps.entries()) {
        await materializeView({ offline, online: mortal }, view, to).catch((error: Error) => {
          expect(error.message).toBe("killed");
        });
        const through = await materializedThrough(online, view);
        if (through !== undefined) await expectReads(view, scenario, keys, to + (lags[index] ?? 0n), through);
      }
      const last = steps.at(-1) ?? 0n;
      await materializeView({ offline, online }, view, last);
      await expectReads(view, scenario, keys, last, last);
    }
  });

  test("stay right when two processes materialise at once: one is refused with STATE_LOCKED", async () => {
    const moving = scenarios(newFile, ["timely", "late"]).chain((scenario) =>
      fc.record({
        scenario: fc.constant(scenario),
        tos: fc.tuple(scenario.instant, scenario.instant),
        keys: fc.array(keysOf(scenario.view), { minLength: 1, maxLength: 6 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(moving, async ({ scenario, tos, keys }) => {
        const view = await fresh(scenario);
        let waiting = 0;
        let open = (): void => undefined;
        const bothThere = new Promise<void>((resolve) => {
          open = resolve;
        });
        const meeting: OnlineStore = {
          ...online,
          async update(...args) {
            waiting += 1;
            if (waiting === 2) open();
            await bothThere;
            await online.update(...args);
          },
        };
        const results = await Promise.allSettled(
          tos.map((to) => materializeView({ offline, online: meeting }, view, to)),
        );
        const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
        expect(refused).toMatchObject([{ code: "STATE_LOCKED" }]);
        const through = await materializedThrough(online, view);
        const won = results.findIndex(({ status }) => status === "fulfilled");
        expect(through).toBe(tos[won]);
        await expectReads(view, scenario, keys, through ?? 0n, through);
      }),
      { ...options, numRuns: Math.ceil(RUNS / 2) },
    );
  });
});
