// A canary's share that goes up by itself: what sends it on, what sends it back, and that one of many servers moves it.

import { afterEach, beforeEach, expect, it, test } from "vitest";
import { type Instant, minutes, seconds } from "../core/core.ts";
import { aliasOf, recordAlert, routeHistory, routeOf } from "../registry/registry.ts";
import { newTally, type ServedModel, type Serving, type VersionTally } from "../serving/serving.ts";
import type { Platform } from "./open.ts";
import { applyDefinitions, rampModel, routeModel, showRamp, stepRamps, watchRamps } from "./platform.ts";
import { type RidesWorld, registered, ridesDefinitions, ridesNow, ridesWorld } from "./rides.fixture.ts";

const MODEL = "rich_ride";
let world: RidesWorld;
let opened: Platform;
let now: Instant;
let platform: Platform;

/** The platform as a server that calls itself by `pid`, with a clock that a test moves. */
function server(pid: number): Platform {
  const clock = { ...opened.engines.clock, now: () => now };
  return {
    ...opened,
    registry: { ...opened.registry, clock },
    engines: {
      ...opened.engines,
      clock,
      process: { mark: JSON.stringify({ pid, host: "here" }), isAlive: () => true, hold: () => undefined },
    },
  };
}

beforeEach(async () => {
  world = ridesWorld();
  opened = await world.open(ridesDefinitions());
  await applyDefinitions(opened);
  now = ridesNow;
  platform = server(1);
  await registered(platform, ["champion"]);
  await registered(platform, []);
});
afterEach(() => world.remove());

/** A server's serving, of which a ramp sees how it stands and what was counted. */
function answering(): {
  readonly serving: Serving;
  readonly tallies: Map<number, VersionTally>;
  problem: string | undefined;
  weight: number;
} {
  const tallies = new Map([1, 2].map((version) => [version, newTally()]));
  const state = {
    tallies,
    problem: undefined as string | undefined,
    weight: 1,
    serving: {
      models: () => [
        {
          model: { name: MODEL },
          version: 1,
          tallies,
          route: {
            canary: { version: 2, weight: state.weight, problem: state.problem && { message: state.problem } },
            shadow: undefined,
          },
        } as unknown as ServedModel,
      ],
    } as unknown as Serving,
  };
  return state;
}

const start = (more: Partial<Parameters<typeof rampModel>[1]> = {}) =>
  rampModel(platform, { model: MODEL, canary: 2, steps: [1, 5, 100], every: minutes(10), reason: "try it", ...more });
const weight = async (): Promise<number | undefined> => (await routeOf(platform.registry, MODEL)).canary?.weight;

/** Adds answers to a tally: its buckets grow by a quarter from 0.05 ms on. */
function note(tally: VersionTally, rows: number, ms: number): void {
  tally.answered += rows;
  const place = Math.ceil(Math.log(ms / 0.05) / Math.log(1.25));
  tally.times[place] = (tally.times[place] ?? 0) + rows;
}

/** Has both versions answer, each within its milliseconds, in a server whose watch runs before and after. */
async function answers(
  state: ReturnType<typeof answering>,
  watch: () => Promise<void>,
  {
    canary = 200,
    champion = 1000,
    failed = 0,
    ms = 1,
  }: { canary?: number; champion?: number; failed?: number; ms?: number } = {},
): Promise<void> {
  state.weight = (await weight()) ?? 0;
  await watch();
  const { tallies } = state;
  const [one, two] = [tallies.get(1) ?? newTally(), tallies.get(2) ?? newTally()];
  note(one, champion, 1);
  note(two, canary, ms);
  two.failed += failed;
  await watch();
}

test("a share goes up when its time is over and enough was answered, and the last step makes the version champion", async () => {
  const state = answering();
  const watch = watchRamps(platform, state.serving);
  await start();
  expect(await weight()).toBe(1);
  await answers(state, watch, { canary: 99 });
  now += minutes(9);
  await stepRamps(platform);
  expect([await weight(), (await showRamp(platform, MODEL))?.reason]).toEqual([
    1,
    expect.stringMatching(/1 % until its time is over/),
  ]);
  now += minutes(1);
  await stepRamps(platform);
  expect([await weight(), (await showRamp(platform, MODEL))?.reason]).toEqual([
    1,
    expect.stringMatching(/until it has answered 100 predictions: 99 answered, 0 failed/),
  ]);
  await answers(state, watch, { canary: 1 });
  await stepRamps(platform);
  expect(await weight()).toBe(5);
  // What was seen at the step before does not count for this one.
  now += minutes(10);
  await stepRamps(platform);
  expect(await weight()).toBe(5);
  await answers(state, watch);
  await stepRamps(platform);
  expect(await weight()).toBe(100);
  await answers(state, watch, { champion: 0 });
  now += minutes(10);
  expect(await stepRamps(platform)).toMatchObject([{ moved: true, ramp: { status: "promoted" } }]);
  expect(await aliasOf(platform.registry, MODEL, "champion")).toBe(2);
  expect((await routeOf(platform.registry, MODEL)).canary).toBeNull();
  const moves = await routeHistory(platform.registry, MODEL);
  expect(moves.map(({ to }) => to.canary?.weight ?? null)).toEqual([null, 100, 5, 1]);
  expect(moves[1]?.reason).toMatch(
    /^ramp: 100 % after 5 %: 200 answered, 0 failed, 95 % within [\d.]+ ms; the champion 3000 answered/,
  );
  expect(await stepRamps(platform)).toEqual([]);
});

test.each<
  [
    why: string,
    told: RegExp,
    make: (state: ReturnType<typeof answering>, watch: () => Promise<void>) => Promise<unknown>,
  ]
>([
  [
    "it fails more often",
    /version 2 fails more often: 200 answered, 5 failed/,
    (state, watch) => answers(state, watch, { failed: 5 }),
  ],
  [
    "it is slower",
    /version 2 is slower: 200 answered, 0 failed, 95 % within/,
    (state, watch) => answers(state, watch, { ms: 20 }),
  ],
  [
    "an alert is open",
    /an alert is open: rich_health \(drift\)/,
    async (state, watch) => {
      await answers(state, watch);
      await recordAlert(platform.registry, {
        monitor: "rich_health",
        model: MODEL,
        version: 1,
        windowFrom: now - minutes(1),
        windowTo: now,
        kind: "drift",
        severity: "warning" as const,
        evidence: {},
      });
    },
  ],
  [
    "a server cannot load it",
    /version 2 cannot be loaded: its bytes are gone/,
    async (state, watch) => {
      state.problem = "its bytes are gone";
      await answers(state, watch);
    },
  ],
])("it goes back to nothing at once when %s, and the audit says so", async (_, told, make) => {
  const state = answering();
  await start();
  await make(state, watchRamps(platform, state.serving));
  now += seconds(1);
  await stepRamps(platform);
  expect(await routeOf(platform.registry, MODEL)).toMatchObject({ canary: { version: 2, weight: 0 } });
  expect(await showRamp(platform, MODEL)).toMatchObject({ status: "rolled back", reason: expect.stringMatching(told) });
  const [newest] = await routeHistory(platform.registry, MODEL);
  expect(newest?.reason).toMatch(/^ramp: back to 0 %, for /);
  now += minutes(60);
  expect(await stepRamps(platform)).toEqual([]);
  expect(await weight()).toBe(0);
});

test.each([
  ["few failures", { failed: 2 }],
  ["failures that are within the bound", { canary: 2000, failed: 10 }],
  ["a time that is within the bound", { ms: 1.9 }],
  ["a time of which too little is known", { canary: 50, ms: 20 }],
])("it stays for %s", async (_, seen) => {
  const state = answering();
  await start();
  await answers(state, watchRamps(platform, state.serving), seen);
  await stepRamps(platform);
  expect([await weight(), (await showRamp(platform, MODEL))?.status]).toEqual([1, "running"]);
});

it("survives a restart, and adds up what several servers saw", async () => {
  await start();
  const [one, two] = [answering(), answering()];
  await answers(one, watchRamps(server(1), one.serving), { canary: 60 });
  await answers(two, watchRamps(server(2), two.serving), { canary: 60 });
  now += minutes(10);
  // Neither of those that saw it is there any more.
  await stepRamps(server(3));
  expect(await weight()).toBe(5);
});

it("is moved by one of many servers that look at once", async () => {
  await start();
  const state = answering();
  await answers(state, watchRamps(platform, state.serving));
  now += minutes(10);
  const looks = await Promise.all([1, 2, 3, 4, 5].map((pid) => stepRamps(server(pid))));
  expect(looks.flatMap((look) => look ?? []).filter(({ moved }) => moved)).toHaveLength(1);
  expect((await routeHistory(platform.registry, MODEL)).map(({ to }) => to.canary?.weight)).toEqual([5, 1]);
});

it("ends when somebody moves the route, and leaves it where it is", async () => {
  await start();
  await routeModel(platform, { model: MODEL, canary: { version: 2, weight: 40 }, reason: "enough" });
  now += minutes(10);
  await stepRamps(platform);
  expect([await weight(), (await showRamp(platform, MODEL))?.status]).toEqual([40, "ended"]);
});

it("stays with a last step below 100", async () => {
  await start({ steps: [25] });
  const state = answering();
  await answers(state, watchRamps(platform, state.serving));
  now += minutes(10);
  await stepRamps(platform);
  expect([await weight(), (await showRamp(platform, MODEL))?.status]).toEqual([25, "finished"]);
});

it("is not begun with steps that do not go up, an unknown version, a route that was moved, or while an alert is open", async () => {
  await expect(start({ steps: [5, 5] })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(start({ steps: [5, 101] })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(start({ canary: 9 })).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  await expect(start({ expect: 3 })).rejects.toMatchObject({ code: "STATE_LOCKED" });
  expect(await showRamp(platform, MODEL)).toBeUndefined();
  const alert = {
    monitor: "rich_health",
    model: MODEL,
    version: 1,
    windowFrom: now,
    windowTo: now,
    kind: "drift",
    severity: "warning" as const,
    evidence: {},
  };
  await recordAlert(platform.registry, alert);
  await expect(start()).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining("rich_health"),
  });
  expect(await weight()).toBeUndefined();
});
