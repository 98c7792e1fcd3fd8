// One project over every format of source, brought online, spoiled in turn, and killed while it reads.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import Sqlite from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noPostgres, type PostgresServer, startPostgres } from "../../src/engines/postgres/server.fixture.ts";
import {
  csv,
  duckdbTable,
  entity,
  env,
  featureView,
  jsonLines,
  latest,
  parquet,
  postgresTable,
  project,
  SlipwayError,
  specOf,
  sqliteTable,
  t,
} from "../../src/index.ts";
import {
  applyDefinitions,
  materialize,
  openPlatform,
  type Platform,
  readFeatures,
} from "../../src/platform/platform.ts";
import { endOf, startScript } from "./child-process.fixture.ts";
import { worldOptions } from "./deliveries.fixture.ts";
import { stateOf } from "./state.fixture.ts";

const columns = { rider: t.int64(), value: t.float64().optional(), at: t.timestamp() };
const common = { columns, eventTime: "at" } as const;
const rider = entity("rider", { rider: t.int64() });
const sources = {
  parts: parquet("parts", { path: "data/parts/**/*.parquet", ...common }),
  sheet: csv("sheet", { path: "data/sheet.csv", ...common }),
  lines: jsonLines("lines", { path: "data/lines.jsonl", ...common }),
  duck: duckdbTable("duck", { path: "data/shop.duckdb", table: "rides", ...common }),
  lite: sqliteTable("lite", { path: "data/shop.db", table: "rides", ...common }),
  post: postgresTable("post", { url: env("RIDES_URL"), table: "rides", ...common }),
};
type Format = keyof typeof sources;
const formats = Object.keys(sources) as readonly Format[];
const views = Object.fromEntries(
  formats.map((format) => [
    format,
    featureView(`of_${format}`, {
      entity: rider,
      source: sources[format],
      features: { value: latest(sources[format].value) },
    }),
  ]),
);

describe.skipIf(noPostgres !== undefined)(
  `a project over every format of source (${noPostgres ?? "Postgres too"})`,
  () => {
    let root: string;
    let server: PostgresServer;
    let platform: Platform;

    const at = "2024-01-01 00:00:00+00";
    const rows = "SELECT range AS rider, range / 4 AS value, TIMESTAMPTZ '2024-01-01 00:00:00+00' AS at FROM range(5)";

    async function inDuckdb(file: string, sql: string): Promise<void> {
      const instance = await DuckDBInstance.create(file);
      const connection = await instance.connect();
      await connection.run(sql);
      connection.closeSync();
      instance.closeSync();
    }

    const file = (name: string): string => join(root, "data", name);
    const write: Readonly<Record<Format, () => Promise<unknown>>> = {
      async parts() {
        await rm(file("parts"), { recursive: true, force: true });
        await mkdir(file("parts/day=1"), { recursive: true });
        await mkdir(file("parts/day=2"), { recursive: true });
        for (const half of [0, 1])
          await inDuckdb(
            ":memory:",
            `COPY (SELECT * FROM (${rows}) WHERE rider % 2 = ${half}) TO '${file(`parts/day=${half + 1}/a.parquet`)}'`,
          );
      },
      sheet: () =>
        writeFile(file("sheet.csv"), `rider,value,at\n${[0, 1, 2, 3, 4].map((n) => `${n},${n / 4},${at}\n`).join("")}`),
      lines: () =>
        writeFile(
          file("lines.jsonl"),
          [0, 1, 2, 3, 4].map((rider) => JSON.stringify({ rider, value: rider / 4, at })).join("\n"),
        ),
      async duck() {
        await rm(file("shop.duckdb"), { force: true });
        await inDuckdb(file("shop.duckdb"), `CREATE TABLE rides AS ${rows}`);
      },
      async lite() {
        await rm(file("shop.db"), { force: true });
        const database = new Sqlite(file("shop.db"));
        const cells = [0, 1, 2, 3, 4].map((n) => `(${n}, ${n / 4}e0, '${at}')`);
        database.exec(`CREATE TABLE rides (rider, value, at); INSERT INTO rides VALUES ${cells.join(", ")}`);
        database.close();
      },
      post: () =>
        server.run(
          `DROP TABLE IF EXISTS rides; CREATE TABLE rides AS SELECT n::bigint AS rider, n / 4.0::float8 AS value, '${at}'::timestamptz AS at FROM generate_series(0, 4) n`,
        ),
    };

    const options = (): Parameters<typeof openPlatform>[0] => ({
      ...worldOptions(root, {
        config: project({ name: "rides", definitions: { ...sources, ...views } }),
        at: 1_735_689_600_000_000n,
      }),
      env: { ...process.env, RIDES_URL: server.url() },
    });

    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), "slipway-sources-"));
      await mkdir(file(""), { recursive: true });
      server = await startPostgres();
      for (const format of formats) await write[format]();
      platform = await openPlatform(options());
      await applyDefinitions(platform);
    });
    afterAll(async () => {
      await platform?.close();
      server?.remove();
      await rm(root, { recursive: true, force: true });
    });

    test("brings the same values online from each", async () => {
      const done = await materialize(platform);
      expect(done.map(({ rows: count }) => count)).toEqual(formats.map(() => 5));
      for (const format of formats)
        for (const n of [0, 3]) {
          const read = await readFeatures(platform, views[format] as never, { rider: BigInt(n) } as never);
          expect((read as unknown as { values: object }).values, format).toEqual({ value: n / 4 });
        }
    });

    test.each<readonly [Format, string, () => Promise<unknown>, string, RegExp]>([
      [
        "parts",
        "a part of another type",
        () =>
          inDuckdb(
            ":memory:",
            `COPY (SELECT 1::VARCHAR AS rider, 1.0 AS value, now() AS at) TO '${file("parts/day=2/b.parquet")}'`,
          ),
        "SOURCE_SCHEMA_MISMATCH",
        /day=2\/b\.parquet has column "rider" as VARCHAR/,
      ],
      [
        "parts",
        "a part that is half written",
        async () =>
          writeFile(file("parts/day=1/b.parquet"), (await readFile(file("parts/day=1/a.parquet"))).subarray(0, 200)),
        "SOURCE_UNREADABLE",
        /day=1\/b\.parquet is not a whole Parquet file/,
      ],
      [
        "sheet",
        "a row that is short",
        () => writeFile(file("sheet.csv"), `rider,value,at\n1,2,${at}\n3\n`),
        "SOURCE_UNREADABLE",
        /sheet\.csv has 1 cells in line 3/,
      ],
      [
        "sheet",
        "a renamed column",
        () => writeFile(file("sheet.csv"), `rider_id,value,at\n1,2,${at}\n`),
        "SOURCE_SCHEMA_MISMATCH",
        /no column "rider".*Did you mean "rider_id"\?/,
      ],
      [
        "sheet",
        "a cell of another type",
        () => writeFile(file("sheet.csv"), `rider,value,at\n1,dear,${at}\n`),
        "SOURCE_SCHEMA_MISMATCH",
        /row 1 of .*sheet\.csv has "dear" in column "value"/,
      ],
      [
        "lines",
        "a line cut short",
        () => writeFile(file("lines.jsonl"), '{"rider":1,"at":"2024-01-01T00:00:00Z"}\n{"rider":'),
        "SOURCE_UNREADABLE",
        /lines\.jsonl is not JSON in line 2/,
      ],
      [
        "lines",
        "a time without a zone",
        () => writeFile(file("lines.jsonl"), '{"rider":1,"at":"2024-01-01T00:00:00"}\n'),
        "SOURCE_SCHEMA_MISMATCH",
        /says no zone/,
      ],
      [
        "duck",
        "a table that is gone",
        () => inDuckdb(file("shop.duckdb"), "DROP TABLE rides; CREATE TABLE riders (a INT)"),
        "SOURCE_NOT_FOUND",
        /no table "rides".*Did you mean "riders"\?/,
      ],
      [
        "duck",
        "a file that is gone",
        () => rm(file("shop.duckdb")),
        "SOURCE_NOT_FOUND",
        /finds no file at .*shop\.duckdb/,
      ],
      [
        "lite",
        "a file that is no database",
        () => writeFile(file("shop.db"), "none of it ".repeat(100)),
        "SOURCE_UNREADABLE",
        /shop\.db is not a whole SQLite database/,
      ],
      [
        "post",
        "a column that is gone",
        () => server.run("ALTER TABLE rides DROP COLUMN value"),
        "SOURCE_SCHEMA_MISMATCH",
        /table rides has no column "value"/,
      ],
      [
        "post",
        "a table that is gone",
        () => server.run("DROP TABLE rides"),
        "SOURCE_NOT_FOUND",
        /finds no table "rides"/,
      ],
      ["post", "a server that is down", async () => server.stop(), "SOURCE_UNAVAILABLE", /cannot be reached/],
    ])(
      "of %s, %s is refused, changes nothing, and is forgotten when put right",
      async (format, what, spoil, code, message) => {
        const before = await stateOf(platform);
        await spoil();
        try {
          const refused = await materialize(platform).catch((thrown: unknown) => thrown);
          expect(refused).toBeInstanceOf(SlipwayError);
          expect(refused).toMatchObject({ code, message: expect.stringMatching(message) });
          expect(await stateOf(platform)).toEqual(before);
        } finally {
          if (what.startsWith("a server")) server.start();
          await write[format]();
        }
        await materialize(platform);
      },
    );

    test("a process that is killed while it reads a table leaves nothing half staged", async () => {
      await server.run(
        `DROP TABLE rides; CREATE TABLE rides AS SELECT n::bigint AS rider, n::float8 AS value, '${at}'::timestamptz AS at FROM generate_series(1, 200000) n`,
      );
      const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
      const script = `
      import { duckdb } from ${url("../../src/engines/duckdb/duckdb.ts")};
      import { postgresReader } from ${url("../../src/engines/postgres/postgres.ts")};
      const engine = await duckdb({ root: ${JSON.stringify(root)}, temporaryFolder: ${JSON.stringify(join(root, "killed"))}, readers: [postgresReader({ RIDES_URL: ${JSON.stringify(server.url())} })] });
      console.log("reading");
      await engine.check(${JSON.stringify(specOf(sources.post))});
      console.log("staged");
    `;
      let killed = 0;
      for (const delay of [30, 150, 400, 800]) {
        const child = startScript(script);
        const ended = await endOf(child, (line) => {
          if (line === "reading") setTimeout(() => child.kill("SIGKILL"), delay);
        });
        if (ended.signal === "SIGKILL") killed += 1;
      }
      const whole = await endOf(startScript(script));
      expect(whole.complaints).toBe("");
      expect(whole.lines).toEqual(["reading", "staged"]);
      expect(killed).toBeGreaterThan(0);
      const [folder = ""] = await readdir(join(root, "killed", "sources"));
      const current = JSON.parse(await readFile(join(root, "killed", "sources", folder, "current.json"), "utf8")) as {
        parts: string[];
      };
      const instance = await DuckDBInstance.create(":memory:");
      const connection = await instance.connect();
      const counted = await connection.runAndReadAll(
        `SELECT count(*), count(DISTINCT rider) FROM read_parquet([${current.parts.map((part) => `'${join(root, "killed", "sources", folder, part)}'`).join(", ")}])`,
      );
      expect(counted.getRows()).toEqual([[200_000n, 200_000n]]);
      connection.closeSync();
      instance.closeSync();
    });
  },
);
