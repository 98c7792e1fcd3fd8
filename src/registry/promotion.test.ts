import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { auc, logLoss, type PromotionOptions, promotionOf } from "../define/define.ts";
import { toJson } from "../records/records.ts";
import { newVersion, type TestRegistry, testRegistry } from "./registry.fixture.ts";
import {
  aliasHistory,
  aliasOf,
  approveVersion,
  moveAlias,
  promotionStanding,
  recordDecision,
  registerVersion,
  rollback,
  withdrawApproval,
} from "./registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

async function apply(promotion: PromotionOptions): Promise<void> {
  const { db } = registry.records;
  await db.updateTable("definitions_applied").set({ superseded_at: 1 }).where("superseded_at", "is", null).execute();
  await db
    .insertInto("definitions_applied")
    .values({
      ...{ project: "p", hash: "h", kind: "model", name: "delay", applied_at: 0, superseded_at: null },
      spec: toJson({ kind: "model", name: "delay", promotion: promotionOf("delay", promotion) }),
    })
    .execute();
}

const register = (metrics: Readonly<Record<string, number>>) =>
  registerVersion(registry, newVersion(JSON.stringify(metrics), { metrics }));
const promote = (version: number, more: object = {}) =>
  moveAlias(registry, { model: "delay", alias: "champion", version, reason: "tried", ...more });
const approve = (actor: string, version = 1, role: "approver" | "editor" | "admin" = "approver") =>
  approveVersion({ ...registry, actor }, { model: "delay", version, role, reason: "looks right" });

describe("gates", () => {
  test.each([
    [{ metric: auc(), atLeast: 0.7 }, { "test.auc": 0.7 }, { "test.auc": 0.6999 }],
    [{ metric: logLoss(), atMost: 0.5 }, { "test.logLoss": 0.5 }, { "test.logLoss": 0.51 }],
    [{ metric: auc(), atLeast: 0.7 }, { "test.auc": 0.9 }, { "test.auc": Number.NaN }],
    [{ metric: auc(), atLeast: 0.7 }, { "test.auc": 0.9 }, { "other.auc": 0.9 }],
  ])("%j lets %j pass and not %j, which leaves the alias where it was", async (gate, good, bad) => {
    await apply({ gates: [gate] });
    await register(good);
    await register(bad);
    await promote(1);
    await expect(promote(2)).rejects.toMatchObject({ code: "GATE_FAILED", details: { version: 2, alias: "champion" } });
    expect(await aliasOf(registry, "delay", "champion")).toBe(1);
  });

  test.each([
    [auc(), 0.74, true],
    [auc(), 0.7399, false],
    [auc(), 0.9, true],
    [logLoss(), 0.76, true],
    [logLoss(), 0.7601, false],
    [logLoss(), 0.1, true],
  ])("hold %j to at most 0.01 worse than the champion's 0.75: %d %s", async (metric, value, passes) => {
    await apply({ gates: [{ metric, notWorseBy: 0.01 }] });
    await register({ [`test.${metric.name}`]: 0.75 });
    await register({ [`test.${metric.name}`]: value });
    await promote(1);
    const { open } = await promotionStanding(registry, { model: "delay", number: 2 }, "champion");
    expect(open.length === 0).toBe(passes);
    const moved = await promote(2).catch((thrown) => thrown.code);
    expect(moved).toEqual(passes ? { from: 1 } : "GATE_FAILED");
  });

  test("hold for the aliases that the policy names and for no others", async () => {
    await apply({ gates: [{ metric: auc(), atLeast: 0.9 }], aliases: ["live"] });
    await register({ "test.auc": 0.5 });
    await promote(1);
    await expect(promote(1, { alias: "live" })).rejects.toMatchObject({ code: "GATE_FAILED" });
    await promote(1, { alias: "candidate" });
  });

  test("of a definition that was replaced are forgotten", async () => {
    await apply({ gates: [{ metric: auc(), atLeast: 0.9 }] });
    await apply({ gates: [{ metric: auc(), atLeast: 0.4 }] });
    await register({ "test.auc": 0.5 });
    await promote(1);
    expect((await aliasHistory(registry, "delay", "champion"))[0]?.gates).toEqual([
      { gate: "test.auc 0.5, at least 0.4 needed", passed: true },
    ]);
  });

  test("that failed are in the trail of a forced move, which needs its reason", async () => {
    await apply({ gates: [{ metric: auc(), atLeast: 0.9 }] });
    await register({ "test.auc": 0.5 });
    await expect(promote(1, { force: true, reason: " " })).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await promote(1, { force: true, reason: "the old one leaks" });
    const [move] = await aliasHistory(registry, "delay", "champion");
    expect(move).toMatchObject({ reason: "the old one leaks", forced: ["test.auc 0.5, at least 0.9 needed"] });
  });

  test("are not asked of a version that the alias goes back to", async () => {
    await apply({ gates: [] });
    await register({ "test.auc": 0.5 });
    await register({ "test.auc": 0.6 });
    await promote(1);
    await promote(2);
    await apply({ gates: [{ metric: auc(), atLeast: 0.9 }] });
    const back = await rollback(registry, "delay", "champion", "worse in Newark");
    expect(back).toMatchObject({ from: 2, to: 1, promoted: { to: 1, reason: "tried", actor: "test" } });
  });

  test("include what the newest retraining found, whatever the policy", async () => {
    await register({});
    await register({});
    const decision = { retrain: "r", model: "delay", champion: 1, challenger: 2, alertIds: [] };
    await recordDecision(registry, {
      ...decision,
      verdict: "refused",
      reason: "Refused: worse.",
      evidence: { verdict: "refuse" },
    });
    await expect(promote(2)).rejects.toThrow("Refused: worse");
    registry.clock.advanceTo(registry.clock.now() + 1_000_000n);
    await recordDecision(registry, {
      ...decision,
      verdict: "held",
      reason: "Better.",
      evidence: { verdict: "promote" },
    });
    await promote(2);
  });
});

describe("approvals", () => {
  test("count people of the role, each once, and then let the version pass", async () => {
    await apply({ approvals: 2 });
    await register({});
    await approve("ana");
    await approve("ana");
    await approve("eve", 1, "editor");
    await expect(promote(1)).rejects.toThrow("1 of 2 approvals by the role approver");
    await approve("bob", 1, "admin");
    await promote(1);
    expect((await aliasHistory(registry, "delay", "champion"))[0]?.approvals).toEqual(["ana", "bob"]);
  });

  test("that were taken back do not count", async () => {
    await apply({ approvals: 1 });
    await register({});
    await approve("ana");
    const asAna = { ...registry, actor: "ana" };
    await withdrawApproval(asAna, { model: "delay", version: 1, reason: "saw the slices" });
    await expect(promote(1)).rejects.toMatchObject({ code: "GATE_FAILED" });
    await expect(withdrawApproval(asAna, { model: "delay", version: 1, reason: "again" })).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
  });

  test("are not for who made the version, for another version, or without a reason", async () => {
    await apply({ approvals: 1 });
    await register({});
    await register({});
    await registry.records.db.updateTable("versions").set({ actor: "ana" }).execute();
    await expect(approve("ana")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await approve("bob", 2);
    await expect(promote(1)).rejects.toMatchObject({ code: "GATE_FAILED" });
    await expect(approve("bob", 3)).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    const empty = { model: "delay", version: 1, role: "approver", reason: " " } as const;
    await expect(approveVersion({ ...registry, actor: "bob" }, empty)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});
