// Splits by shares over real rows: what decides where a row goes, and that nothing else does.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { columnOf, parseInstant, valueAt } from "../core/core.ts";
import {
  auc,
  byGroup,
  logLoss,
  model,
  multiclass,
  parquet,
  random,
  type SplitSpec,
  specOf,
  stratified,
  t,
  xgboost,
} from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { boundsFrom, cutDataset, ensureSnapshot, ownBounds, type SplitPart, streamPart } from "./datasets.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-shares-"));
let offline: Awaited<ReturnType<typeof duckdb>>;
beforeAll(async () => {
  mkdirSync(join(folder, "tmp"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "tmp"), threads: 1 });
});
afterAll(async () => {
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

const PARTS: readonly SplitPart[] = ["train", "validate", "test"];
const shares = { validate: 0.2, test: 0.3 };

/** Which part each row is in, with its group and its class; rows beyond the first 3,000 may be there too, and rows in another order. */
async function dividedBy(
  split: (rides: { patient: never; clinic: never }) => SplitSpec,
  {
    rows = 3000,
    order = "i",
    until,
  }: { readonly rows?: number; readonly order?: string; readonly until?: string } = {},
) {
  const path = `${rows}-${order.replace(/\W/g, "")}.parquet`;
  await offline.writeParquet(
    `SELECT 'v' || i AS key, TIMESTAMP '2025-01-01' + to_hours(i::INTEGER) AS at, i % 7 AS x, CASE WHEN i % 10 > 0 THEN 'p' || (hash(i) % 400) END AS patient, i % 40 = 0 AS ill, CASE WHEN i % 50 = 0 THEN 'rare' WHEN i % 3 = 0 THEN 'some' ELSE 'most' END AS clinic FROM range(${rows}) r(i) ORDER BY ${order}`,
    join(folder, path),
  );
  const visits = parquet("visits", {
    path,
    columns: {
      ...{ key: t.string(), at: t.timestamp(), x: t.int64(), patient: t.string().optional() },
      ...{ ill: t.bool(), clinic: t.string() },
    },
    id: "key",
    eventTime: "at",
  });
  const spec = specOf(
    model("visit", {
      rows: visits,
      features: [],
      request: { x: t.int64() },
      label: visits.ill,
      trainer: xgboost(),
      split: split(visits as never),
      metrics: [auc()],
    }),
  );
  const engines = {
    offline,
    blobs: fileBlobs(join(folder, "blobs")),
    root: folder,
    temporaryFolder: join(folder, "tmp"),
  };
  const snapshot = await ensureSnapshot(engines, spec);
  const bounds = await ownBounds(engines, snapshot, until === undefined ? undefined : parseInstant(until));
  const dataset = await cutDataset(engines, snapshot, bounds);
  const partOf = new Map<string, SplitPart>();
  for (const part of PARTS)
    for await (const table of streamPart(engines, dataset, part, ["key"]))
      for (let row = 0; row < table.rowCount; row += 1) {
        const key = String(valueAt(columnOf(table, "key"), row));
        expect(partOf.has(key)).toBe(false);
        partOf.set(key, part);
      }
  const facts = new Map<string, { patient: string | null; ill: string; clinic: string }>();
  for await (const table of offline.stream(`SELECT key, patient, ill, clinic FROM '${join(folder, path)}'`))
    for (let row = 0; row < table.rowCount; row += 1) {
      const [key, patient, ill, clinic] = table.columns.map((column) => valueAt(column, row));
      facts.set(String(key), { patient: patient as string | null, ill: String(ill), clinic: String(clinic) });
    }
  return { partOf, facts, bounds, dataset };
}

const share = (partOf: ReadonlyMap<string, SplitPart>, part: SplitPart): number =>
  [...partOf.values()].filter((each) => each === part).length / partOf.size;

test("rows by chance: about the shares, each row in one part, wherever it stands and whatever rows come later", async () => {
  const first = await dividedBy(() => random(shares));
  expect(first.partOf.size).toBe(3000);
  expect(share(first.partOf, "validate")).toBeCloseTo(0.2, 1);
  expect(share(first.partOf, "test")).toBeCloseTo(0.3, 1);
  const turned = await dividedBy(() => random(shares), { order: "hash(i)" });
  expect(turned.partOf).toEqual(first.partOf);
  const more = await dividedBy(() => random(shares), { rows: 4000 });
  for (const [key, part] of first.partOf) expect(more.partOf.get(key)).toBe(part);
  const other = await dividedBy(() => random({ ...shares, seed: 1 }));
  const same = [...first.partOf].filter(([key, part]) => other.partOf.get(key) === part).length;
  // By chance 0.5² + 0.2² + 0.3² of the rows meet again.
  expect(same / 3000).toBeCloseTo(0.38, 1);
});

test("a group is in one part as a whole, and a row without one goes alone", async () => {
  const { partOf, facts } = await dividedBy(({ patient }) => byGroup(patient, shares));
  expect(partOf.size).toBe(3000);
  const parts = new Map<string, Set<string>>();
  const alone = new Set<string>();
  for (const [key, part] of partOf) {
    const { patient } = facts.get(key) ?? { patient: "" };
    if (patient === null) alone.add(part);
    else parts.set(patient, (parts.get(patient) ?? new Set()).add(part));
  }
  expect(parts.size).toBeGreaterThan(300);
  for (const found of parts.values()) expect(found.size).toBe(1);
  expect(alone.size).toBe(3);
  expect(share(partOf, "test")).toBeCloseTo(0.3, 1);
});

test.each([
  ["of every label", undefined, "ill"],
  ["of every value of an expression", "clinic", "clinic"],
] as const)("the same share %s in every part, to the row", async (_, by, of) => {
  const { partOf, facts } = await dividedBy((visits) =>
    stratified({ ...shares, ...(by === undefined ? {} : { by: visits[by] }) }),
  );
  const counts = new Map<string, Record<SplitPart, number>>();
  for (const [key, part] of partOf) {
    const value = facts.get(key)?.[of] ?? "";
    const own = counts.get(value) ?? { train: 0, validate: 0, test: 0 };
    own[part] += 1;
    counts.set(value, own);
  }
  for (const { train, validate, test: tested } of counts.values()) {
    const rows = train + validate + tested;
    expect(tested).toBe(Math.round(rows * 0.3));
    expect(tested + validate).toBe(Math.round(rows * 0.5));
  }
});

test("bounds come back from a record as they went in, and what is no border is no bound", async () => {
  const { bounds } = await dividedBy(() => stratified(shares), { until: "2025-03-01" });
  const recorded = JSON.parse(
    JSON.stringify(bounds, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
  ) as Record<string, unknown>;
  expect(boundsFrom(recorded, "0123")).toEqual(bounds);
  const bad = { ...recorded, borders: [{ of: "true", test: "' OR true --", validate: "g" }] };
  expect(() => boundsFrom(bad, "0123")).toThrow("without the bounds");
});

test("with a time, rows and labels from then on are in no part", async () => {
  const { partOf } = await dividedBy(() => random(shares), { until: "2025-01-11" });
  expect(partOf.size).toBe(240);
});

test("shares that leave nothing to learn from, and splits that tear what belongs together, are refused", () => {
  expect(() => random({ validate: 0.5, test: 0.5 })).toThrow("leave no rows to learn from");
  expect(() => random({ validate: 0, test: 0.5 })).toThrow("above 0");
  expect(() => random({ validate: 0.1, test: 0.1, seed: -1 })).toThrow("seed -1");
  const rides = parquet("rides", {
    path: "rides.parquet",
    columns: { key: t.string(), at: t.timestamp(), km: t.float64(), stars: t.int32(), class: t.string() },
    id: "key",
    eventTime: "at",
  });
  const common = { rows: rides, features: [], request: { km: t.float64() }, metrics: [] } as const;
  expect(() => model("m", { ...common, label: rides.km, trainer: xgboost(), split: stratified(shares) })).toThrow(
    "needs classes",
  );
  const classes = { ...common, label: rides.class, trainer: xgboost({ task: multiclass() }), metrics: [logLoss()] };
  expect(specOf(model("m", { ...classes, split: stratified(shares) })).split).toMatchObject({ kind: "stratified" });
});
