// Holds the prepared files against the published facts of the data: counts, unique keys, time zones, sizes of the splits.
// The arrival times have a proof of their own: with the right zone, gate-to-gate time less air time is 5 to 235 minutes.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PreparedFlights, prepareFlights } from "./prepare.ts";
import { archiveName } from "./source-files.ts";
import { quoted } from "./tables.ts";

const cacheDir =
  process.env["SLIPWAY_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "slipway");
const csvDir = join(cacheDir, archiveName);
const fetched = existsSync(csvDir);
const reason = fetched ? "" : ` (skipped: no ${csvDir}; fetch the flights data first)`;

describe.skipIf(!fetched)(`prepareFlights${reason}`, () => {
  let outDir: string;
  let prepared: PreparedFlights;
  let connection: DuckDBConnection;

  const prepare = (folder: string, until?: string): Promise<PreparedFlights> =>
    prepareFlights({
      csvDir,
      outDir: join(outDir, folder),
      onNote: () => {},
      ...(until === undefined ? {} : { until }),
    });

  const one = async (sql: string): Promise<readonly unknown[]> =>
    (await connection.runAndReadAll(sql)).getRowsJS()[0] ?? [];

  const count = async (sql: string): Promise<number> => Number((await one(`SELECT count(*) FROM ${sql}`))[0]);

  beforeAll(async () => {
    outDir = await mkdtemp(join(tmpdir(), "slipway-flights-"));
    prepared = await prepare("year");
    connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
    for (const [name, file] of Object.entries(prepared.files))
      await connection.run(`CREATE VIEW ${name} AS FROM read_parquet(${quoted(file)})`);
    const csv = quoted(join(csvDir, "flights.csv"));
    await connection.run(`CREATE VIEW published AS SELECT *,
        concat_ws('-', carrier, flight, origin, strftime(make_date(year, month, day), '%Y-%m-%d')) AS key
      FROM read_csv(${csv}, nullstr = 'NA', types = {'time_hour': 'TIMESTAMP'})`);
  });

  afterAll(async () => {
    await rm(outDir, { recursive: true, force: true });
  });

  it("writes every row that was published", () => {
    expect(prepared.rows).toEqual({
      scheduled_flights: 336_776,
      departures: 328_521,
      arrivals: 327_346,
      weather: 26_115,
      planes: 3_322,
    });
  });

  it("gives every flight a key of its own, also where one number flies twice a day", async () => {
    expect(await count("(SELECT key FROM scheduled_flights GROUP BY key)")).toBe(336_776);
    const twice = "(SELECT 1 FROM published GROUP BY carrier, flight, year, month, day HAVING count(*) > 1)";
    expect(await count(twice)).toBe(24);
    expect(await count("scheduled_flights WHERE key IS NULL OR t IS NULL OR sched_elapsed_min IS NULL")).toBe(0);
  });

  it("keeps the published order", async () => {
    const sides = "scheduled_flights POSITIONAL JOIN (SELECT key AS published_key FROM published)";
    expect(await count(`${sides} WHERE key <> published_key`)).toBe(0);
  });

  it("counts cancelled and diverted flights, and null aircraft only among the cancelled", async () => {
    expect(await count("scheduled_flights ANTI JOIN departures USING (key)")).toBe(8_255);
    expect(await count("departures ANTI JOIN arrivals USING (key)")).toBe(1_175);
    expect(await count("scheduled_flights WHERE tailnum IS NULL")).toBe(2_512);
    expect(await count("departures WHERE tailnum IS NULL")).toBe(0);
  });

  it("lands every flight 5 to 235 minutes of taxiing after it left, in every zone and across the clock changes", async () => {
    const taxi = `SELECT date_diff('minute', departed_at, arrived_at) - air_time AS minutes, departed_at
      FROM departures JOIN arrivals USING (key) JOIN published USING (key)`;
    expect(await one(`SELECT min(minutes), max(minutes), count(*)::INTEGER FROM (${taxi})`)).toEqual([
      5n,
      235n,
      327_346,
    ]);
    for (const night of ["2013-03-10", "2013-11-03"]) {
      const around = `abs(date_diff('hour', departed_at, TIMESTAMP '${night} 06:00:00')) < 24`;
      expect(await count(`(${taxi}) WHERE ${around}`)).toBeGreaterThan(1000);
    }
  });

  it("has the splits of the example", async () => {
    const september = "TIMESTAMP '2013-09-01'";
    const october = "TIMESTAMP '2013-10-01'";
    const rows = "scheduled_flights JOIN arrivals USING (key)";
    expect(await count(`${rows} WHERE t < ${september} AND arrived_at < ${september}`)).toBe(217_559);
    expect(await count(`${rows} WHERE t < ${september} AND arrived_at >= ${september}`)).toBe(138);
    expect(await count(`${rows} WHERE t >= ${september} AND t < ${october}`)).toBe(27_005);
    expect(await count(`${rows} WHERE t >= ${october}`)).toBe(82_644);
  });

  it("knows weather an hour after the hour that it is filed under, and keeps each row once", async () => {
    expect(await count("weather WHERE known_at <> observed_at + INTERVAL 1 HOUR")).toBe(0);
    expect(await count("(SELECT origin, observed_at FROM weather GROUP BY ALL)")).toBe(26_115);
    expect(await count("weather WHERE pressure IS NULL")).toBe(2_729);
    expect(await count("weather WHERE wind_gust IS NULL")).toBe(20_778);
    expect(await count("planes WHERE year IS NULL")).toBe(70);
  });

  it("orders events by time, then key", async () => {
    for (const [stream, time] of [
      ["departures", "departed_at"],
      ["arrivals", "arrived_at"],
    ] as const) {
      const sorted = `(FROM ${stream} ORDER BY ${time}, key)`;
      const sides = `(SELECT key FROM ${stream}) a POSITIONAL JOIN (SELECT key AS other FROM ${sorted}) b`;
      expect(await count(`${sides} WHERE key <> other`)).toBe(0);
    }
  });

  it("writes the same bytes again, and nothing but its files", async () => {
    const again = await prepare("again");
    const hash = async (file: string): Promise<string> =>
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex");
    for (const [name, file] of Object.entries(prepared.files))
      expect(await hash(join(outDir, "again", `${name}.parquet`)), name).toBe(await hash(file));
    expect((await readdir(join(outDir, "again"))).toSorted()).toEqual(
      Object.keys(again.files)
        .map((name) => `${name}.parquet`)
        .toSorted(),
    );
  });

  it("keeps only what was known before `until`", async () => {
    const sample = await prepare("sample", "2013-02-01T05:00:00Z");
    for (const [name, time] of [
      ["scheduled_flights", "t"],
      ["departures", "departed_at"],
      ["arrivals", "arrived_at"],
      ["weather", "known_at"],
    ] as const) {
      const early = `FROM ${name} WHERE ${time} < TIMESTAMP '2013-02-01 05:00:00'`;
      const kept = `FROM read_parquet(${quoted(sample.files[name])})`;
      expect(sample.rows[name]).toBe(await count(`(${early})`));
      expect(await count(`(${early} EXCEPT ALL ${kept})`), name).toBe(0);
    }
    expect(sample.rows.planes).toBe(3_322);
  });

  it("names the missing file, and the time that it cannot read", async () => {
    const nowhere = { csvDir: join(outDir, "none"), outDir: join(outDir, "out"), onNote: () => {} };
    await expect(prepareFlights(nowhere)).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    await expect(prepare("out", "tomorrow")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});
