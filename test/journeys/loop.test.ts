// The whole loop on a made-up project: definitions to features, a model, predictions, labels, an alert, a challenger, a promotion that a
// running server takes up, and the way back. One story, told in order, because every step stands on the one before.

import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { columnOf, type Duration, hours, seconds } from "../../src/core/core.ts";
import {
  aliasHistory,
  aliasOf,
  applyDefinitions,
  approveVersion,
  auditReads,
  auditTrail,
  listAlerts,
  listDecisions,
  listRuns,
  listVersions,
  materialize,
  moveAlias,
  rollback,
  runMonitor,
  runRetraining,
  type Serving,
  startServing,
  trainModel,
} from "../../src/platform/platform.ts";
import { DRIFT_DAY, day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";

const MODEL = "delivery_late";

describe("from definitions to a model that watches and retrains itself", () => {
  let world: World;
  let platform: WorldPlatform;
  let serving: Serving;
  const followed: Duration[] = [];
  const swaps: { readonly from: number | undefined; readonly to: number }[] = [];

  beforeAll(async () => {
    world = await deliveriesWorld();
    platform = await world.open({
      at: day(DRIFT_DAY),
      engines: (engines) => ({
        ...engines,
        scheduler: {
          every: (interval, action) => {
            followed.push(interval);
            return engines.scheduler.every(interval, action);
          },
        },
      }),
    });
  });
  afterAll(async () => {
    await serving?.close();
    await world.remove();
  });

  test("applying says what is new, and applying again has nothing to do", async () => {
    const first = await applyDefinitions(platform);
    expect(first).toHaveLength(12);
    expect(first.map(({ change }) => change)).toEqual(first.map(() => "added"));
    const second = await applyDefinitions(platform);
    expect(second.map(({ change }) => change)).toEqual(first.map(() => "unchanged"));
  });

  test("a server without a champion is up and says what to do", async () => {
    serving = await startServing(platform, { onSwap: (swap) => swaps.push(swap) });
    await expect(serving.predict(MODEL, [{ row: row("courier-1") }])).rejects.toMatchObject({
      code: "NOT_READY",
      message: expect.stringContaining("slipway train delivery_late"),
    });
  });

  test("training registers the first version, better than a constant, and makes it the champion", async () => {
    const outcome = await trainModel(platform, { model: MODEL, knownBy: day(DRIFT_DAY), withBaselines: true });
    expect(outcome).toMatchObject({ promoted: true, champion: undefined, version: { number: 1 } });
    expect(outcome.fitted.test["auc"]).toBeGreaterThan(0.8);
    expect(outcome.fitted.test["logLoss"]).toBeLessThan(outcome.fitted.baselines.constant?.["logLoss"] ?? 0);
    expect(outcome.dataset.parts.test.to).toBeLessThan(day(DRIFT_DAY));
    expect(await aliasOf(platform.registry, MODEL, "champion")).toBe(1);
    const [run] = await listRuns(platform.registry, { model: MODEL });
    expect(run).toMatchObject({ status: "finished", id: outcome.version.runId, datasets: [outcome.dataset.id] });
  });

  test("the running server takes the champion up by itself, looking at least once a second", async () => {
    await vi.waitFor(() => expect(swaps).toEqual([{ model: MODEL, from: undefined, to: 1 }]), { timeout: 20_000 });
    expect(followed).toHaveLength(1);
    expect(followed[0]).toBeLessThanOrEqual(seconds(1));
  });

  test("every order of eight days is predicted at its own time with features as they were online", async () => {
    platform.goTo(day(42));
    await materialize(platform);
    let materialized = day(42);
    const orders = await ordersBetween(platform, day(42), day(50));
    for (const { id, at, row } of orders) {
      while (at >= materialized + hours(6)) {
        materialized += hours(6);
        platform.goTo(materialized);
        await materialize(platform);
      }
      platform.goTo(at);
      const [prediction] = await serving.predict(MODEL, [{ id, row }]);
      expect(prediction).toMatchObject({ id, version: 1, at });
    }
    expect(orders.length).toBe(480);
    platform.goTo(day(50));
    await materialize(platform);
  });

  test("what was read online is what the offline join gives, for every prediction and view", async () => {
    const audit = await auditReads(platform, MODEL);
    expect(audit).toMatchObject({ predictions: 480, reads: 4 * 480, mismatches: 0 });
  });

  test("retraining waits while nothing is wrong", async () => {
    expect(await runRetraining(platform, "delivery_retrain")).toEqual({
      kind: "waiting",
      reason: "no alert is open",
    });
  });

  test("the monitor sees that inputs and outcomes are no longer those of training", async () => {
    const look = await runMonitor(platform, "delivery_health");
    expect(look.status).toBe("alert");
    expect(look.opened).toContain("performance");
    const alerts = await listAlerts(platform.registry, { monitor: "delivery_health", status: "open" });
    expect(alerts.map(({ kind }) => kind).sort()).toEqual([...look.opened].sort());
    expect((await runMonitor(platform, "delivery_health")).opened).toEqual([]);
  });

  test("the challenger wins at the gate, is promoted and answers, and no request fails meanwhile", async () => {
    const versions: number[] = [];
    const failures: unknown[] = [];
    let loading = true;
    const ask = async (worker: number): Promise<void> => {
      while (loading) {
        await serving.predict(MODEL, [{ row: row(`courier-${worker}`) }]).then(
          ([prediction]) => versions.push(prediction?.version ?? 0),
          (failure) => failures.push(failure),
        );
        await pause(10);
      }
    };
    const workers = [0, 1, 2, 3].map(ask);
    try {
      const outcome = await runRetraining(platform, "delivery_retrain");
      expect(outcome).toMatchObject({
        kind: "decided",
        decision: { verdict: "promoted", champion: 1, challenger: 2 },
        gate: { verdict: "promote" },
      });
      await vi.waitFor(() => expect(versions.at(-1)).toBe(2), { timeout: 20_000 });
    } finally {
      loading = false;
      await Promise.all(workers);
    }
    expect(failures).toEqual([]);
    expect(versions).toContain(1);
    // Requests of one worker never go back to the old version.
    expect(versions.slice(versions.indexOf(2) + workers.length)).not.toContain(1);
    expect(await listAlerts(platform.registry, { monitor: "delivery_health", status: "open" })).toEqual([]);
  });

  test("the rule does not retrain again at once", async () => {
    await runMonitor(platform, "delivery_health");
    const outcome = await runRetraining(platform, "delivery_retrain");
    expect(outcome.kind).toBe("waiting");
  });

  test("a rollback brings the first version back", async () => {
    expect(await rollback(platform.registry, MODEL, "champion", "second thoughts")).toMatchObject({ from: 2, to: 1 });
    await vi.waitFor(() => expect(serving.models()[0]?.version).toBe(1), { timeout: 20_000 });
    const [prediction] = await serving.predict(MODEL, [{ row: row("courier-2") }]);
    expect(prediction?.version).toBe(1);
    expect((await aliasHistory(platform.registry, MODEL, "champion")).map(({ from, to }) => [from, to])).toEqual([
      [2, 1],
      [1, 2],
      [null, 1],
    ]);
  });

  test("the audit trail has every step, in order", async () => {
    const trail = [...(await auditTrail(platform.registry, { limit: 1000 }))].reverse();
    const steps = trail.filter(({ action }) => !action.startsWith("alert."));
    expect(steps.map(({ action }) => action)).toEqual([
      "definitions.applied",
      "dataset.recorded",
      "version.registered",
      "alias.moved",
      "dataset.recorded",
      "version.registered",
      "decision.promoted",
      "alias.moved",
      "alias.rolled_back",
    ]);
    expect(trail.filter(({ action }) => action === "alert.resolved").length).toBeGreaterThan(0);
    expect(trail.map(({ actor }) => actor)).toEqual(trail.map(() => "tester"));
    const [decision] = await listDecisions(platform.registry, { model: MODEL });
    expect(decision?.alertIds.length).toBeGreaterThan(0);
  });

  test("after all of it, swaps and concurrent requests included, no read differs from the offline join", async () => {
    const audit = await auditReads(platform, MODEL);
    expect(audit.predictions).toBeGreaterThan(480);
    expect(audit.mismatches).toBe(0);
  });

  test("the same project with other definitions is not applied, and says which", async () => {
    const changed = await world.open({ at: day(50), changes: { windowHours: 48 } });
    const refused = {
      code: "NOT_APPLIED",
      message: expect.stringMatching(/"courier_record" is changed.*slipway apply/),
    };
    await expect(trainModel(changed, { model: MODEL })).rejects.toMatchObject(refused);
    await expect(materialize(changed)).rejects.toMatchObject(refused);
    await expect(runMonitor(changed, "delivery_health")).rejects.toMatchObject(refused);
    await expect(runRetraining(changed, "delivery_retrain", { force: true })).rejects.toMatchObject(refused);
    expect(await listVersions(platform.registry, MODEL)).toHaveLength(2);
    await changed.close();
  });

  test("a server of changed definitions refuses the old version and names what differs", async () => {
    const changed = await world.open({ at: day(50), changes: { windowHours: 48 } });
    const other = await startServing(changed);
    const refused = {
      code: "FEATURES_MISMATCH",
      message: expect.stringMatching(/feature "courier_record\.\w+" has changed/),
    };
    expect(other.models()[0]).toMatchObject({ version: undefined, problem: refused });
    await expect(other.predict(MODEL, [{ row: row("courier-1") }])).rejects.toMatchObject(refused);
    await other.close();
    await changed.close();
  });

  test("a server of the old definitions keeps its version when a champion of new ones is promoted", async () => {
    const changed = await world.open({ at: day(50), changes: { windowHours: 48, withoutLast: true } });
    await expect(applyDefinitions(changed)).rejects.toMatchObject({ code: "CHANGE_BREAKING" });
    await applyDefinitions(changed, { allowBreaking: true });
    const outcome = await trainModel(changed, { model: MODEL, knownBy: day(50) });
    expect(outcome).toMatchObject({ promoted: true, champion: 1, version: { number: 3 } });
    await vi.waitFor(() => expect(serving.models()[0]?.problem).toBeDefined(), { timeout: 20_000 });
    expect(serving.models()[0]).toMatchObject({
      version: 1,
      problem: expect.objectContaining({
        code: "FEATURES_MISMATCH",
        message: expect.stringContaining('input "last_minutes_late" is new'),
      }),
    });
    const [prediction] = await serving.predict(MODEL, [{ row: row("courier-1") }]);
    expect(prediction?.version).toBe(1);
    // The values of its own definitions are still there for it to read.
    expect(prediction?.reads.map(({ status }) => status)).toContain("present");
    expect(prediction?.reads.every(({ through }) => through !== null)).toBe(true);
    await changed.close();
  });

  test("a model that asks for an approval holds a better challenger and a trained version until somebody gives it", async () => {
    const careful = await world.open({ at: day(50), changes: { windowHours: 48, withoutLast: true, approvals: 1 } });
    expect((await applyDefinitions(careful)).filter(({ change }) => change !== "unchanged")).toEqual([
      { change: "metadata", kind: "model", name: MODEL },
    ]);
    const { registry } = careful;
    const trained = await trainModel(careful, { model: MODEL, knownBy: day(50) });
    expect(trained).toMatchObject({ promoted: false, champion: 3, held: ["0 of 1 approvals by the role approver"] });
    await registry.records.db.deleteFrom("aliases").execute();
    const outcome = await runRetraining(careful, "delivery_retrain", { force: true });
    expect(outcome).toMatchObject({
      decision: { verdict: "held", reason: expect.stringMatching(/Held: 0 of 1 approvals by the role approver\.$/) },
    });
    const number = outcome.kind === "decided" ? (outcome.decision.challenger ?? 0) : 0;
    const move = { model: MODEL, alias: "champion", version: number, reason: "approved" };
    await expect(moveAlias(registry, move)).rejects.toMatchObject({ code: "GATE_FAILED" });
    await approveVersion({ ...registry, actor: "ana" }, { ...move, role: "approver" });
    await moveAlias(registry, move);
    expect((await aliasHistory(registry, MODEL, "champion"))[0]).toMatchObject({
      to: number,
      approvals: ["ana"],
      gates: [{ passed: true }],
    });
    await careful.close();
  });
});

function row(courier: string): Readonly<Record<string, unknown>> {
  return { courier, city: "city-1", distance_km: 25.5, items: 2, founded: 1991 };
}

interface Order {
  readonly id: string;
  readonly at: bigint;
  readonly row: Readonly<Record<string, unknown>>;
}

async function ordersBetween({ engines, root }: WorldPlatform, from: bigint, to: bigint): Promise<readonly Order[]> {
  const { offline } = engines;
  const orders: Order[] = [];
  const file = offline.dialect.text(`${root}/data/orders.parquet`);
  const sql = `SELECT order_id, epoch_us(ordered_at)::BIGINT AS at, courier, city, distance_km, items, founded FROM read_parquet(${file}) WHERE epoch_us(ordered_at) >= ${from} AND epoch_us(ordered_at) < ${to} ORDER BY 2`;
  for await (const table of offline.stream(sql))
    for (let index = 0; index < table.rowCount; index += 1) {
      const cell = (name: string): unknown => {
        const { validity, values } = columnOf(table, name);
        return validity && ((validity[index >> 3] ?? 0) & (1 << (index & 7))) === 0 ? null : values[index];
      };
      const [courier, city, distance_km, items, founded] = ["courier", "city", "distance_km", "items", "founded"].map(
        cell,
      );
      orders.push({
        id: String(cell("order_id")),
        at: cell("at") as bigint,
        row: { courier, city, distance_km, items, founded },
      });
    }
  return orders;
}
