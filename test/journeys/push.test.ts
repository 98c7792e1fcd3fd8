// Events pushed over HTTP, seen by whoever asks: the online value, the offline history, a training set, another process. And what becomes of
// bad events, repeated ones, a full disk, and a lost online store.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClientPush, createClient } from "../../src/client/client.ts";
import { days, formatInstant, hours, type Instant, minutes, parseInstant, rowAt } from "../../src/core/core.ts";
import {
  atLeast,
  count,
  entity,
  type FeatureView,
  featureView,
  latest,
  type PushSpec,
  project,
  pushSource,
  specOf,
  sum,
  t,
} from "../../src/define/define.ts";
import {
  applyDefinitions,
  listQuarantined,
  materialize,
  openPlatform,
  openPushing,
  type Platform,
  pushSources,
  readQuarantined,
  replayQuarantined,
  startServing,
} from "../../src/platform/platform.ts";
import { local } from "../../src/presets/presets.ts";
import { createServer, type Server } from "../../src/server/server.ts";

const clicks = pushSource("clicks", {
  columns: { click: t.string(), user: t.string(), amount: t.float64().optional(), at: t.timestamp() },
  id: "click",
  eventTime: "at",
  expect: [atLeast("amount", 0)],
});
const views = pushSource("views", {
  columns: { view: t.int64(), user: t.string(), seen_at: t.timestamp() },
  id: "view",
  eventTime: "seen_at",
  maxAhead: hours(1),
});
const user = entity("user", { user: t.string() });
const clicksByUser = featureView("clicks_by_user", {
  entity: user,
  source: clicks,
  features: { n: count().over(days(7)), amount: sum(clicks.amount).over(days(7)), last: latest(clicks.amount) },
});
const viewsByUser = featureView("views_by_user", {
  entity: user,
  source: views,
  features: { n: count().over(days(1)), last: latest(views.view) },
});
const definitions = { user, clicks, views, clicksByUser, viewsByUser };

const START = parseInstant("2025-02-01T12:00:00Z");
let root: string;
let platforms: (Platform & { readonly goTo: (instant: Instant) => void })[];
let servers: { close(): Promise<void> }[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "slipway-push-"));
  platforms = [];
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.close();
  for (const platform of platforms) await platform.close();
  rmSync(root, { recursive: true, force: true });
});

async function open(other: Readonly<Record<string, unknown>> = definitions): Promise<(typeof platforms)[number]> {
  const platform = await openPlatform({
    config: project({ name: "shop", definitions: other }),
    engines: local({ threads: 1 }),
    root,
    stateDir: join(root, "state"),
    cacheDir: join(root, "cache"),
    env: {},
    actor: "tester",
    clock: ({ clocks }) => clocks.replay(START),
  });
  await applyDefinitions(platform);
  const goTo = (instant: Instant): void =>
    (platform.engines.clock as unknown as { advanceTo(to: Instant): void }).advanceTo(instant);
  const world = { ...platform, goTo };
  platforms.push(world);
  return world;
}

/** Closes a platform before the test is over. */
async function shut(platform: (typeof platforms)[number]): Promise<void> {
  platforms = platforms.filter((each) => each !== platform);
  await platform.close();
}

async function serve(platform: Platform): Promise<Server> {
  const [serving, intake] = [await startServing(platform), await openPushing(platform)];
  const server = await createServer({
    serving,
    models: [],
    features: platform.features,
    push: { intake, sources: pushSources(platform) },
    version: "1",
    now: () => platform.engines.clock.now(),
    logger: { level: "silent" },
    host: "127.0.0.1",
    port: 0,
  });
  servers.push({
    async close() {
      await server.close();
      await serving.close();
    },
  });
  return server;
}

async function post(server: Server, body: unknown): Promise<{ readonly status: number; readonly body: never }> {
  const answer = await fetch(`${server.url}/api/v1/push`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as never };
}

const click = (id: string, amount: number | null, at = "2025-02-01T11:00:00Z", who = "ann") => ({
  click: id,
  user: who,
  amount,
  at,
});

type World = (typeof platforms)[number];

/** What is online of a user now. */
async function read(platform: World, view: FeatureView, who = "ann"): Promise<unknown> {
  const { views: found } = await platform.features.read(platform.features.select([view.name]), [{ user: who }]);
  const values = found[0]?.keys[0]?.values ?? [];
  return Object.fromEntries(Object.keys(view.features).map((name, index) => [name, values[index]]));
}

/** What is online of a user, a moment after everything was acknowledged. */
async function online(platform: World, view: FeatureView): Promise<unknown> {
  await (await openPushing(platform)).settle();
  platform.goTo(platform.engines.clock.now() + 1000n);
  return read(platform, view);
}

async function offline(platform: Platform, source: PushSpec): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { offline: engine } = platform.engines;
  await engine.check(source);
  const rows: Readonly<Record<string, unknown>>[] = [];
  const [id] = [engine.dialect.identifier(source.id)];
  for await (const table of engine.stream(`SELECT * FROM ${engine.dialect.scan(source)} ORDER BY ${id}`))
    for (let index = 0; index < table.rowCount; index += 1) rows.push(rowAt(table, index));
  return rows;
}

const clicksSpec = specOf(clicks) as PushSpec;

describe("a push", () => {
  test("is online and in the history when it is answered, and counts once however often it is sent", async () => {
    const platform = await open();
    const server = await serve(platform);
    const client = createClient({ url: server.url });
    const events = [click("a", 1.5), click("b", null, "2025-02-01T11:30:00+01:00"), click("c", 2)];
    const expected = { source: "clicks", accepted: 3, duplicates: 0, rejected: [] };
    expect(await client.push(clicks, events)).toEqual(expected);
    expect(await online(platform, clicksByUser)).toEqual({ n: 3n, amount: 3.5, last: 2 });
    expect(await client.push<typeof clicks>("clicks", [...events, events[0] as never])).toEqual({
      ...expected,
      accepted: 0,
      duplicates: 4,
    });
    expect(await online(platform, clicksByUser)).toEqual({ n: 3n, amount: 3.5, last: 2 });
    const rows = await offline(platform, clicksSpec);
    expect(rows.map(({ click: id }) => id)).toEqual(["a", "b", "c"]);
    // What does not say when it became known became so when it was acknowledged.
    for (const { acknowledged_at: at } of rows) expect(Number((at as bigint) - START)).toBeLessThan(1_000_000);
  });

  test("takes the good events of a batch, and says of each bad one what is wrong with it", async () => {
    const platform = await open();
    const server = await serve(platform);
    const { status, body } = await post(server, {
      source: "clicks",
      events: [
        click("good", 1),
        { ...click("x1", 1), amount: "1" },
        { ...click("x2", 1), at: "2025-02-01T11:00:00" },
        { ...click("x3", 1), at: 1_738_407_600 },
        click("x4", 1, "2025-02-01T12:05:00.000001Z"),
        { ...click("x5", 1), amuont: 1 },
        { user: "ann", at: "2025-02-01T11:00:00Z" },
        click("x7", -1),
        "text",
        click("good", 2),
        click("x\ud800", 1),
        click("also good", 1, "2025-02-01T12:05:00Z"),
      ],
    });
    expect(status).toBe(200);
    const { accepted, rejected } = body as ClientPush;
    expect(accepted).toBe(2);
    expect(rejected.map(({ index, id, code }) => [index, id, code])).toEqual([
      [1, "x1", "INPUT_INVALID"],
      [2, "x2", "INPUT_INVALID"],
      [3, "x3", "INPUT_INVALID"],
      [4, "x4", "INPUT_INVALID"],
      [5, "x5", "INPUT_INVALID"],
      [6, null, "INPUT_INVALID"],
      [7, "x7", "INPUT_INVALID"],
      [8, null, "INPUT_INVALID"],
      [9, "good", "EVENT_CONFLICT"],
      [10, "x\ud800", "INPUT_INVALID"],
    ]);
    const messages = rejected.map(({ message }) => message);
    expect(messages[0]).toContain('"amount" is "1"; give a number');
    expect(messages[1]).toContain("a time with its zone");
    expect(messages[3]).toContain("more than 5m ahead of the clock (2025-02-01T12:00:00Z)");
    expect(messages[4]).toContain('"amuont" is not a column of "clicks"');
    expect(messages[5]).toContain('"click" is missing');
    expect(messages[6]).toContain("expects");
    expect(messages[8]).toContain('Event "good" of "clicks" was pushed before with other content');
    expect((await offline(platform, clicksSpec)).map(({ click: id }) => id)).toEqual(["also good", "good"]);
  });

  test("is an error when nothing of it was taken", async () => {
    const platform = await open();
    const server = await serve(platform);
    await post(server, { source: "clicks", events: [click("a", 1)] });
    const conflict = await post(server, { source: "clicks", events: [click("a", 2), { nothing: 1 }] });
    expect(conflict).toMatchObject({ status: 409, body: { error: { code: "EVENT_CONFLICT" } } });
    expect(conflict.body).toMatchObject({
      error: { message: expect.stringContaining('"a"'), details: { batches: [{ accepted: 0, rejected: [{}, {}] }] } },
    });
    const refusals: readonly (readonly [unknown, number, string])[] = [
      ["{", 400, "not JSON"],
      ['{"source":"clicks","events":[{"amount":NaN}]}', 400, "not JSON"],
      [
        '{"source":"clicks","events":[{"click":"n","user":"a","at":"2025-02-01T11:00:00Z","amount":1e999}]}',
        400,
        "Infinity",
      ],
      [{ source: "clicks" }, 400, '"events"'],
      [{ source: "clicks", events: [] }, 400, "no event"],
      [{ source: "nope", events: [{}] }, 404, "clicks, views"],
      [{ source: "clicks", events: Array(10_001).fill({}) }, 400, "up to 10000"],
      [{ source: "clicks", events: [{}], more: 1 }, 400, '"more"'],
      [{ batches: [{ source: "clicks", events: [{}] }], more: 1 }, 400, '"more"'],
    ];
    for (const [body, status, text] of refusals) {
      const answer = await post(server, body);
      expect(answer).toMatchObject({ status, body: { error: { message: expect.stringContaining(text) } } });
    }
    expect(await offline(platform, clicksSpec)).toHaveLength(1);
  });

  test("may be for several sources, and shows in the metrics", async () => {
    const platform = await open();
    const server = await serve(platform);
    const big = "9007199254740993";
    const answer = await post(server, {
      batches: [
        { source: "clicks", events: [click("a", 1)] },
        { source: "views", events: [{ view: big, user: "ann", seen_at: "2025-02-01T11:59:00Z" }, { view: 1 }] },
      ],
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        batches: [
          { source: "clicks", accepted: 1 },
          { source: "views", accepted: 1, rejected: [{ index: 1 }] },
        ],
      },
    });
    expect(await online(platform, viewsByUser)).toEqual({ n: 1n, last: BigInt(big) });
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('slipway_push_events_total{source="clicks",outcome="accepted"} 1');
    expect(metrics).toContain('slipway_push_events_total{source="views",outcome="rejected"} 1');
    expect(metrics).toContain('slipway_push_lag_events{source="clicks"} 0');
  });

  test("neither shows nor hides the present before its time", async () => {
    const platform = await open();
    await serve(platform);
    const intake = await openPushing(platform);
    await intake.push([{ source: "clicks", events: [click("now", 1), click("soon", 9, "2025-02-01T12:04:00Z")] }]);
    expect(await online(platform, clicksByUser)).toEqual({ n: 1n, amount: 1, last: 1 });
    platform.goTo(START + minutes(4) - 2000n);
    expect(await online(platform, clicksByUser)).toEqual({ n: 1n, amount: 1, last: 1 });
    platform.goTo(START + minutes(4) + 1n);
    expect(await online(platform, clicksByUser)).toEqual({ n: 2n, amount: 10, last: 9 });
  });
});

describe("a project with pushed events", () => {
  test("goes on after a restart, and finds every value again when the online store is gone", async () => {
    const first = await open();
    const intake = await openPushing(first);
    for (let n = 0; n < 30; n += 1)
      await intake.push([{ source: "clicks", events: [click(`c${n}`, n), click("late", 7, "2025-01-30T00:00:00Z")] }]);
    const expected = { n: 31n, amount: 442, last: 29 };
    expect(await online(first, clicksByUser)).toEqual(expected);
    const until = first.engines.clock.now();
    await shut(first);
    rmSync(join(root, "state", "online"), { recursive: true });
    const second = await open();
    second.goTo(until);
    expect(await online(second, clicksByUser)).toEqual(expected);
    const again = await (await openPushing(second)).push([
      { source: "clicks", events: [click("c3", 3), click("c4", 5), click("new", 1)] },
    ]);
    expect(again).toMatchObject([{ accepted: 1, duplicates: 1, rejected: [{ id: "c4", code: "EVENT_CONFLICT" }] }]);
  });

  test("takes events in through one process; others read and materialise", async () => {
    const owner = await open();
    await (await openPushing(owner)).push([{ source: "clicks", events: [click("a", 1)] }]);
    await online(owner, clicksByUser);
    const fresh = featureView("fresh", { entity: user, source: clicks, features: { n: count().over(days(1)) } });
    const other = await open({ ...definitions, fresh });
    await expect(openPushing(other)).rejects.toMatchObject({ code: "STATE_LOCKED" });
    expect(await offline(other, clicksSpec)).toHaveLength(1);
    other.goTo(owner.engines.clock.now());
    await materialize(other, { views: ["fresh"] });
    expect(await read(other, fresh)).toEqual({ n: 1n });
    await shut(owner);
    const [outcome] = await (await openPushing(other)).push([
      { source: "clicks", events: [click("a", 1), click("b", 1)] },
    ]);
    expect(outcome).toMatchObject({ accepted: 1, duplicates: 1 });
  });

  test("counts events of a history once, whether they were in the files or pushed first", async () => {
    const history = join(root, "history");
    mkdirSync(history);
    const withHistory = pushSource("clicks", {
      columns: { click: t.string(), user: t.string(), amount: t.float64().optional(), at: t.timestamp() },
      id: "click",
      eventTime: "at",
      history: "history/*.parquet",
    });
    const byUser = featureView("by_user", {
      entity: user,
      source: withHistory,
      features: { n: count().over(days(7)), last: latest(withHistory.amount) },
    });
    const platform = await open({ user, withHistory, byUser });
    const { offline: engine } = platform.engines;
    const write = (name: string, rows: string): Promise<unknown> =>
      engine.writeParquet(`SELECT * FROM (VALUES ${rows}) v(click, "user", amount, "at")`, join(history, name));
    const at = (time: string): string => `TIMESTAMP '2025-01-31 ${time}'`;
    await write(
      "1.parquet",
      `('h1', 'ann', 1::DOUBLE, ${at("10:00:00")}), ('h2', 'ann', 2::DOUBLE, ${at("11:00:00")})`,
    );
    // A training set sees them before anything was pushed or materialised.
    expect(await offline(platform, specOf(withHistory) as PushSpec)).toHaveLength(2);
    await materialize(platform);
    expect(await online(platform, byUser)).toEqual({ n: 2n, last: 2 });
    const intake = await openPushing(platform);
    const h1 = { click: "h1", user: "ann", amount: 1, at: "2025-01-31T10:00:00Z" };
    const p1 = { click: "p1", user: "ann", amount: 3, at: "2025-01-31T12:00:00Z" };
    expect(await intake.push([{ source: "clicks", events: [h1, p1, { ...h1, click: "h2" }] }])).toMatchObject([
      { accepted: 1, duplicates: 1, rejected: [{ id: "h2", code: "EVENT_CONFLICT" }] },
    ]);
    // What was pushed arrives in the files as well, with one that was not.
    await write(
      "2.parquet",
      `('p1', 'ann', 3::DOUBLE, ${at("12:00:00")}), ('h3', 'ann', 4::DOUBLE, ${at("09:00:00")})`,
    );
    expect(await offline(platform, specOf(withHistory) as PushSpec)).toHaveLength(4);
    await materialize(platform);
    expect(await online(platform, byUser)).toEqual({ n: 4n, last: 3 });
    const rows = await offline(platform, specOf(withHistory) as PushSpec);
    expect(rows.map((row) => [row["click"], formatInstant(row["acknowledged_at"] as bigint).slice(0, 10)])).toEqual([
      ["h1", "2025-01-31"],
      ["h2", "2025-01-31"],
      ["h3", "2025-01-31"],
      ["p1", "2025-02-01"],
    ]);
  });
});

test("on a full disk nothing is acknowledged that is not kept, and pushes work again once there is room", async ({
  skip,
}) => {
  const events = join(root, "state", "events");
  mkdirSync(events, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=200k", "tmpfs", events], { stdio: "ignore" });
  } catch {
    return skip("mounting is not permitted here");
  }
  const platform = await open();
  const server = await serve(platform);
  writeFileSync(join(events, "ballast"), Buffer.alloc(100_000));
  const acknowledged: string[] = [];
  let refused = 0;
  for (let n = 0; n < 120; n += 1) {
    const id = `c${n}${"x".repeat(2000)}`;
    const { status, body } = await post(server, { source: "clicks", events: [click(id, n)] });
    if (status === 200) acknowledged.push(id);
    else {
      expect({ status, body }).toMatchObject({ status: 507, body: { error: { code: "STORAGE_FULL" } } });
      expect(JSON.stringify(body)).toContain("Nothing of this push was taken");
      refused += 1;
      if (refused === 5) rmSync(join(events, "ballast"));
    }
  }
  expect(refused).toBeGreaterThan(4);
  const kept = (await offline(platform, clicksSpec)).map(({ click: id }) => id);
  expect(kept.toSorted()).toEqual(acknowledged.toSorted());
  expect(await online(platform, clicksByUser)).toMatchObject({ n: BigInt(acknowledged.length) });
  for (const server of servers.splice(0)) await server.close();
  await shut(platform);
  execFileSync("umount", ["--lazy", events]);
});

test("lines that became columns are read as before, and their files go", async () => {
  const platform = await open();
  const intake = await openPushing(platform);
  const folder = join(root, "state", "events", "clicks");
  const wide = "x".repeat(200_000);
  for (let n = 0; n < 190; n += 1)
    await intake.push([{ source: "clicks", events: [click(`${n}${wide}`, n, "2025-02-01T11:00:00Z", `u${n % 3}`)] }]);
  const before = await offline(platform, clicksSpec);
  // The clock's tick compacts; it runs four times a second.
  for (let waits = 0; waits < 200 && !readdirSync(folder).some((name) => name.endsWith(".parquet")); waits += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(readdirSync(folder).filter((name) => name.endsWith(".parquet"))).toHaveLength(1);
  expect(await offline(platform, clicksSpec)).toEqual(before);
  await intake.push([{ source: "clicks", events: [click("after", 1)] }]);
  expect(await offline(platform, clicksSpec)).toHaveLength(before.length + 1);
  const [again] = await intake.push([
    { source: "clicks", events: [click(`7${wide}`, 7, "2025-02-01T11:00:00Z", "u1")] },
  ]);
  expect(again).toMatchObject({ duplicates: 1 });
});

test("events that are not as expected are kept with their reasons, and pushed again once they are", async () => {
  const platform = await open();
  const server = await serve(platform);
  expect(
    (await post(server, { source: "clicks", events: [click("a", 1), click("b", -5), click("c", -50)] })).body,
  ).toMatchObject({ accepted: 1, rejected: [{ id: "b" }, { id: "c" }] });
  const [first] = await listQuarantined(platform);
  await Promise.all(
    ["d", "e", "f"].map((id) => post(server, { source: "clicks", events: [click(id, -1), { click: 7 }] })),
  );
  const batches = await listQuarantined(platform);
  expect(batches.reduce((total, { rows }) => total + rows, 0)).toBe(5);
  expect(first).toMatchObject({
    source: "clicks",
    kind: "pushed",
    rows: 2,
    reasons: { 'atLeast("amount", 0)': 2 },
  });
  const { rows } = await readQuarantined(platform, first?.id ?? "");
  expect(rows.map(({ row, reasons }) => [row["click"], row["amount"], reasons])).toEqual([
    ["b", -5, ['atLeast("amount", 0)']],
    ["c", -50, ['atLeast("amount", 0)']],
  ]);
  for (const each of servers.splice(0)) await each.close();
  await shut(platform);

  const kinder = pushSource("clicks", {
    columns: { click: t.string(), user: t.string(), amount: t.float64().optional(), at: t.timestamp() },
    id: "click",
    eventTime: "at",
    expect: [atLeast("amount", -10)],
  });
  const kinderByUser = featureView("clicks_by_user", {
    entity: user,
    source: kinder,
    features: { n: count().over(days(7)), amount: sum(kinder.amount).over(days(7)), last: latest(kinder.amount) },
  });
  const again = await open({ user, clicks: kinder, clicksByUser: kinderByUser });
  for (let turn = 0; turn < 2; turn += 1) {
    const released = await replayQuarantined(again);
    const left = (await listQuarantined(again)).reduce((total, { rows: held }) => total + held, 0);
    expect([turn, released.reduce((total, { before, held }) => total + before - held, 0), left]).toEqual([
      turn,
      turn === 0 ? 4 : 0,
      1,
    ]);
    again.goTo(again.engines.clock.now() + minutes(1));
    expect(await online(again, kinderByUser)).toMatchObject({ n: 5n, amount: -7 });
  }
});
