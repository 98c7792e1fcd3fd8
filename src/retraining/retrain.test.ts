// When a rule waits and when it acts; what acting is worth is the gate's affair, and the whole of it is told in test/journeys.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { days, hours, parseInstant, SlipwayError } from "../core/core.ts";
import {
  alertFrom,
  auc,
  byTime,
  model,
  monitor,
  parquet,
  random,
  retrain,
  specOf,
  t,
  xgboost,
} from "../define/define.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { randomBytes, replayClock } from "../engines/system/system.ts";
import { testDatabase } from "../records/database.fixture.ts";
import { openRecords } from "../records/records.ts";
import {
  aliasOf,
  listAlerts,
  listDecisions,
  moveAlias,
  type RegistryContext,
  recordAlert,
  registerVersion,
} from "../registry/registry.ts";
import type { TrainingContext } from "../training/training.ts";
import { challengerBounds, decidesNothing, runRetrain } from "./retrain.ts";

const rows = parquet("rows", {
  path: "rows.parquet",
  columns: { key: t.string(), at: t.timestamp(), km: t.float64(), late: t.bool() },
  id: "key",
  eventTime: "at",
});
const delay = model("delay", {
  rows,
  features: [],
  request: { km: t.float64() },
  label: rows.late,
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: days(1), test: days(1) }),
  metrics: [auc()],
});
const health = monitor("health", { model: delay, every: hours(24) });
const rule = specOf(retrain("again", { model: delay, when: [alertFrom(health)], promote: { better: "auc" } }));

let folder: string;
let registry: RegistryContext;
let clock: ReturnType<typeof replayClock>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-retrain-"));
  clock = replayClock(parseInstant("2025-01-01"));
  registry = {
    records: await openRecords(await testDatabase(folder)),
    blobs: fileBlobs(join(folder, "blobs")),
    clock,
    random: randomBytes,
    actor: "test",
  };
});
afterEach(async () => {
  await registry.records.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A context whose training stops at its first step, the check of the sources. */
const stoppingWith = (problem: Error): TrainingContext =>
  ({ registry, requireSources: () => Promise.reject(problem) }) as unknown as TrainingContext;

const reached = new SlipwayError("TRAINING_SET_EMPTY", "training was begun");
const run = (problem: Error = reached, force?: boolean) =>
  runRetrain(stoppingWith(problem), rule, specOf(delay), clock.now(), force === undefined ? {} : { force });

async function champion(): Promise<void> {
  const { number } = await registerVersion(registry, {
    model: "delay",
    runId: null,
    datasetId: null,
    definitionsHash: "d",
    artifact: new TextEncoder().encode("a model"),
    format: "text",
    bestRound: 1,
    inputs: [],
    features: {},
    metrics: {},
    profile: [],
    environment: {},
  });
  await moveAlias(registry, { model: "delay", alias: "champion", version: number, reason: "first" });
}

const alert = (): Promise<unknown> =>
  recordAlert(registry, {
    monitor: "health",
    model: "delay",
    version: 1,
    windowFrom: clock.now() - days(7),
    windowTo: clock.now(),
    kind: "performance",
    severity: "critical",
    evidence: {},
  });
const openAlerts = async (): Promise<number> => (await listAlerts(registry, { status: "open" })).length;

test("a challenger's parts are apart by the model's gap, and validation learns no outcome of the gate's window", () => {
  const lengths = { gateWindow: days(7), validate: days(14) };
  const now = parseInstant("2025-01-31");
  const parts = { validateFrom: parseInstant("2025-01-10"), testFrom: parseInstant("2025-01-24"), validateKnown: true };
  const expected = { ...parts, until: now, knownBy: now };
  expect(challengerBounds(lengths, specOf(delay), now)).toEqual(expected);
  const apart = byTime({ validate: days(1), test: days(1), gap: days(2) });
  expect(challengerBounds(lengths, { split: apart }, now)).toEqual({ ...expected, gap: days(2) });
  const shares = random({ validate: 0.1, test: 0.1 });
  expect(challengerBounds(lengths, { split: shares }, now)).toEqual(expected);
});

test("waits while no alert is open", async () => {
  await champion();
  expect(await run()).toEqual({ kind: "waiting", reason: "no alert is open" });
});

test("waits until the champion is old enough, and says until when", async () => {
  await champion();
  await alert();
  expect(await run()).toEqual({
    kind: "waiting",
    reason: "the last version was made on 2025-01-01T00:00:00Z; the next may come 28d after it",
  });
  clock.advanceTo(parseInstant("2025-01-28T23:59:59Z"));
  expect(await run()).toMatchObject({ kind: "waiting" });
  clock.advanceTo(parseInstant("2025-01-29"));
  await expect(run()).rejects.toThrow("training was begun");
});

test("needs neither an alert nor the time when it is forced", async () => {
  await champion();
  await expect(run(reached, true)).rejects.toThrow("training was begun");
});

test("short of data, it decides nothing and the alerts stay open", async () => {
  await alert();
  await expect(run()).rejects.toMatchObject({ code: "TRAINING_SET_EMPTY" });
  expect(await listDecisions(registry)).toEqual([]);
  expect(await openAlerts()).toBe(1);
});

test("short of data only once it has fitted, it decides: it would fit in full at every round", () => {
  const single = new SlipwayError("LABEL_SINGLE_CLASS", "one class");
  expect(decidesNothing(single, false)).toBe(true);
  expect(decidesNothing(single, true)).toBe(false);
  expect(decidesNothing(new SlipwayError("CANCELLED", "stopped"), true)).toBe(true);
  expect(decidesNothing(new Error("out of memory"), false)).toBe(false);
});

test("a training that fails is a decision that answers the alerts and leaves the champion", async () => {
  await champion();
  await alert();
  clock.advanceTo(parseInstant("2025-03-01"));
  await expect(run(new Error("out of memory"))).rejects.toThrow("out of memory");
  expect(await listDecisions(registry)).toMatchObject([
    { verdict: "failed", challenger: null, champion: 1, reason: "Training failed: out of memory" },
  ]);
  expect(await openAlerts()).toBe(0);
  expect(await aliasOf(registry, "delay", "champion")).toBe(1);
  // Still there when the cool-down is over, it is open again.
  clock.advanceTo(parseInstant("2025-03-02"));
  await alert();
  expect(await run()).toMatchObject({ kind: "waiting", reason: expect.stringContaining("2025-03-01") });
});
