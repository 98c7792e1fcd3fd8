// `slipway import feast` on a small repository with real Parquet files: what is written type-checks, runs, and reads what the files hold; what is
// not carried over is named; and nothing of the repository is run.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/program.ts";
import { writeFeastRepo } from "../../src/importing/feast-repo.fixture.ts";

const repository = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "slipway-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function slipway(
  cwd: string,
  ...words: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  const sink = (name: keyof typeof said) => ({
    write(text: string): void {
      said[name] += text;
    },
  });
  const env = { PATH: process.env["PATH"] };
  const code = await main(words, { stdout: sink("stdout"), stderr: sink("stderr"), env, cwd });
  return { code, ...said };
}

beforeAll(async () => {
  const repo = join(folder, "repo");
  writeFeastRepo(repo);
  mkdirSync(join(repo, "data"));
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT 1::BIGINT AS driver_id, TIMESTAMPTZ '2025-01-01 10:00:00Z' AS happened, TIMESTAMPTZ '2025-01-09 00:00:00Z' - to_hours(range) AS created,
      (1 + range)::FLOAT AS fare_usd, (3 + range)::INTEGER AS seats, NULL::DOUBLE AS "Rating", ['a', 'b'] AS labels, MAP {'k': 'v'} AS extra
      FROM range(2)) TO '${join(repo, "data/trips.parquet")}' (FORMAT parquet)`,
  );
  await connection.run(
    `COPY (SELECT 'A' AS from_zone, 'B' AS to_zone, TIMESTAMP '2025-01-01' AS at, 7::DOUBLE AS minutes, true AS busy)
      TO '${join(repo, "data/zones.parquet")}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
});

interface ImportDocument {
  readonly project: string;
  readonly carried: Readonly<Record<string, readonly string[]>>;
  readonly notCarried: readonly { readonly what: string; readonly where: string; readonly why: string }[];
}

describe("slipway import feast", () => {
  it("writes definitions, and names what it could not carry over and why", async () => {
    const { code, stdout } = await slipway(folder, "import", "feast", "repo", "--out", "out", "--json");
    expect(code).toBe(0);
    const { project, carried, notCarried } = JSON.parse(stdout) as ImportDocument;
    expect(project).toBe("rides");
    expect(carried).toEqual({
      entities: ["driver", "pickup_dropoff"],
      sources: ["trip_stats", "zones", "trip_stats2", "absent_rows"],
      views: ["driver_stats", "zone_stats", "pushed", "absent"],
      onDemand: ["trip_ratios"],
      services: ["model_v1"],
    });
    const notes = notCarried.map(({ what, where, why }) => `${what} (${where}): ${why}`);
    for (const expected of [
      /^file "broken.py" \(broken.py:\d+\): holds something here that is not Python/,
      /^feature "driver_stats:extra" \(features.py:\d+\): its column is MAP\(VARCHAR, VARCHAR\) in the file/,
      /^feature "driver_stats:gone" .*: its file has no column "gone"/,
      /^feature "driver_stats:Rating" .*: is called "rating" here/,
      /^feature view "ZoneStats" .*: is called "zone_stats" here/,
      /^push source "trip_push" .*: rows that are pushed are not carried over/,
      /^source "absent_rows" .*: nowhere.parquet is not there/,
      /^feature "absent:m" .*: its type Map has no counterpart/,
      /^feature view "warehouse" .*: its source is a BigQuerySource/,
      /^feature view "remote" .*: its source s3:\/\/bucket\/rows.parquet is not a local file/,
      /^feature view "nobody" .*: it has no entity/,
      /^feature view "computed" .*: its source's path is computed/,
      /^LabelView "labels_of_drivers" .*: Slipway has nothing like a LabelView/,
      /^on-demand feature view "trip_ratios", "odd" .*: np.where\(far, 1, 0\) \(line \d+\) is not a plain expression/,
      /^on-demand feature view "trip_ratios", "clipped" .*: inputs\["fare"\].clip\(0, 1\)/,
      /^on-demand feature view "trip_ratios", "wrong" .*: it is declared as String, but its expression gives int64/,
      /^on-demand feature view "looping", "loop" .*: line \d+ is more than an assignment/,
      /^on-demand feature view "in_python" .*: works in mode "python"/,
      /^feature view "streamed" .*: is a stream_feature_view/,
      /^feature service "model_v1" .*: its on-demand features are in tripRatiosDerived/,
      /^feature service "model_v1" .*: warehouse was not carried over/,
    ])
      expect(
        notes.filter((note) => expected.test(note)),
        String(expected),
      ).toHaveLength(1);
    const text = readFileSync(join(folder, "out/definitions.ts"), "utf8");
    for (const note of notes) expect(text).toContain(note.replace(/\s+/g, " "));
    expect(text).not.toContain("hidden");
  });

  it("runs nothing of the repository", () => {
    expect(
      existsSync(join(folder, "repo/EXECUTED")) || existsSync(join(folder, "EXECUTED")) || existsSync("EXECUTED"),
    ).toBe(false);
  });

  it("writes what the definitions mean", () => {
    const text = readFileSync(join(folder, "out/definitions.ts"), "utf8");
    for (const line of [
      'export const driver = entity("driver", { driver_id: t.int64() }, {',
      '  owner: "rides@example.com",',
      '  path: "../repo/data/trips.parquet",',
      "    created: t.timestamp().optional(),",
      "    fare_usd: t.float32().optional(),",
      "    seats: t.int64().optional(),",
      "    labels: t.list(t.string()).optional(),",
      "  ttl: minutes(10110),",
      '    fare: described(latest(tripStatsSource.fare_usd), { description: "In dollars", tags: { unit: "usd" } }),',
      "    rating: latest(tripStatsSource.Rating),",
      'export const pickupDropoff = entity("pickup_dropoff", { from_zone: t.string(), to_zone: t.string() });',
      "  fare_per_km: ({ request }: TripRatiosDerivedScope) => driverStats.features.fare.dividedBy(request.distance.plus(1)),",
      "  wet_and_far: ({ request }: TripRatiosDerivedScope) => request.distance.gt(8.5).and(request.rain.eq(1)),",
      "  twice: ({ request }: TripRatiosDerivedScope) => driverStats.features.fare.dividedBy(request.distance.plus(1)).times(2),",
      '  less: () => literal(10, "int64").minus(driverStats.features.seats),',
      "  half: () => driverStats.features.seats.toFloat64().times(0.5),",
      "export const modelV1Features = [driverStats.features.fare, zoneStats] as const;",
    ])
      expect(text.split("\n")).toContain(line);
    expect(text).not.toMatch(/refused|ttl: \w+\(0\)/);
  });

  it("type-checks, applies and reads what the files hold, ties broken as Feast does", async () => {
    const out = join(folder, "out");
    mkdirSync(join(out, "node_modules"));
    symlinkSync(repository, join(out, "node_modules/slipway"));
    const compilerOptions = {
      module: "nodenext",
      target: "es2023",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
      allowImportingTsExtensions: true,
    };
    const paths = { slipway: [join(repository, "src/index.ts")] };
    writeFileSync(join(out, "package.json"), '{ "type": "module" }');
    writeFileSync(
      join(out, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { ...compilerOptions, paths }, files: ["slipway.config.ts"] }),
    );
    const checked = spawnSync(join(repository, "node_modules/.bin/tsc"), ["-p", out], { encoding: "utf8" });
    expect(
      checked.stdout
        .split("\n")
        .filter((line) => line.includes("definitions.ts") || line.includes("slipway.config.ts")),
    ).toEqual([]);
    const trimmed = readFileSync(join(out, "definitions.ts"), "utf8").replace(
      /export const absent\w* = [\s\S]*?\n\}\);\n/g,
      "",
    );
    writeFileSync(join(out, "definitions.ts"), trimmed);
    for (const words of [["apply"], ["features", "materialize", "--to", "2025-01-02"]]) {
      const ended = await slipway(out, ...words);
      expect(ended.code, ended.stderr).toBe(0);
    }
    const words = [
      "features",
      "read",
      "driver_stats",
      "zone_stats",
      "driver_id=1",
      "from_zone=A",
      "to_zone=B",
      "--at",
      "2025-01-02",
      "--json",
    ];
    const { code, stdout, stderr } = await slipway(out, ...words);
    expect(code, stderr).toBe(0);
    const [driver, zone] = (JSON.parse(stdout) as { reads: Record<string, unknown>[] }).reads;
    // Both rows have one event time; the one that was created last wins.
    expect(driver).toMatchObject({
      status: "present",
      values: { fare: 1, seats: 3, rating: null, labels: ["a", "b"] },
    });
    expect(zone).toMatchObject({ status: "present", values: { minutes: 7, busy: true } });
  });

  it("writes over nothing without --force", async () => {
    const before = readFileSync(join(folder, "out/definitions.ts"), "utf8");
    const refused = await slipway(folder, "import", "feast", "repo", "--out", "out");
    expect(refused.code).toBe(65);
    expect(refused.stderr).toMatch(/already has definitions.ts, slipway.config.ts.*--force/);
    expect(readFileSync(join(folder, "out/definitions.ts"), "utf8")).toBe(before);
    expect((await slipway(folder, "import", "feast", "repo", "--out", "out", "--force")).code).toBe(0);
    expect(readFileSync(join(folder, "out/definitions.ts"), "utf8")).not.toBe(before);
  });

  it.each([
    ["nowhere", /nowhere has no feature_store.yaml, so it is no Feast repository/],
    ["repo/data", /no Feast repository/],
  ])("refuses %s", async (repo, problem) => {
    const { code, stderr, stdout } = await slipway(folder, "import", "feast", repo, "--out", "other");
    expect({ code, stdout }).toEqual({ code: 65, stdout: "" });
    expect(stderr).toMatch(problem);
    expect(existsSync(join(folder, "other"))).toBe(false);
  });
});
