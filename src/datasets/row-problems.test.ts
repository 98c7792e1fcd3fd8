// What no row may have beside its label, planted in one row of each part in turn, and refused before anything is fitted or judged on it.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { days } from "../core/core.ts";
import { byTime, concordance, model, ndcg, parquet, ranking, specOf, survival, t, xgboost } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { cutDataset, type Dataset, ensureSnapshot } from "./datasets.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-problems-"));
let offline: Awaited<ReturnType<typeof duckdb>>;
beforeAll(async () => {
  mkdirSync(join(folder, "tmp"));
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "tmp"), threads: 1 });
});
afterAll(async () => {
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

const stays = parquet("stays", {
  path: "stays.parquet",
  columns: {
    ...{ key: t.string(), at: t.timestamp(), x: t.float64(), grade: t.int32(), lasted: t.float64() },
    ...{ team: t.string().optional(), level: t.float64().optional(), ended: t.float64().optional() },
  },
  id: "key",
  eventTime: "at",
});
const common = {
  rows: stays,
  features: [],
  request: { x: t.float64() },
  split: byTime({ validate: days(1), test: days(1) }),
} as const;
const ranked = { ...common, label: stays.grade, trainer: xgboost({ task: ranking() }), metrics: [ndcg()] } as const;
const byTeam = specOf(model("by_team", { ...ranked, group: stays.team }));
const byLevel = specOf(model("by_level", { ...ranked, group: stays.level }));
const howLong = specOf(
  model("how_long", {
    ...common,
    label: stays.lasted,
    upperBound: stays.ended,
    trainer: xgboost({ task: survival() }),
    metrics: [concordance()],
  }),
);

/** A hundred stays, an hour apart, each third of which goes on; in row `place` other values stand. */
async function cut(spec: typeof byTeam, place: number, changes: Readonly<Record<string, string>>): Promise<Dataset> {
  const usual = {
    ...{ team: "'t' || (i % 5)", level: "(i % 5)::DOUBLE" },
    ended: "(CASE WHEN i % 3 > 0 THEN 1.5 + i % 7 END)::DOUBLE",
  };
  const columns = Object.entries(usual).map(
    ([name, sql]) => `CASE WHEN i = ${place} THEN ${changes[name] ?? sql} ELSE ${sql} END AS ${name}`,
  );
  await offline.writeParquet(
    `SELECT 'r' || i AS key, TIMESTAMP '2025-01-01' + to_hours(i::INTEGER) AS at, i::DOUBLE AS x, (i % 3)::INTEGER AS grade, (1.5 + i % 7)::DOUBLE AS lasted, ${columns.join(", ")} FROM range(100) r(i)`,
    join(folder, "stays.parquet"),
  );
  const engines = {
    ...{ offline, root: folder, temporaryFolder: join(folder, "tmp") },
    blobs: fileBlobs(mkdtempSync(join(folder, "blobs-"))),
  };
  const snapshot = await ensureSnapshot(engines, spec);
  return cutDataset(engines, snapshot, {
    validateFrom: snapshot.newest - days(2),
    testFrom: snapshot.newest - days(1),
  });
}

test("rows that lack nothing are cut, and a stay that goes on needs no bound", async () => {
  for (const spec of [byTeam, byLevel, howLong])
    expect((await cut(spec, 10, {})).parts).toMatchObject({ train: { rows: 51 }, test: { rows: 25 } });
});

test.each([
  ["train", 10, 51],
  ["validate", 60, 24],
  ["test", 90, 25],
] as const)(
  "a row to %s on without a group, or with a bound below its label, is refused",
  async (part, place, rows) => {
    const refused = (text: string) =>
      expect.objectContaining({ code: "LABEL_INVALID", message: expect.stringContaining(text) });
    const nowhere = `1 of the ${rows} groups to ${part} on are null or NaN`;
    await expect(cut(byTeam, place, { team: "NULL" })).rejects.toEqual(refused(nowhere));
    await expect(cut(byLevel, place, { level: "NULL" })).rejects.toEqual(refused(nowhere));
    await expect(cut(byLevel, place, { level: "'nan'::DOUBLE" })).rejects.toEqual(refused(nowhere));
    const early = `1 of the ${rows} upper bounds to ${part} on are NaN or below the row's label`;
    await expect(cut(howLong, place, { ended: "1.4::DOUBLE" })).rejects.toEqual(refused(early));
    await expect(cut(howLong, place, { ended: "'nan'::DOUBLE" })).rejects.toEqual(refused(early));
    await expect(cut(howLong, place, { ended: "'infinity'::DOUBLE" })).resolves.toMatchObject({ parts: {} });
  },
);
