// Several processes on one project's records. They are one process here, told apart by the marks that they call themselves by.

import { afterEach, beforeEach, expect, test } from "vitest";
import { days, type Instant, seconds } from "../core/core.ts";
import { endLease, isHeld, listMonitorRuns, takeLease } from "../registry/registry.ts";
import type { Platform } from "./open.ts";
import { applyDefinitions, holdServer, keepFresh, materialize, type WatchRound } from "./platform.ts";
import { type RidesWorld, registered, ridesDefinitions, ridesNow, ridesWorld, writeRides } from "./rides.fixture.ts";

let world: RidesWorld;
let platform: Platform;
beforeEach(async () => {
  world = ridesWorld();
  platform = await world.open(ridesDefinitions());
  await writeRides(platform, world.folder);
  await applyDefinitions(platform);
});
afterEach(() => world.remove());

const as = (pid: number): Platform => ({
  ...platform,
  engines: {
    ...platform.engines,
    process: { mark: JSON.stringify({ pid, host: "here" }), isAlive: () => true, hold: () => undefined },
  },
});

test("a monitor that is due is run by one of many that watch", async () => {
  await registered(platform, ["champion"]);
  const rounds = [0, 0, 0];
  const failures: unknown[] = [];
  const stops = rounds.map((_, n) =>
    keepFresh(as(n), {
      every: seconds(1) / 100n,
      onRound: () => {
        rounds[n] = (rounds[n] ?? 0) + 1;
      },
      onFailure: (failure) => failures.push(failure),
    }),
  );
  await expect.poll(() => rounds.reduce((sum, each) => sum + each, 0), { timeout: 30_000 }).toBeGreaterThan(6);
  for (const stop of stops) stop();
  const looks = await platform.registry.records.db.selectFrom("monitor_runs").select("monitor").execute();
  expect(looks).toEqual([{ monitor: "rich_health" }]);
  expect(failures).toEqual([]);
  // A round that was under way when it was told to stop still ends.
  await expect
    .poll(async () => await takeLease(platform.registry, "watch", as(9).engines.process), { timeout: 30_000 })
    .toBeUndefined();
});

test("what a process found is not recorded once another one has taken over the watch", async () => {
  await registered(platform, ["champion"]);
  const { registry } = platform;
  const [slow, other] = [as(1), as(2)];
  const { offline } = slow.engines;
  const check = async (source: Parameters<typeof offline.check>[0]): Promise<void> => {
    await offline.check(source);
    const { mark } = slow.engines.process;
    if (!(await isHeld(registry, { name: "watch", mark }))) return;
    await endLease(registry, "watch", slow.engines.process);
    await takeLease(registry, "watch", other.engines.process);
  };
  const slept = { ...slow, engines: { ...slow.engines, offline: { ...offline, check } } };
  const rounds: WatchRound[] = [];
  const stop = keepFresh(slept, { every: seconds(1) / 100n, onRound: (round) => rounds.push(round) });
  await expect.poll(() => rounds.length, { timeout: 30_000 }).toBeGreaterThan(0);
  stop();
  expect(rounds[0]).toMatchObject({ looks: [], failures: [{ code: "STATE_LOCKED" }] });
  expect(await listMonitorRuns(registry)).toEqual([]);
});

test("a second server is told who serves, on SQLite; on Postgres there may be many", async () => {
  const end = await holdServer(as(41));
  const second = holdServer(as(42));
  if (platform.registry.records.kind === "postgres") await (await second)();
  else
    await expect(second).rejects.toMatchObject({
      code: "STATE_LOCKED",
      message: expect.stringMatching(/served by process 41 on here, since .*Z\. Stop it first, choose another --state/),
      details: { pid: 41, host: "here" },
    });
  await end();
  await (await holdServer(as(42)))();
});

test("a clock that is to start before what is online starts there, and says so", async () => {
  await materialize(platform);
  const told: Instant[] = [];
  const opened = (startAt: Instant): Promise<Platform> =>
    world.open(ridesDefinitions(), { startAt, onLaterStart: (later) => told.push(later) });
  const { clock } = (await opened(ridesNow - days(3))).engines;
  expect(told).toEqual([ridesNow]);
  expect(clock.now() >= ridesNow && clock.now() < ridesNow + days(1)).toBe(true);
  await opened(ridesNow + days(3));
  expect(told).toEqual([ridesNow]);
});
