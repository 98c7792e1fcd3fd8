// kill -9 while events are pushed. Each child opens the log, says what it finds, and pushes until it is killed; what was acknowledged must be
// found by the next one, once, offline and online alike. SLIPWAY_TEST_KILLS sets how often.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { endOf } from "./child-process.fixture.ts";

const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 25);

const START = Date.now() - 86_400_000;

/** After how many events a life only waits to be killed. */
const LONGEST = 20_000;

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** The sources as JavaScript: a life should be spent pushing, not on being compiled. Below node_modules, so that packages are found. */
let compiled: string;
beforeAll(() => {
  compiled = mkdtempSync(join(repository, "node_modules", ".push-kill-"));
  const tsc = join(repository, "node_modules", ".bin", "tsc");
  execFileSync(tsc, ["-p", "tsconfig.build.json", "--outDir", compiled], { cwd: repository });
  return () => rmSync(compiled, { recursive: true, force: true });
}, 300_000);

const door = (path: string): string => JSON.stringify(pathToFileURL(join(compiled, path.replace(/ts$/, "js"))).href);

/** A life: says what it finds, then pushes without end; some pushes repeat what earlier ones may or may not have sent. */
const life = (root: string, number: number): string => `
  import { days } from ${door("core/core.ts")};
  import { count, entity, featureView, pushSource, specOf, sum, t } from ${door("define/define.ts")};
  import { duckdb } from ${door("engines/duckdb/duckdb.ts")};
  import { fileEventLog } from ${door("engines/files/files.ts")};
  import { lmdbStore } from ${door("engines/lmdb/lmdb.ts")};
  import { holdFile, isFileHeld } from ${door("engines/sqlite/sqlite.ts")};
  import { markedProcess, systemClock, systemScheduler } from ${door("engines/system/system.ts")};
  import { onlineView, readOnline } from ${door("features/features.ts")};
  import { openIntake } from ${door("ingest/ingest.ts")};
  const say = (text) => process.stdout.write(text + "\\n");
  const root = ${JSON.stringify(root)};
  const source = pushSource("clicks", {
    columns: { click: t.string(), user: t.string(), amount: t.int64(), at: t.timestamp() },
    eventTime: "at",
    id: "click",
  });
  const view = specOf(featureView("by_user", {
    entity: entity("user", { user: t.string() }),
    source,
    features: { clicks: count().over(days(30)), amount: sum(source.amount).over(days(30)) },
  }));
  const events = fileEventLog(root + "/events", { fsync: ${number % 4 === 0} });
  const offline = await duckdb({ root, temporaryFolder: root + "/tmp", threads: 1, events });
  const online = lmdbStore(root + "/online", { durable: false });
  const clock = systemClock();
  const intake = await openIntake(
    { offline, online, events, clock, compactBytes: 20_000, scheduler: systemScheduler(), process: markedProcess(root + "/processes", { hold: holdFile, isHeld: isFileHeld }) },
    [specOf(source)],
    [view],
  );
  const found = { clicks: {}, twice: [], users: {} };
  const lives = new Map();
  await offline.check(specOf(source));
  for await (const { rowCount, columns } of offline.stream('SELECT click, "user", amount FROM ' + offline.dialect.scan(specOf(source))))
    for (let row = 0; row < rowCount; row += 1) {
      const [life, n] = columns[0].values[row].split("-").map(Number);
      const seen = lives.get(life) ?? lives.set(life, new Set()).get(life);
      if (seen.has(n)) found.twice.push(life + "-" + n);
      seen.add(n);
    }
  for (const [life, seen] of lives) {
    // As stretches: every event by name would grow to a hundred megabytes that the listener must read while more are pushed.
    const stretches = (found.clicks[life] = []);
    for (const n of [...seen].sort((a, b) => a - b)) {
      const last = stretches.at(-1);
      if (last?.[1] === n - 1) last[1] = n;
      else stretches.push([n, n]);
    }
  }
  for (let user = 0; user < 5; user += 1) {
    const [read] = await readOnline(online, [onlineView(view)], { user: "u" + user }, clock.now());
    found.users["u" + user] = [Number(read.values.clicks), Number(read.values.amount ?? 0)];
  }
  say("found " + JSON.stringify(found));
  const number = ${number};
  // The same in every life, for the same event has the same content.
  const START = ${START};
  const timed = (life, n) => ({
    click: life + "-" + n,
    user: "u" + (n % 5),
    amount: n,
    at: new Date(START + n).toISOString(),
  });
  let n = 0;
  const pusher = async (size) => {
    while (n < ${LONGEST}) {
      const first = n;
      n += size;
      const batch = Array.from({ length: size }, (_, place) => timed(number, first + place));
      // Of the life before, whatever became of it.
      if (number > 0 && first % 3 === 0) batch.push(timed(number - 1, first));
      const [outcome] = await intake.push([{ source: "clicks", events: batch }]);
      if (outcome.rejected.length > 0) say("rejected " + JSON.stringify(outcome.rejected));
      say("safe " + batch.map(({ click }) => click).join(" "));
    }
  };
  setInterval(() => undefined, 1e6);
  for (const size of [1, 7, 40]) pusher(size).catch((thrown) => say("failed " + thrown.stack));
`;

test("what was acknowledged is there once, offline and online, however often the process is killed", {
  timeout: 120_000 + KILLS * 10_000,
}, async () => {
  const root = mkdtempSync(join(tmpdir(), "slipway-push-kill-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const safe = new Set<string>();
  let lastFound = 0;
  for (let kill = 0; kill <= KILLS; kill += 1) {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", life(root, kill)], {
      cwd: repository,
      stdio: ["ignore", "pipe", "pipe"],
    });
    // The golden ratio spreads the moments without chance; some fall before the log is open.
    onTestFinished(() => void child.kill("SIGKILL"));
    const wait = Math.round(((kill * 0.618_034) % 1) * 260);
    let begun = false;
    const isEarly = kill % 5 === 4;
    if (isEarly) setTimeout(() => child.kill("SIGKILL"), 100 + 3 * wait);
    const end = await endOf(child, (line) => {
      if (isEarly || begun || !line.startsWith("safe")) return;
      begun = true;
      setTimeout(() => child.kill("SIGKILL"), wait);
    });
    if (end.signal !== "SIGKILL")
      throw new Error(`The child ended by itself: ${end.complaints || end.lines.join("\n")}`);
    expect(end.lines.filter((line) => line.startsWith("rejected") || line.startsWith("failed"))).toEqual([]);
    const report = end.lines.find((line) => line.startsWith("found "));
    if (report !== undefined) {
      lastFound = kill;
      const { clicks, twice, users } = JSON.parse(report.slice(6)) as {
        readonly clicks: Readonly<Record<string, readonly (readonly [first: number, last: number])[]>>;
        readonly twice: readonly string[];
        readonly users: Readonly<Record<string, readonly [number, number]>>;
      };
      expect(twice).toEqual([]);
      const lost = new Set(safe);
      const wanted: Record<string, [number, number]> = {};
      for (let user = 0; user < 5; user += 1) wanted[`u${user}`] = [0, 0];
      for (const [life, stretches] of Object.entries(clicks))
        for (const [first, last] of stretches)
          for (let n = first; n <= last; n += 1) {
            lost.delete(`${life}-${n}`);
            const own = wanted[`u${n % 5}`] as [number, number];
            own[0] += 1;
            own[1] += n;
          }
      expect([...lost]).toEqual([]);
      expect(users).toEqual(wanted);
    }
    for (const line of end.lines)
      if (line.startsWith("safe ")) for (const click of line.slice(5).split(" ")) safe.add(click);
  }
  // Of all those killed, what the last one or two left: each life clears away what it finds.
  const place = join(root, "events", "clicks");
  const begun = readdirSync(place).filter(
    (name) => name.endsWith(".tmp") || (name.endsWith(".open") && statSync(join(place, name)).size === 0),
  );
  const drafts = existsSync(join(place, ".copies"))
    ? readdirSync(join(place, ".copies")).filter((name) => !name.endsWith(".jsonl"))
    : [];
  expect([...begun, ...drafts].length).toBeLessThanOrEqual(4);
  expect(safe.size).toBeGreaterThan(KILLS);
  expect(lastFound).toBeGreaterThan(0);
});
