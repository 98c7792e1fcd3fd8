// Pushed events mean what the same rows in a file mean: the offline join over them, the online store after materialising them from a file,
// and the online store after pushing them one by one agree with each other and with the oracle. On the way events come late, early,
// twice and in any order, processes die, and commits fail.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { days, minutes, rowAt, rowToJson, type Value } from "../../src/core/core.ts";
import type { FeatureViewSpec, PushSpec } from "../../src/define/define.ts";
import { duckdb } from "../../src/engines/duckdb/duckdb.ts";
import { fileEventLog } from "../../src/engines/files/files.ts";
import { lmdbStore } from "../../src/engines/lmdb/lmdb.ts";
import { replayClock } from "../../src/engines/system/system.ts";
import {
  keyColumn,
  materializeView,
  type OnlineView,
  onlineView,
  pointInTimePlan,
  readOnline,
} from "../../src/features/features.ts";
import { agrees, type OracleRow, oracle } from "../../src/features/oracle.fixture.ts";
import { keysOf, type Scenario, scenarios } from "../../src/features/random-views.fixture.ts";
import { valuesSql, writeRows } from "../../src/features/written-rows.fixture.ts";
import { type Intake, openIntake } from "../../src/ingest/ingest.ts";
import type { EventLog, JointOnlineStore, OfflineEngine } from "../../src/ports/ports.ts";

const RUNS = Number(process.env["SLIPWAY_TEST_RUNS"] ?? 40);
const options = {
  numRuns: RUNS,
  endOnFailure: true,
  ...(process.env["FC_SEED"] ? { seed: Number(process.env["FC_SEED"]) } : {}),
};

let folder: string;
let online: JointOnlineStore;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-push-"));
  online = lmdbStore(join(folder, "store"), { durable: false });
});
afterAll(async () => {
  await online.close();
  rmSync(folder, { recursive: true, force: true });
});

let runs = 0;

/** One thing that happens on the way. */
type Happening =
  | { readonly kind: "push"; readonly places: readonly number[]; readonly wait: bigint }
  | { readonly kind: "restart" | "dies" | "fails before" | "fails after" | "tick" | "settle" };

const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("push" as const),
        places: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
        wait: fc.constantFrom(1n, 1n, minutes(1), minutes(5), days(1)),
      }),
    },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(
          "restart" as const,
          "dies" as const,
          "fails before" as const,
          "fails after" as const,
          "tick" as const,
          "settle" as const,
        )
        .map((kind) => ({ kind })),
    },
  ),
  { minLength: 3, maxLength: 25, size: "max" },
);

const pushed = scenarios(() => "unused.parquet", ["late"]).chain((scenario) =>
  fc.record({
    scenario: fc.constant(scenario),
    happenings,
    start: scenario.instant,
    keys: fc.array(keysOf(scenario.view), { minLength: 1, maxLength: 6 }),
    lag: fc.constantFrom(0n, 1n, minutes(7), days(1)),
  }),
);

/** The scenario's view over a push source with the same columns and an id. */
function pushedView({ view }: Scenario): FeatureViewSpec & { readonly source: PushSpec } {
  const columns = view.source.columns.map((column) => (column.name === "e" ? { ...column, optional: false } : column));
  const source: PushSpec = {
    kind: "source",
    format: "push",
    name: view.source.name,
    columns: [...columns, { name: "event id", type: "string", optional: false }],
    eventTime: "e",
    createdAt: "created",
    id: "event id",
    maxAhead: days(100_000),
  };
  return { ...view, source };
}

/** What JSON can carry of a scenario's rows: every number is finite. */
function pushable(rows: readonly OracleRow[]): readonly OracleRow[] {
  return rows.flatMap((row, index) =>
    row["e"] === null ? [] : [{ ...(finite(row as never) as unknown as OracleRow), "event id": `event ${index}` }],
  );
}

function finite(value: Value): Value {
  if (typeof value === "number") return Number.isFinite(value) ? value : 4;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(finite);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, finite(each)]));
}

function asJson(view: FeatureViewSpec, row: OracleRow): unknown {
  return rowToJson(view.source.columns, row);
}

test("batch, materialised and streamed values are one, whatever happens on the way", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(pushed, async ({ scenario, happenings: way, start, keys, lag }) => {
      runs += 1;
      const root = join(folder, String(runs));
      const view = pushedView(scenario);
      const compiled = onlineView(view);
      await online.drop(compiled.namespace);
      await online.drop(`events of ${view.source.name}`);
      await online.drop("event log");
      const rows = pushable(scenario.rows);
      const log = fileEventLog(root, { fsync: false });
      const offline = await duckdb({ root, temporaryFolder: join(folder, "spill"), threads: 1, events: log });
      const clock = replayClock(start);
      let failing: Happening["kind"] | undefined;
      const mortal: JointOnlineStore = {
        ...online,
        async updateTogether(changes) {
          const how = failing;
          failing = undefined;
          if (how === "fails before") throw new Error("failed before");
          await online.updateTogether(changes);
          if (how === "fails after") throw new Error("failed after");
        },
      };
      let life = 0;
      let ticks: (() => Promise<void>)[] = [];
      const open = (): Promise<Intake> => {
        life += 1;
        ticks = [];
        const mark = `life ${life}`;
        return openIntake(
          {
            offline,
            online: mortal,
            events: log,
            clock,
            scheduler: {
              every: (_, action) => {
                ticks.push(action);
                return () => undefined;
              },
            },
            process: { mark, isAlive: (other) => other === mark },
          },
          [view.source],
          [view],
        );
      };
      try {
        let intake = await open();
        const sent = new Set<number>();
        for (const each of way) {
          if (each.kind === "push") {
            if (rows.length === 0) continue;
            const places = each.places.map((place) => place % rows.length);
            const events = places.map((place) => asJson(view, rows[place] as OracleRow));
            const known = new Set(sent);
            const fresh = new Set(places.filter((place) => !known.has(place)));
            const [outcome] = await intake.push([{ source: view.source.name, events }]);
            expect(outcome?.rejected).toEqual([]);
            expect(outcome?.accepted).toBe(fresh.size);
            expect(outcome?.duplicates).toBe(places.length - fresh.size);
            for (const place of places) sent.add(place);
            clock.advanceTo(clock.now() + each.wait);
          } else if (each.kind === "restart") {
            await intake.close();
            intake = await open().catch(open);
          } else if (each.kind === "dies") {
            // As after kill -9: what was in memory is gone, and the owner's mark stays.
            intake = await open().catch(open);
          } else if (each.kind === "tick") for (const tick of ticks) await tick();
          else if (each.kind === "settle") await intake.settle().catch(() => intake.settle());
          else failing = each.kind;
        }
        failing = undefined;
        clock.advanceTo(clock.now() + lag + 1_000n);
        await intake.settle().catch(async () => {
          for (const tick of ticks) await tick();
          await intake.settle();
        });
        const at = clock.now();
        await expectSame(offline, log, view, rows, sent, keys, at);
        await intake.close();
      } finally {
        await log.close();
        await offline.close();
      }
    }),
    options,
  );
});

async function expectSame(
  offline: OfflineEngine,
  _log: EventLog,
  view: FeatureViewSpec & { readonly source: PushSpec },
  rows: readonly OracleRow[],
  sent: ReadonlySet<number>,
  keys: readonly (readonly Value[])[],
  at: bigint,
): Promise<void> {
  const { dialect } = offline;
  await offline.check(view.source);
  const scanned: OracleRow[] = [];
  for await (const table of offline.stream(`SELECT * FROM ${dialect.scan(view.source)}`))
    for (let index = 0; index < table.rowCount; index += 1) scanned.push(rowAt(table, index));
  // Each event is there once, with the values it was sent with.
  const byId = new Map(scanned.map((row) => [row["event id"], row]));
  expect(scanned).toHaveLength(sent.size);
  for (const place of sent) {
    const row = rows[place] as OracleRow;
    const found = byId.get(row["event id"] ?? null);
    expect({ ...found, created: row["created"] === null ? null : found?.["created"] }).toEqual(row);
    if (row["created"] === null) expect(found?.["created"]).not.toBeNull();
  }
  const file = join(folder, `${runs}.parquet`);
  const { eventTime, createdAt, columns } = view.source;
  const copy: FeatureViewSpec = {
    ...view,
    name: `${view.name}_copy`,
    source: { kind: "source", format: "parquet", name: view.source.name, path: file, columns, eventTime, createdAt },
  };
  await writeRows(offline, copy.source, scanned, file);
  const [streamed, materialised] = [onlineView(view), onlineView(copy)];
  await online.drop(materialised.namespace);
  await materializeView({ offline, online }, materialised, at);
  // Rebuilt from the history, a key's state is the same to the last byte, whatever the order and the steps were in which its events came.
  expect(await statesOf(materialised)).toEqual(await statesOf(streamed));
  const asked = keys.map((key, index) => [BigInt(index), at, ...key]);
  const schema = [{ name: "n", type: "int64" as const }, { name: "asked_at", type: "int64" as const }, ...view.keys];
  const names = view.keys.map(({ name }) => `${dialect.identifier(name)} AS ${keyColumn(dialect, name)}`);
  const plan = pointInTimePlan(dialect, {
    rows: `SELECT n, asked_at AS t, ${names.join(", ")} FROM ${valuesSql(dialect, schema, asked)}`,
    views: [view],
  });
  const features = view.features.map(({ name }) => `${plan.feature(view.name, name)} AS ${name}`);
  const batch: Record<string, Value>[] = [];
  for await (const table of offline.stream(`${plan.with} SELECT ${features.join(", ")} ${plan.from} ${plan.orderBy}`))
    for (let index = 0; index < table.rowCount; index += 1) batch.push(rowAt(table, index));
  for (const [index, key] of keys.entries()) {
    const row = Object.fromEntries(view.keys.map(({ name }, place) => [name, key[place] ?? null]));
    const [one] = await readOnline(online, [streamed], row, at);
    const [other] = await readOnline(online, [materialised], row, at);
    const expected = oracle(view, scanned, { keys: key, t: at });
    view.features.forEach((feature, place) => {
      const wanted = expected[place] ?? null;
      const found = {
        batch: batch[index]?.[feature.name],
        materialised: other?.values[feature.name],
        streamed: one?.values[feature.name],
      };
      for (const [way, value] of Object.entries(found))
        if (!agrees(feature, value, wanted))
          expect.fail(`${way}: ${feature.name} of ${String(key)} is ${String(value)}, not ${String(wanted)}`);
    });
    // A first materialisation leaves out keys that are too old for any value.
    if (other?.status !== "missing") expect([one?.status, one?.age]).toEqual([other?.status, other?.age]);
  }
}

/** What the store keeps of every key. */
async function statesOf({ namespace }: OnlineView): Promise<Readonly<Record<string, string>>> {
  const states: Record<string, string> = {};
  // Bookkeeping comes first in a scan.
  for await (const { key, value } of online.scan(namespace))
    if (key[0] !== 0) states[Buffer.from(key).toString("hex")] = Buffer.from(value).toString("hex");
  return states;
}
