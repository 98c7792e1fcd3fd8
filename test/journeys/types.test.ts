// Every type, all the way: from a Parquet file through the online store to HTTP, the typed client, the command line, a model's inputs, the
// prediction log and its audit, a monitor, and the training set's Parquet.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { main } from "../../src/cli/program.ts";
import { createClient } from "../../src/client/client.ts";
import { dateText, decimalText, formatInstant, rowAt, type Value } from "../../src/core/core.ts";
import { days, hours, specOf } from "../../src/index.ts";
import {
  auditReads,
  type Platform,
  predict,
  readFeatures,
  runMonitor,
  type Serving,
  startServing,
  trainModel,
  writeTrainingSet,
} from "../../src/platform/platform.ts";
import { createServer, type Server } from "../../src/server/server.ts";
import { accountRows, accountState, largePayment, NOW, orderRows, type Row, typesWorld } from "./types.fixture.ts";

let world: Awaited<ReturnType<typeof typesWorld>>;
let platform: Platform;
let serving: Serving;
let server: Server;
beforeAll(async () => {
  world = await typesWorld();
  ({ platform } = world);
  await trainModel(platform, { model: "large_payment" });
  serving = await startServing(platform);
  server = await createServer({
    serving,
    models: [specOf(largePayment)],
    features: platform.features,
    version: "1",
    now: () => platform.engines.clock.now(),
    host: "127.0.0.1",
    port: 0,
  });
}, 120_000);
afterAll(async () => {
  await server?.close();
  await serving?.close();
  await world?.remove();
});

const client = () => createClient({ url: server.url });
const post = async (path: string, body: string): Promise<{ readonly status: number; readonly body: unknown }> => {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body });
  return { status: answer.status, body: await answer.json() };
};

const own = (account: Value): readonly Row[] => accountRows.filter((row) => row["account"] === account);
const recent = (account: Value): readonly Row[] =>
  // Windows of 30 days end at noon and begin at midnight.
  own(account).filter(({ seen }) => (seen as bigint) >= NOW - (NOW % days(1)) - days(30));
const sumOf = (values: readonly Value[]): bigint => values.reduce((sum: bigint, each) => sum + (each as bigint), 0n);

/** What the rows say of an account. */
function expected(account: Value): Row {
  const newest = own(account).at(-1) as Row;
  const balances = recent(account).flatMap(({ balance }) => (balance === null ? [] : [balance as bigint]));
  const scores = recent(account).map(({ score }) => score as number);
  const { balance, score, born, photo, tags, spot } = newest as Record<string, Value>;
  return {
    who: account,
    balance: balance ?? null,
    score: score ?? null,
    born: born ?? null,
    photo: photo ?? null,
    tags: tags ?? null,
    spot: spot ?? null,
    balance_30d: sumOf(balances),
    balance_mean_30d: Number(sumOf(balances)) / (balances.length * 100),
    score_mean_30d: scores.reduce((sum, each) => sum + each, 0) / scores.length,
    youngest_30d: Math.max(...recent(account).map((row) => row["born"] as number)),
  } as Row;
}

const account = accountRows[1]?.["account"] as string;
const since = 15_001;

describe("reads", () => {
  it("give by definition the values that the rows say, with their types", async () => {
    for (let number = 0; number < 8; number += 1) {
      const key = { account: accountRows[number]?.["account"] as string, since: 15_000 + number };
      const { values, status } = await readFeatures(platform, accountState, key);
      expect(status).toBe("present");
      const { score_mean_30d: mean, ...exact } = expected(key.account);
      expect(values).toMatchObject(exact);
      expect(values.score_mean_30d).toBeCloseTo(mean as number, 9);
      expectTypeOf(values.balance).toEqualTypeOf<bigint | null>();
      expectTypeOf(values.photo).toEqualTypeOf<Uint8Array | null>();
      expectTypeOf(values.tags).toEqualTypeOf<readonly (string | null)[] | null>();
    }
  });

  it("come over HTTP and by client in the JSON forms of their types", async () => {
    const { balance, born, photo, tags, spot, balance_30d, youngest_30d } = expected(account) as Record<string, Value>;
    const [rows] = (await client().read([accountState], [{ account: account.toUpperCase(), since: "2011-01-27" }]))
      .rows;
    const values = rows?.[0]?.values;
    expect(values).toMatchObject({
      who: account,
      balance: decimalText(balance as bigint, 2),
      born: dateText(born as number),
      photo: Buffer.from(photo as Uint8Array).toString("base64"),
      tags,
      spot,
      balance_30d: decimalText(balance_30d as bigint, 2),
      youngest_30d: dateText(youngest_30d as number),
    });
    expect(dateText(since)).toBe("2011-01-27");
    expectTypeOf(values?.balance).toEqualTypeOf<string | null | undefined>();
    expectTypeOf(values?.tags).toEqualTypeOf<readonly (string | null)[] | null | undefined>();
  });

  it("come on the command line, as text and as JSON", async () => {
    const told = { stdout: "", stderr: "" };
    const sink = (name: keyof typeof told) => ({
      write(text: string): void {
        told[name] += text;
      },
    });
    const run = async (...words: string[]): Promise<number> =>
      main(
        [
          "features",
          "read",
          "account_state",
          `account=${account}`,
          "since=2011-01-27",
          "--at",
          formatInstant(NOW),
          ...words,
        ],
        {
          stdout: sink("stdout"),
          stderr: sink("stderr"),
          env: { PATH: process.env["PATH"] },
          cwd: platform.root,
        },
      );
    expect(await run("--json"), told.stderr).toBe(0);
    const { balance, born } = expected(account) as Record<string, Value>;
    expect(JSON.parse(told.stdout).reads[0].values).toMatchObject({
      balance: decimalText(balance as bigint, 2),
      born: dateText(born as number),
    });
    told.stdout = "";
    expect(await run()).toBe(0);
    expect(told.stdout).toContain(dateText(born as number));
  });

  it.each([
    [{ account: "123", since: "2011-01-27" }, '"account" is "123"; give a UUID'],
    [{ account, since: "2011-02-30" }, '"since" is "2011-02-30"; give a day'],
    [{ account, since: 15_001 }, '"since" is 15001; give a day'],
    [{ account, since: "2011-01-27T00:00:00Z" }, "give a day"],
  ])("refuse the key %o", async (key, message) => {
    const body = JSON.stringify({ features: ["account_state"], keys: [key] });
    const answer = await post("/api/v1/features/read", body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "INPUT_INVALID" } } });
    expect((answer.body as { error: { message: string } }).error.message).toContain(message);
  });
});

interface OrderRow {
  readonly id: string;
  readonly account: string;
  readonly since: number;
  readonly price: bigint;
  readonly ratio: number;
  readonly asked_on: number;
  readonly notes: readonly (string | null)[];
  readonly place: { readonly lat: number; readonly seal: Uint8Array | null };
}

/** An order as a caller writes it in JSON. */
const asked = (order: Row): Record<string, unknown> => {
  const { account: of, since: day, price, ratio, asked_on, notes, place } = order as Record<string, Value>;
  const { lat, seal } = place as { lat: number; seal: Uint8Array | null };
  return {
    account: of,
    since: dateText(day as number),
    price: decimalText(price as bigint, 2),
    ratio,
    asked_on: dateText(asked_on as number),
    notes,
    place: { lat, seal: seal && Buffer.from(seal).toString("base64") },
  };
};

describe("predictions", () => {
  it("are the same in process, by client and over HTTP, and their log holds what the offline join gives", async () => {
    for (const order of orderRows.slice(0, 40)) {
      const row = order as unknown as OrderRow;
      const { id, account: of, since: day, price, ratio, asked_on, notes, place } = row;
      const shared = { account: of, ratio, notes, place };
      const inProcess = await predict(
        serving,
        largePayment,
        { ...shared, since: day, price, asked_on },
        { id: `${id}-process` },
      );
      const texts = { since: dateText(day), price: decimalText(price, 2), asked_on: dateText(asked_on) };
      const byClient = await client().predict(largePayment, { ...shared, ...texts }, { id: `${id}-client` });
      const body = JSON.stringify({ id: `${id}-http`, row: asked(order) });
      const overHttp = await post("/api/v1/models/large_payment/predict", body);
      expect(overHttp.status, JSON.stringify(overHttp.body)).toBe(200);
      expect(byClient.score).toBe(inProcess.score);
      expect((overHttp.body as { score: number }).score).toBe(inProcess.score);
    }
    const audit = await auditReads(platform, "large_payment");
    expect(audit).toMatchObject({ predictions: 120, mismatches: 0 });
  });

  it.each([
    ['"price":12.34', '"price" is 12.34; give a decimal as text with at most 10 digits before and 2 after the point'],
    ['"price":"1.005"', '"price" is "1.005"; give a decimal'],
    ['"ratio":1e999', '"ratio" is "Infinity"; give a number within float32'],
    ['"ratio":"NaN"', '"ratio" is "NaN"; give a number'],
    ['"notes":["a",1]', '"notes[1]" is 1; give text'],
    ['"place":{"lat":1e999}', '"place.lat" is "Infinity"; give a number'],
    ['"place":{"lat":1,"seal":"?"}', '"place.seal" is "?"; give bytes as base64'],
    ['"place":{}', '"place.lat" is missing; give a number'],
    ['"place":{"lat":1,"lon":2}', '"place.lon" is not a field of it; give an object with "lat", "seal"'],
    ['"notes":["\\ud800"]', '"notes[0]" has half a surrogate pair in it; give text'],
    ['"asked_on":"tomorrow"', '"asked_on" is "tomorrow"; give a day'],
  ])("with %s are refused, naming the field, and log nothing", async (part, message) => {
    const [name = ""] = part.slice(1).split('"');
    const { [name]: _, ...rest } = asked(orderRows[0] as Row);
    const body = JSON.stringify({ row: rest }).replace(/\}\}$/, `,${part}}}`).replace('}},"', '},"');
    const answer = await post("/api/v1/models/large_payment/predict", body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "INPUT_INVALID" } } });
    expect((answer.body as { error: { message: string } }).error.message).toContain(message);
    expect((await auditReads(platform, "large_payment")).predictions).toBe(120);
  });

  it("with an id that cannot be written are refused, and leave the log readable", async () => {
    const body = JSON.stringify({ id: "x", row: asked(orderRows[0] as Row) }).replace('"x"', '"\\ud800"');
    const answer = await post("/api/v1/models/large_payment/predict", body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "INPUT_INVALID", details: { field: "id" } } } });
    expect((await auditReads(platform, "large_payment")).predictions).toBe(120);
  });

  it("are watched: a monitor reads every input back from the log", async () => {
    (platform.engines.clock as ReturnType<typeof platform.engines.clocks.replay>).advanceTo(NOW + hours(1));
    const look = await runMonitor(platform, "payment_health");
    const drift = look.drift?.inputs ?? [];
    expect(drift.map(({ name }) => name)).toEqual(specOf(largePayment).inputs.map(({ name }) => name));
  });
});

it("a training set's Parquet has the logical types, and inputs as the expressions say", async () => {
  const file = join(platform.root, "training.parquet");
  await writeTrainingSet(platform, "large_payment", file);
  const { offline } = platform.engines;
  for await (const table of offline.stream(`DESCRIBE SELECT * FROM read_parquet('${file}')`)) {
    const types = Object.fromEntries(
      Array.from({ length: table.rowCount }, (_, row) => Object.values(rowAt(table, row)).slice(0, 2).map(String)),
    );
    expect(types).toMatchObject({
      who: "UUID",
      balance: "DECIMAL(12,2)",
      balance_30d: "DECIMAL(18,2)",
      price: "DECIMAL(12,2)",
      ratio: "FLOAT",
      left: "DECIMAL(13,2)",
      age_days: "BIGINT",
      note: "VARCHAR",
    });
  }
  const sql = `SELECT * FROM read_parquet('${file}') ORDER BY t`;
  const rows: Record<string, Value>[] = [];
  for await (const table of offline.stream(sql))
    for (let row = 0; row < table.rowCount; row += 1) rows.push(rowAt(table, row));
  rows.forEach((row, number) => {
    const order = orderRows[number] as Record<string, Value>;
    const known = own(order["account"] ?? null).filter(({ seen }) => (seen as bigint) <= (order["asked"] as bigint));
    const newest = known.at(-1) as Record<string, Value> | undefined;
    const notes = order["notes"] as readonly string[];
    const seal = (order["place"] as { seal: Uint8Array | null }).seal;
    const balance = (newest?.["balance"] ?? null) as bigint | null;
    expect(row).toMatchObject({
      key: order["id"],
      price: order["price"],
      ratio: order["ratio"],
      note: notes[0] ?? null,
      note_count: BigInt(notes.length),
      seal_bytes: seal === null ? null : BigInt(seal.length),
      age_days: newest ? BigInt((order["asked_on"] as number) - (newest["born"] as number)) : null,
      left: balance === null ? null : balance - (order["price"] as bigint),
      tag: (newest?.["tags"] as readonly Value[] | undefined)?.at(-1) ?? null,
    });
  });
  expect(rows).toHaveLength(orderRows.length);
});
