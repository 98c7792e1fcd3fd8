// What pushes that meet each other see, and what is promised when the log cannot be written. The rest is in test/journeys/push*.test.ts.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { days, parseInstant } from "../core/core.ts";
import { count, entity, featureView, oneOf, type PushSpec, pushSource, specOf, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { fileEventLog } from "../engines/files/files.ts";
import { lmdbStore } from "../engines/lmdb/lmdb.ts";
import { replayClock } from "../engines/system/system.ts";
import { foldEvents, onlineView, readOnline } from "../features/features.ts";
import type { EventLog, OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { type Intake, keptPosition, openIntake } from "./ingest.ts";

const clicks = pushSource("clicks", {
  columns: { click: t.string(), user: t.string(), at: t.timestamp() },
  id: "click",
  eventTime: "at",
});
const view = specOf(
  featureView("by_user", {
    entity: entity("user", { user: t.string() }),
    source: clicks,
    features: { n: count().over(days(1)) },
  }),
);
const source = specOf(clicks) as PushSpec;
const START = parseInstant("2025-02-01T12:00:00Z");

let folder: string;
let log: EventLog;
let offline: OfflineEngine;
let online: OnlineStore;
/** Called before lines are appended; may wait, or throw. */
let before: (lines: readonly string[]) => Promise<void>;
/** Called after lines were appended. */
let after: () => void;
let appended: number;
const clock = replayClock(START);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-ingest-"));
  const files = fileEventLog(join(folder, "events"), { fsync: false });
  before = async () => undefined;
  after = () => undefined;
  appended = 0;
  log = {
    ...files,
    async append(name, lines) {
      await before(lines);
      appended += lines.length;
      await files.append(name, lines);
      after();
    },
  };
  offline = await duckdb({ root: folder, temporaryFolder: join(folder, "tmp"), threads: 1, events: log });
  online = lmdbStore(join(folder, "online"), { durable: false });
});
afterEach(async () => {
  await log.close();
  await online.close();
  await offline.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (mark = "one", alive: readonly string[] = [mark]): Promise<Intake> =>
  openIntake(
    {
      offline,
      online,
      events: log,
      clock,
      scheduler: { every: () => () => undefined },
      process: { mark, isAlive: (other) => alive.includes(other) },
    },
    [source],
    [view],
  );
const event = (click: string, user = "ann") => ({ click, user, at: "2025-02-01T11:00:00Z" });
const push = async (intake: Intake, ...events: readonly unknown[]) =>
  (await intake.push([{ source: "clicks", events }]))[0];

async function counted(intake: Intake): Promise<unknown> {
  await intake.settle();
  clock.advanceTo(clock.now() + 1000n);
  const [read] = await readOnline(online, [onlineView(view)], { user: "ann" }, clock.now());
  return read?.values["n"];
}

test("of pushes at the same time with the same id one is accepted; others repeat it, or conflict", async () => {
  const intake = await open();
  const outcomes = await Promise.all([
    push(intake, event("a")),
    push(intake, event("a")),
    push(intake, event("a", "bob")),
    push(intake, event("a"), event("b"), event("b")),
  ]);
  expect(outcomes.map((each) => [each?.accepted, each?.duplicates, each?.rejected.map(({ code }) => code)])).toEqual([
    [1, 0, []],
    [0, 1, []],
    [0, 0, ["EVENT_CONFLICT"]],
    [1, 2, []],
  ]);
  expect(appended).toBe(2);
  expect(await counted(intake)).toBe(2n);
});

test("an id that becomes kept while a repetition of it is looked at is known all the same", async () => {
  const store = online;
  let answer: Promise<void> = Promise.resolve();
  let take: Promise<void> = Promise.resolve();
  let isAsked = false;
  const { show: _, ...others } = store as OnlineStore & { show?: unknown };
  online = {
    ...others,
    async get(keys) {
      const found = await store.get(keys);
      if (keys.some(({ namespace }) => namespace.startsWith("events of"))) isAsked = true;
      await answer;
      return found;
    },
    async updateTogether(changes: never) {
      await take;
      return (store as never as { updateTogether(all: never): Promise<void> }).updateTogether(changes);
    },
  } as OnlineStore;
  const intake = await open();
  const opener = (): [Promise<void>, () => void] => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    return [gate, release];
  };
  const [taking, letTake] = opener();
  take = taking;
  await push(intake, event("a"));
  const [answering, letAnswer] = opener();
  answer = answering;
  isAsked = false;
  // The other event has the store asked; "a" itself is known from memory at that moment.
  const again = push(intake, event("a"), event("b"));
  while (!isAsked) await new Promise((resolve) => setTimeout(resolve, 1));
  letTake();
  while ((intake.states()[0]?.lag ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  letAnswer();
  expect(await again).toMatchObject({ accepted: 1, duplicates: 1 });
  expect(appended).toBe(2);
  expect(await counted(intake)).toBe(2n);
});

test("an event shows when its time comes, without waiting for the clock's next tick or another event", async () => {
  const intake = await open();
  const soon = { ...event("a"), at: "2025-02-01T12:00:00.5Z" };
  expect(await push(intake, soon)).toMatchObject({ accepted: 1 });
  const now = async (): Promise<unknown> => {
    const [read] = await readOnline(online, [onlineView(view)], { user: "ann" }, clock.now());
    return read?.values["n"];
  };
  // Until the followers have it; there is no other sign of it, for it does not show.
  while ((intake.states()[0]?.lag ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  clock.advanceTo(START + 100_000n);
  expect(await now()).toBe(0n);
  clock.advanceTo(START + 500_000n);
  await new Promise((resolve) => setTimeout(resolve, 50));
  clock.advanceTo(START + 500_010n);
  expect(await now()).toBe(1n);
});

test("a repetition of an event that cannot be written is not acknowledged either, and both may be sent again", async () => {
  const intake = await open();
  let fail = (): void => undefined;
  before = () =>
    new Promise((_, reject) => (fail = () => reject(Object.assign(new Error("full"), { code: "ENOSPC" }))));
  const both = [push(intake, event("a")), push(intake, event("a"))].map((each) => each.catch((thrown) => thrown));
  await new Promise((resolve) => setTimeout(resolve, 20));
  fail();
  for (const outcome of await Promise.all(both)) expect(outcome).toMatchObject({ code: "STORAGE_FULL" });
  before = async () => undefined;
  expect(await push(intake, event("a"))).toMatchObject({ accepted: 1, duplicates: 0 });
  expect(await counted(intake)).toBe(1n);
});

test("an event is acknowledged when it is in the log, although the online store cannot be written, and shows once it can", async () => {
  let isFull = false;
  const store = online;
  online = {
    ...store,
    ...("updateTogether" in store
      ? {
          async updateTogether(changes: never) {
            if (isFull) throw new Error("no room");
            return (store as never as { updateTogether(all: never): Promise<void> }).updateTogether(changes);
          },
        }
      : {}),
  };
  const intake = await open();
  isFull = true;
  expect(await push(intake, event("a"))).toMatchObject({ accepted: 1 });
  expect(await push(intake, event("a"), event("b"))).toMatchObject({ accepted: 1, duplicates: 1 });
  await expect(intake.settle()).rejects.toMatchObject({ code: "NOT_READY" });
  expect(intake.states()).toMatchObject([{ source: "clicks", lag: 2, problem: "no room" }]);
  isFull = false;
  expect(await counted(intake)).toBe(2n);
  expect(intake.states()).toMatchObject([{ lag: 0, problem: undefined }]);
  expect(await push(intake, event("b"))).toMatchObject({ duplicates: 1 });
});

test("another process brings online what was acknowledged, and no line that came to nothing", async () => {
  const intake = await open();
  await push(intake, event("a"));
  await intake.settle();
  after = () => {
    throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  // As another process finds the log in the moment before what could not be kept is taken off.
  await expect(push(intake, event("b"))).rejects.toMatchObject({ code: "STORAGE_FULL" });
  await offline.check(source);
  const other = onlineView(
    specOf(
      featureView("unknown_to_the_owner", {
        entity: entity("user", { user: t.string() }),
        source: clicks,
        features: { n: count().over(days(2)) },
      }),
    ),
  );
  expect(await foldEvents({ offline, online }, other, await keptPosition(online, source))).toMatchObject({ rows: 1 });
  after = () => undefined;
  expect(await push(intake, event("b"), event("c"))).toMatchObject({ accepted: 2 });
  expect(await counted(intake)).toBe(3n);
});

test("a damaged line is named, and nothing of the log is read", async () => {
  const first = await open();
  await push(first, event("a"), event("b"), event("c"));
  await first.close();
  const [file = ""] = (await log.files("clicks")).lines;
  const lines = readFileSync(file, "utf8").split("\n");
  for (const damaged of ['{"n":2,"at":1', "\0\0\0", '{"n":"two","at":1,"row":{}}', "[]"]) {
    writeFileSync(file, lines.with(1, damaged).join("\n"));
    await expect(open()).rejects.toMatchObject({
      code: "LOG_CORRUPT",
      message: expect.stringContaining(`Line 2 of ${file} is damaged`),
      details: { file, line: 2 },
    });
  }
  writeFileSync(file, lines.join("\n"));
  const again = await open();
  expect(await push(again, event("b"))).toMatchObject({ duplicates: 1 });
  expect(await counted(again)).toBe(3n);
});

test("whoever takes the log over clears away what a killed owner began, and what others can still read stays", async () => {
  const first = await open("one");
  await push(first, event("a"));
  const place = join(folder, "events", "clicks");
  const copies = join(place, ".copies");
  mkdirSync(copies);
  // As kill -9 leaves them: a segment with lines, one begun, one with half a line, a column file being written, and drafts of copies.
  await log.files("clicks");
  const [lines = ""] = (await log.files("clicks")).lines;
  renameSync(lines, join(place, "events.000001.open"));
  writeFileSync(join(place, "events.000002.open"), "");
  writeFileSync(join(place, "events.000007.open"), '{"n":2,"at":');
  writeFileSync(join(place, ".7f3b.tmp"), "PAR1");
  writeFileSync(join(copies, "events.000001.jsonl.7f3b"), "half");
  writeFileSync(join(copies, "events.000005.jsonl"), "of a segment that is gone\n");
  const second = await open("two", ["two"]);
  expect(readdirSync(place).sort()).toEqual([".copies", "events.000001.open"]);
  expect(readdirSync(copies)).toEqual(["events.000001.jsonl"]);
  expect(await push(second, event("a"), event("b"))).toMatchObject({ accepted: 1, duplicates: 1 });
  expect(await counted(second)).toBe(2n);
});

test("a compaction under way ends before another process may take the log over", async () => {
  let write = (): void => undefined;
  let isWriting = false;
  const engine = offline;
  offline = {
    ...engine,
    async writeParquet(sql: string, file: string) {
      isWriting = true;
      await new Promise<void>((resolve) => (write = resolve));
      return engine.writeParquet(sql, file);
    },
  };
  let tick: () => Promise<void> = async () => undefined;
  const intake = await openIntake(
    {
      offline,
      online,
      events: log,
      clock,
      compactBytes: 1,
      scheduler: {
        every(_, action) {
          tick = action;
          return () => undefined;
        },
      },
      process: { mark: "one", isAlive: () => true },
    },
    [source],
    [view],
  );
  await push(intake, event("a"));
  const ticked = tick();
  while (!isWriting) await new Promise((resolve) => setTimeout(resolve, 1));
  const closed = intake.close();
  await expect(open("two", ["one", "two"])).rejects.toMatchObject({ code: "STATE_LOCKED" });
  write();
  await Promise.all([ticked, closed]);
  expect((await log.files("clicks")).columns).toHaveLength(1);
  offline = engine;
  expect(await counted(await open("two", ["two"]))).toBe(1n);
});

test("a push that still waits for what it turned away when the intake closes appends nothing afterwards", async () => {
  const checked = pushSource("clicks", {
    columns: { click: t.string(), user: t.string(), at: t.timestamp() },
    id: "click",
    eventTime: "at",
    expect: [oneOf("user", ["ann"])],
  });
  let keep = (): void => undefined;
  let isKeeping = false;
  const intake = await openIntake(
    {
      offline,
      online,
      events: log,
      clock,
      scheduler: { every: () => () => undefined },
      process: { mark: "one", isAlive: () => true },
      turnedAway: () => {
        isKeeping = true;
        return new Promise((resolve) => (keep = resolve));
      },
    },
    [specOf(checked) as PushSpec],
    [view],
  );
  const pushed = push(intake, event("a"), event("b", "bob")).catch((thrown) => thrown);
  while (!isKeeping) await new Promise((resolve) => setTimeout(resolve, 1));
  await intake.close();
  const other = await open("two", ["two"]);
  keep();
  expect(await pushed).toMatchObject({ code: "NOT_READY" });
  expect(appended).toBe(0);
  // Nothing of it was taken, so it may be sent again.
  expect(await push(other, event("a"))).toMatchObject({ accepted: 1, duplicates: 0 });
  expect(await counted(other)).toBe(1n);
});

test("one process owns the log until it closes or is gone", async () => {
  const first = await open("one");
  await expect(open("two", ["one", "two"])).rejects.toMatchObject({ code: "STATE_LOCKED" });
  await expect(open("one")).rejects.toMatchObject({ code: "STATE_LOCKED" });
  await push(first, event("a"));
  // Dead without a word.
  const second = await open("two", ["two"]);
  expect(await push(second, event("a"), event("b"))).toMatchObject({ accepted: 1, duplicates: 1 });
  await second.close();
  const third = await open("three", ["two", "three"]);
  expect(await counted(third)).toBe(2n);
});
