// A study that another process took over while the first one slept: who lost it stops, and neither ends it nor adds to it.

import { afterEach, beforeEach, expect, test } from "vitest";
import {
  applyDefinitions,
  getRun,
  showStudy,
  type TuneOutcome,
  type TuneRequest,
  tuneModel,
} from "../../src/platform/platform.ts";
import { testDatabase } from "../../src/records/database.fixture.ts";
import { childRuns } from "../../src/registry/registry.ts";
import { float, space } from "../../src/tuning/tuning.ts";
import { deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";

const asked = { model: "delivery_late", space: space({ eta: float(0.05, 0.5) }), seed: 1 };
let world: World;
let platform: WorldPlatform;
/** What the searches of a process that `sleeping` made are to do every while. */
let ticks: (() => Promise<void>)[];

beforeEach(async () => {
  world = await deliveriesWorld();
  const database = await testDatabase(world.root);
  platform = await world.open({ engines: (engines) => ({ ...engines, database }) });
  await applyDefinitions(platform);
  ticks = [];
}, 120_000);
afterEach(async () => {
  await platform.close();
  await world.remove();
});

/** The platform with timers that go off when a test says so. */
function sleeping(): WorldPlatform {
  const every = (_: bigint, action: () => Promise<void>) => {
    ticks.push(action);
    return () => undefined;
  };
  return { ...platform, engines: { ...platform.engines, scheduler: { every } } };
}

/** The platform as another machine's process has it. */
function elsewhere(): WorldPlatform {
  const { process } = platform.engines;
  const mark = JSON.stringify({ ...(JSON.parse(process.mark) as object), host: "elsewhere", pid: 99 });
  return { ...platform, engines: { ...platform.engines, process: { ...process, mark, isAlive: () => true } } };
}

/** Begins a search that sleeps for longer than its lease after its second trial, while another process takes the study over. */
function takenOver(first: Partial<TuneRequest>, second: Partial<TuneRequest>) {
  let run = "";
  let other: Promise<TuneOutcome> | undefined;
  const one = tuneModel(sleeping(), {
    ...asked,
    ...first,
    onStudy(study) {
      run = study.run;
    },
    onTrial({ number }) {
      if (number !== 1) return;
      other = platform.registry.records.db
        .updateTable("leases")
        .set({ until: 0 })
        .execute()
        .then(() => tuneModel(elsewhere(), { ...asked, resume: run, ...second }));
      other.catch(() => undefined);
    },
  });
  return { one, other: () => other as Promise<TuneOutcome>, run: () => run };
}

async function expectWhole(run: string, trials: number): Promise<void> {
  expect((await getRun(platform.registry, run)).status).toBe("finished");
  const numbers = Array.from({ length: trials }, (_, number) => number);
  expect((await showStudy(platform, run)).trials.map(({ number }) => number)).toEqual(numbers);
  const ended = (await childRuns(platform.registry, run)).filter(({ status }) => status === "finished");
  expect(ended.map(({ name }) => name).sort()).toEqual(numbers.map((number) => `trial ${number}`));
}

test("who lost a study begins and counts no more trials of it and does not end it, before any timer told it so", async () => {
  const { one, other, run } = takenOver({ trials: 4 }, { trials: 8 });
  await expect(one).rejects.toMatchObject({
    code: "STATE_LOCKED",
    message: expect.stringMatching(/was taken over by another process/),
  });
  await expect(other()).resolves.toMatchObject({ run: run(), trials: { length: 8 } });
  await expectWhole(run(), 8);
}, 120_000);

test("who is told to stop after it lost a study leaves the study to the other one", async () => {
  const stop = new AbortController();
  const { one, other, run } = takenOver(
    { trials: 12, signal: stop.signal },
    { trials: 5, onStudy: () => stop.abort(new Error("enough")) },
  );
  await expect(one).rejects.toMatchObject({ code: "STATE_LOCKED" });
  await expect(other()).resolves.toMatchObject({ trials: { length: 5 } });
  await expectWhole(run(), 5);
}, 120_000);

test("a renewal that finds the study to be another one's stops the search", async () => {
  const reasons: unknown[] = [];
  const search = tuneModel(sleeping(), {
    ...asked,
    trials: 1000,
    async onTrial({ number }) {
      if (number !== 1) return;
      await platform.registry.records.db.updateTable("leases").set({ holder: "another" }).execute();
      for (const tick of ticks) await tick();
    },
  }).catch((thrown: unknown) => reasons.push(thrown));
  await search;
  expect(reasons).toMatchObject([{ code: "STATE_LOCKED" }]);
}, 120_000);

test("a search whose lease cannot be renewed for as long as it lasts ends, with what went wrong", async () => {
  const { records } = platform.registry;
  let isDown = false;
  const db = new Proxy(records.db, {
    get(target, name) {
      if (name === "updateTable" && isDown)
        return (table: string) => {
          if (table === "leases") throw new Error("no route to the records");
          return target.updateTable(table as never);
        };
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const cut = { ...sleeping(), registry: { ...platform.registry, records: { ...records, db } } };
  let run = "";
  const search = tuneModel(cut, {
    ...asked,
    trials: 1000,
    onStudy(study) {
      run = study.run;
    },
    async onTrial({ number }) {
      if (number > 0) return;
      isDown = true;
      for (let tick = 0; tick < 3; tick += 1) for (const action of ticks) await action();
    },
  });
  await expect(search).rejects.toMatchObject({
    code: "RECORDS_UNAVAILABLE",
    message: expect.stringMatching(/no route to the records/),
  });
  expect((await getRun(platform.registry, run)).status).toBe("failed");
}, 120_000);
