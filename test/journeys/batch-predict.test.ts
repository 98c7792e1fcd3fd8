// Batch predictions as a person makes them: over the model's own rows, over files of every format, stopped and gone on with. Scores are held to
// what training measured on the same rows, and to what the server answers.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formatInstant, rowAt, type Value } from "../../src/core/core.ts";
import { auc, logLoss, measure } from "../../src/define/define.ts";
import {
  applyDefinitions,
  type BatchOutcome,
  type BatchRequest,
  batchPredict,
  getVersion,
  moveAlias,
  trainModel,
} from "../../src/platform/platform.ts";
import { endOf, startChild } from "./child-process.fixture.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import { howLate, lateByWeight, outcomesProject } from "./outcomes.fixture.ts";

const MODEL = "delivery_late";
const ORDERS = 3600;

let world: World;
let platform: WorldPlatform;
let out: string;
beforeAll(async () => {
  world = await deliveriesWorld();
  platform = await world.open();
  await applyDefinitions(platform);
  const bounds = { validateFrom: day(20), testFrom: day(25), until: day(30) };
  await trainModel(platform, { model: MODEL, bounds });
  await trainModel(platform, { model: MODEL, bounds: { ...bounds, validateFrom: day(15) }, promote: false });
}, 120_000);
afterAll(async () => {
  await platform.close();
  await world.remove();
});
beforeEach(() => {
  out = join(world.root, "out");
  for (const name of [".predicting", ".parquet.predicting", ".csv.predicting"])
    rmSync(join(world.root, `.out${name}`), { recursive: true, force: true });
  for (const name of ["", ".parquet", ".csv", ".parquet.manifest.json", ".csv.manifest.json"])
    rmSync(out + name, { recursive: true, force: true });
});

type Row = Readonly<Record<string, Value>>;

async function read(sql: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const table of platform.engines.offline.stream(sql))
    for (let row = 0; row < table.rowCount; row += 1) rows.push(rowAt(table, row));
  return rows;
}

const rowsOf = (files: string): Promise<readonly Row[]> => read(`SELECT * FROM read_parquet('${files}')`);
const predict = (request: Partial<BatchRequest> = {}): Promise<BatchOutcome> =>
  batchPredict(platform, { version: MODEL, output: `${out}.parquet`, ...request });
const file = (name: string): string => join(world.root, name);

test("the model's own rows are scored as training scored them, each once and in their order", async () => {
  const { manifest, wasThere } = await predict();
  expect(wasThere).toBe(false);
  expect(manifest).toMatchObject({ model: MODEL, version: 1, rows: ORDERS, at: null });
  const rows = await rowsOf(`${out}.parquet`);
  expect(rows.map(({ order_id }) => order_id)).toEqual(
    (await rowsOf(file("data/orders.parquet"))).map(({ order_id }) => order_id),
  );
  expect(Object.keys(rows[0] ?? {})).toEqual(manifest.schema.map(({ name }) => name));
  expect(new Set(rows.map(({ model_version }) => model_version))).toEqual(new Set([1]));
  const judged = await read(
    `SELECT p.score, d.minutes_late > 10 AS late FROM read_parquet('${out}.parquet') p
     JOIN read_parquet('${file("data/deliveries.parquet")}') d USING (order_id)
     WHERE p.ordered_at >= TIMESTAMP '${formatInstant(day(25)).slice(0, 19)}' AND p.ordered_at < TIMESTAMP '${formatInstant(day(30)).slice(0, 19)}'`,
  );
  const labels = Float64Array.from(judged, ({ late }) => Number(late));
  const scores = Float32Array.from(judged, ({ score }) => score as number);
  const { metrics } = await getVersion(platform.registry, MODEL, 1);
  expect(measure(auc(), labels, scores)).toBeCloseTo(metrics["test.auc"] ?? 0, 9);
  expect(measure(logLoss(), labels, scores)).toBeCloseTo(metrics["test.logLoss"] ?? 0, 9);
});

test("parts of any size hold the same rows and scores as one, with the inputs where they are wanted", async () => {
  await predict({ withInputs: true });
  const { manifest } = await predict({ output: out, partRows: 1000, withInputs: true });
  expect(manifest.parts.map(({ path, rows }) => [path, rows])).toEqual([
    ["part-00000.parquet", 1000],
    ["part-00001.parquet", 1000],
    ["part-00002.parquet", 1000],
    ["part-00003.parquet", 600],
  ]);
  expect(readdirSync(out).sort()).toEqual(["manifest.json", ...manifest.parts.map(({ path }) => path)]);
  expect(await rowsOf(`${out}/*.parquet`)).toEqual(await rowsOf(`${out}.parquet`));
  expect(Object.keys((await rowsOf(`${out}.parquet`))[0] ?? {})).toContain("minutes_late_mean_24h");
  for (const { path, bytes, hash } of manifest.parts) {
    const content = readFileSync(join(out, path));
    expect([content.length, createHash("sha256").update(content).digest("hex")]).toEqual([bytes, hash]);
  }
  expect(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"))).toEqual(manifest);
});

test("a run that is stopped goes on where it stood, and what it makes is what one run makes", async () => {
  await predict({ output: out, partRows: 500 });
  const whole = readdirSync(out).map((name) => [name, readFileSync(join(out, name))] as const);
  rmSync(out, { recursive: true });
  const stopped = predict({
    output: out,
    partRows: 500,
    onProgress: ({ rows }) => {
      if (rows > 1500) throw new Error("stop here");
    },
  });
  await expect(stopped).rejects.toThrow("stop here");
  expect(existsSync(out)).toBe(false);
  await expect(predict({ output: out, partRows: 500, version: `${MODEL}@2` })).rejects.toMatchObject({
    code: "SOURCE_CHANGED",
    message: expect.stringMatching(/another version, artifact.*--restart/),
  });
  const begun: number[] = [];
  const { manifest } = await predict({
    output: out,
    partRows: 500,
    onProgress: ({ before }) => begun.push(before),
  });
  expect(begun[0]).toBe(1500);
  expect(manifest.rows).toBe(ORDERS);
  for (const [name, bytes] of whole)
    if (name !== "manifest.json") expect(readFileSync(join(out, name)).equals(bytes), name).toBe(true);
});

test("what a stopped run left is forgotten when that is asked for", async () => {
  const stop = (): void => {
    throw new Error("stop here");
  };
  await expect(predict({ output: out, partRows: 500, onProgress: stop })).rejects.toThrow();
  const { manifest } = await predict({ output: out, partRows: 500, version: `${MODEL}@2`, restart: true });
  expect(manifest.version).toBe(2);
});

test("what is there already is not made again, and nothing else is written over", async () => {
  const { manifest } = await predict();
  expect(await predict()).toEqual({ manifest, wasThere: true });
  await expect(predict({ version: `${MODEL}@2` })).rejects.toMatchObject({
    code: "ALREADY_EXISTS",
    message: expect.stringContaining(`${MODEL}@1`),
  });
  writeFileSync(`${out}.csv`, "mine");
  await expect(predict({ output: `${out}.csv` })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  expect(readFileSync(`${out}.csv`, "utf8")).toBe("mine");
});

test("a file that changes meanwhile is refused, before a row of it is there twice", async () => {
  const { offline } = platform.engines;
  const orders = `read_parquet('${file("data/orders.parquet")}')`;
  const input = file("changing.parquet");
  await offline.writeParquet(`SELECT * FROM ${orders} ORDER BY order_id`, input);
  let isFirst = true;
  const changed = predict({
    input,
    output: out,
    partRows: 1200,
    onProgress: ({ rows }) => {
      if (rows < 1200 || !isFirst) return;
      isFirst = false;
      const other = join(world.root, "other.parquet");
      renameSync(other, input);
    },
  });
  await offline.writeParquet(`SELECT * FROM ${orders} ORDER BY order_id DESC`, file("other.parquet"));
  await expect(changed).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
  expect(existsSync(out)).toBe(false);
  expect((await predict({ input, output: out, partRows: 1200, restart: true })).manifest.rows).toBe(ORDERS);
  expect(new Set((await rowsOf(`${out}/*.parquet`)).map(({ order_id }) => order_id)).size).toBe(ORDERS);
});

test("a stop is heeded between batches, and the same words go on", async () => {
  const stopping = new AbortController();
  const stopped = predict({
    output: out,
    partRows: 500,
    signal: stopping.signal,
    onProgress: ({ rows }) => rows >= 1000 && stopping.abort(),
  });
  await expect(stopped).rejects.toMatchObject({ code: "CANCELLED", message: expect.stringContaining("run it again") });
  const before: number[] = [];
  await predict({ output: out, partRows: 500, onProgress: (far) => before.push(far.before) });
  expect(before[0]).toBeGreaterThanOrEqual(500);
  expect(await rowsOf(`${out}/*.parquet`)).toHaveLength(ORDERS);
});

test("files that lie in the work folder without a plan get into nothing", async () => {
  mkdirSync(join(world.root, ".out.predicting"));
  writeFileSync(join(world.root, ".out.predicting", "part-00007.parquet"), "left behind");
  const { manifest } = await predict({ output: out, partRows: 2000 });
  expect(readdirSync(out).sort()).toEqual(["manifest.json", ...manifest.parts.map(({ path }) => path)]);
});

test("what was written is not taken for whole when its bytes are others, or its features have changed", async () => {
  await predict();
  const cities = file("data/cities.parquet");
  const kept = readFileSync(cities);
  const { offline } = platform.engines;
  try {
    await offline.writeParquet(`SELECT * REPLACE (people + 1 AS people) FROM read_parquet('${cities}')`, cities);
    await expect(predict()).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message: expect.stringContaining("another features"),
    });
  } finally {
    writeFileSync(cities, kept);
  }
  writeFileSync(`${out}.parquet`, "garbage");
  await expect(predict()).rejects.toMatchObject({
    code: "ALREADY_EXISTS",
    message: expect.stringContaining("not those that were written"),
  });
});

test("a process that is killed loses and doubles no row", async () => {
  const script = `
    const platform = await openPlatform(worldOptions(root));
    await batchPredict(platform, {
      version: "${MODEL}", output: ${JSON.stringify(out)}, partRows: 200,
      onProgress: ({ rows }) => void say(String(rows)),
    });
    await say("done");`;
  for (const least of [400, 1400, 2600]) {
    const child = startChild(world.root, script);
    const { signal, complaints } = await endOf(child, (line) => {
      if (Number(line) >= least) child.kill("SIGKILL");
    });
    expect(signal, complaints).toBe("SIGKILL");
    expect(existsSync(out)).toBe(false);
  }
  const { manifest } = await predict({ output: out, partRows: 200 });
  expect(manifest.parts).toHaveLength(18);
  const ids = (await rowsOf(`${out}/*.parquet`)).map(({ order_id }) => order_id);
  expect(ids).toHaveLength(ORDERS);
  expect(new Set(ids).size).toBe(ORDERS);
}, 180_000);

test("two at once do not write into each other", async () => {
  let release = (): void => undefined;
  const first = predict({ output: out, partRows: 500, onProgress: () => release() });
  await new Promise<void>((resolve) => {
    release = resolve;
  });
  await expect(predict({ output: out, partRows: 500 })).rejects.toMatchObject({ code: "STATE_LOCKED" });
  expect((await first).manifest.rows).toBe(ORDERS);
});

describe("rows of files", () => {
  const FIELDS = "order_id, courier, distance_km, items, city, founded";

  test("are asked as of one time when they have none of their own, from CSV and JSON lines as from Parquet", async () => {
    const orders = `SELECT ${FIELDS} FROM read_parquet('${file("data/orders.parquet")}') LIMIT 50`;
    const { offline } = platform.engines;
    await offline.writeParquet(orders, file("asked.parquet"));
    const rows = await read(orders);
    const names = FIELDS.split(", ");
    writeFileSync(
      file("asked.csv"),
      `${names.join(",")}\n${rows.map((row) => names.map((name) => row[name] ?? "").join(",")).join("\n")}\n`,
    );
    writeFileSync(file("asked.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
    const at = day(29);
    const answers = [];
    for (const name of ["asked.parquet", "asked.csv", "asked.jsonl"]) {
      await predict({ input: file(name), at });
      answers.push(await rowsOf(`${out}.parquet`));
      rmSync(`${out}.parquet`);
    }
    expect(answers[0]).toHaveLength(50);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(new Set(answers[0]?.map(({ ordered_at }) => ordered_at))).toEqual(new Set([at]));
    await predict({ input: file("asked.csv"), at, output: `${out}.csv` });
    const [header, first] = readFileSync(`${out}.csv`, "utf8").split("\n");
    expect(header).toBe("order_id,ordered_at,distance_km,items,city,founded,courier,score,model_version");
    expect(first?.split(",")[0]).toBe(rows[0]?.["order_id"]);
    expect(Number(first?.split(",")[7])).toBe(answers[0]?.[0]?.["score"]);
  });

  test("are refused with what is wrong, and nothing is left behind", async () => {
    const { offline } = platform.engines;
    const orders = `read_parquet('${file("data/orders.parquet")}')`;
    await offline.writeParquet(`SELECT ${FIELDS} FROM ${orders}`, file("timeless.parquet"));
    await offline.writeParquet(`SELECT * RENAME (distance_km AS distance) FROM ${orders}`, file("renamed.parquet"));
    await offline.writeParquet(`SELECT * REPLACE ('a' AS order_id) FROM ${orders}`, file("doubled.parquet"));
    await offline.writeParquet(`SELECT * FROM ${orders} LIMIT 0`, file("empty.parquet"));
    const refusals: readonly (readonly [Partial<BatchRequest>, string, RegExp])[] = [
      [{ input: file("timeless.parquet") }, "SOURCE_SCHEMA_MISMATCH", /ordered_at/],
      [{ input: file("renamed.parquet") }, "SOURCE_SCHEMA_MISMATCH", /distance_km.*Did you mean "distance"/],
      [{ input: file("doubled.parquet") }, "SOURCE_KEY_INVALID", /"a"/],
      [{ input: file("nowhere.parquet") }, "SOURCE_NOT_FOUND", /nowhere/],
      [{ input: file("rows.xlsx") }, "USAGE", /\.parquet, \.csv/],
      [{ input: file("a.csv"), source: "orders" }, "USAGE", /not both/],
      [{ source: "citys" }, "DEFINITION_NOT_FOUND", /cities/],
      [{ source: "cities" }, "INPUT_INVALID", /no column "order_id"/],
      [{ output: file("data/orders.parquet/scores.parquet") }, "USAGE", /Nothing can be written to .*orders\.parquet/],
      [{ output: "/proc/scores.parquet" }, "USAGE", /Nothing can be written to \/proc/],
      [{ version: `${MODEL}@9` }, "VERSION_NOT_FOUND", /9/],
      [{ version: "delivery_lat" }, "DEFINITION_NOT_FOUND", /delivery_late/],
    ];
    const before = readdirSync(world.root).sort();
    for (const [request, code, message] of refusals)
      await expect(predict(request)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(readdirSync(world.root).sort()).toEqual(before);
    expect((await predict({ input: file("empty.parquet") })).manifest.rows).toBe(0);
    expect(await rowsOf(`${out}.parquet`)).toEqual([]);
  });
});

describe("other models", () => {
  const bounds = { validateFrom: day(20), testFrom: day(25), until: day(30) };
  let other: World;
  let models: WorldPlatform;
  beforeAll(async () => {
    other = await deliveriesWorld();
    models = await other.open({ config: outcomesProject({ howLate, lateByWeight }) });
    await applyDefinitions(models);
    for (const name of ["how_late", "late_by_weight"]) await trainModel(models, { model: name, bounds });
  }, 120_000);
  afterAll(async () => {
    await models.close();
    await other.remove();
  });

  test("of several classes tell the likeliest and every probability", async () => {
    await batchPredict(models, { version: "how_late", output: `${out}.parquet` });
    const rows = await rowsOf(`${out}.parquet`);
    expect(rows).toHaveLength(ORDERS);
    for (const { class: likeliest, probabilities, score } of rows.slice(0, 200)) {
      const all = probabilities as Readonly<Record<string, number>>;
      expect(Object.keys(all).sort()).toEqual(["early", "in time", "late"]);
      expect(Object.values(all).reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
      expect(all[String(likeliest)]).toBe(score);
      expect(score).toBe(Math.max(...Object.values(all)));
    }
  });

  test("that refuse a category they were not trained with do so here, and leave nothing but what was finished", async () => {
    const { offline } = platform.engines;
    const orders = `read_parquet('${join(other.root, "data/orders.parquet")}')`;
    const input = file("elsewhere.parquet");
    await offline.writeParquet(`SELECT * REPLACE ('city-x' AS city) FROM ${orders} LIMIT 5`, input);
    const request = { version: "late_by_weight", output: `${out}.parquet`, input };
    await expect(batchPredict(models, request)).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringMatching(/"city-x" is no "city".*Did you mean/),
    });
    expect(existsSync(`${out}.parquet`)).toBe(false);
  });
});

test("a champion answers until another is named", async () => {
  await moveAlias(platform.registry, { model: MODEL, alias: "champion", version: 2, reason: "to see" });
  expect((await predict()).manifest.version).toBe(2);
  await moveAlias(platform.registry, { model: MODEL, alias: "champion", version: 1, reason: "back" });
});
