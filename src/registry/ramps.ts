// A ramp lets a canary's share of the predictions go up by itself, step by step. It is a row beside the model's route: a step moves both in one
// transaction, and only from the revision of the route that the ramp was left at, so of two servers one moves it, and a person who moves the route
// has ended the ramp. What servers saw of the two versions is kept beside it, each adding what it saw itself, so that a restart forgets nothing.

import { type Duration, type Instant, SlipwayError } from "../core/core.ts";
import { fromJson, instantFromSql, instantToSql, type RampStatus, toJson } from "../records/records.ts";
import { moveAliasIn } from "./aliases.ts";
import type { RegistryContext } from "./context.ts";
import { CHAMPION } from "./promotion.ts";
import { moveRouteIn, requireRevision, type StandingRoute } from "./routes.ts";

/** How a share goes up, and what sends it back. */
export interface RampPlan {
  /** Shares of a hundred, each greater than the one before. */
  readonly steps: readonly number[];
  /** How long each lasts at least, in microseconds. */
  readonly everyMicros: number;
  /** By how much the canary's share of failed predictions may be above the champion's. */
  readonly worseErrors: number;
  /** How many times the champion's 95th percentile of scoring time the canary's may be. */
  readonly worseLatency: number;
  /** Predictions of the canary that a step takes at least. */
  readonly least: number;
}

/** A ramp as it stands. */
export interface Ramp {
  readonly model: string;
  readonly canary: number;
  readonly plan: RampPlan;
  /** The place in the plan's steps. */
  readonly step: number;
  /** When the step began. */
  readonly since: Instant;
  /** Of the route, as the ramp left it. */
  readonly revision: number;
  readonly startedAt: Instant;
  readonly status: RampStatus;
  /** Why it stands so. */
  readonly reason: string;
}

/** What was seen of one version. */
export interface Observed {
  readonly answered: number;
  readonly failed: number;
  /** How many answers took how long, by bucket. */
  readonly times: readonly number[];
}

/** What one server, or all together, saw of a ramp's two versions. */
export interface RampObservation {
  readonly canary: Observed;
  readonly champion: Observed;
  /** Why the canary could not be loaded; null where it was. */
  readonly problem: string | null;
}

/** Starts a ramp: the route goes to its first step in the same transaction. Throws what moving the route throws, and INPUT_INVALID for steps that do not go up. */
export function startRamp(
  context: RegistryContext,
  request: {
    readonly model: string;
    readonly canary: number;
    readonly plan: RampPlan;
    readonly reason: string;
    readonly expect?: number;
  },
): Promise<Ramp> {
  const { model, canary, plan, reason, expect } = request;
  checkPlan(model, plan);
  const { records, clock } = context;
  return records.transact(async (tx) => {
    const move = { model, canary: { version: canary, weight: plan.steps[0] ?? 0 }, reason: `ramp: ${reason}` };
    const { to } = await moveRouteIn(tx, context, expect === undefined ? move : { ...move, expect });
    const now = instantToSql(clock.now());
    const row = {
      canary,
      plan: toJson(plan),
      step: 0,
      since: now,
      revision: to.revision,
      started_at: now,
      status: "running" as const,
      reason: "it has begun",
    };
    await tx.deleteFrom("ramp_observations").where("model", "=", model).execute();
    await tx
      .insertInto("ramps")
      .values({ model, ...row })
      .onConflict((conflict) => conflict.column("model").doUpdateSet(row))
      .execute();
    return rampFrom({ model, ...row });
  });
}

function checkPlan(model: string, { steps, everyMicros }: RampPlan): void {
  const goesUp = steps.every((weight, place) => weight > (steps[place - 1] ?? 0) && weight <= 100);
  if (steps.length > 0 && goesUp && everyMicros > 0) return;
  throw new SlipwayError(
    "INPUT_INVALID",
    `The ramp of "${model}" has the steps ${steps.join(", ") || "none"}: give shares of a hundred that go up, such as 1,5,25,100.`,
    { details: { model } },
  );
}

/** The newest ramp of a model; undefined when it never had one. */
export async function rampOf({ records }: RegistryContext, model: string): Promise<Ramp | undefined> {
  const row = await records.db.selectFrom("ramps").selectAll().where("model", "=", model).executeTakeFirst();
  return row && rampFrom(row);
}

/** Every ramp that is under way. */
export async function runningRamps({ records }: RegistryContext): Promise<readonly Ramp[]> {
  const rows = await records.db
    .selectFrom("ramps")
    .selectAll()
    .where("status", "=", "running")
    .orderBy("model")
    .execute();
  return rows.map(rampFrom);
}

/** How a ramp goes on: to a step, back, or to its end. */
export type RampMove = { readonly reason: string } & (
  | { readonly kind: "step"; readonly step: number }
  | { readonly kind: "back" }
  | { readonly kind: "promote" }
  | { readonly kind: "end"; readonly status: Exclude<RampStatus, "running" | "rolled back"> }
  | { readonly kind: "hold" }
);

/**
 * Moves a ramp, and with it the route: to the next step's share, back to none, or to its end as champion. Undefined when it stands otherwise by
 * now, for another server was first. Throws STATE_LOCKED when somebody moved the route, and GATE_FAILED for a version that may not be promoted.
 */
export function moveRamp(context: RegistryContext, ramp: Ramp, move: RampMove): Promise<Ramp | undefined> {
  const { records, clock } = context;
  const { model, canary, plan } = ramp;
  return records.transact(async (tx) => {
    const row = await tx.selectFrom("ramps").selectAll().where("model", "=", model).executeTakeFirst();
    if (row?.status !== "running" || row.revision !== ramp.revision || row.step !== ramp.step) return undefined;
    let route: StandingRoute | undefined;
    if (move.kind === "step" || move.kind === "back") {
      const weight = move.kind === "back" ? 0 : (plan.steps[move.step] ?? 0);
      const { to } = await moveRouteIn(tx, context, {
        model,
        canary: { version: canary, weight },
        reason: `ramp: ${move.reason}`,
        expect: ramp.revision,
      });
      route = to;
    }
    if (move.kind === "promote") {
      await requireRevision(tx, model, ramp.revision);
      const reason = `ramp: ${move.reason}`;
      await moveAliasIn(tx, context, { model, alias: CHAMPION, version: canary, reason }, "alias.moved");
    }
    const changed = {
      ...(route ? { revision: route.revision, since: instantToSql(clock.now()) } : {}),
      ...(move.kind === "step" ? { step: move.step } : {}),
      status: statusAfter(move),
      reason: move.reason,
    };
    await tx.updateTable("ramps").set(changed).where("model", "=", model).execute();
    return rampFrom({ ...row, ...changed });
  });
}

function statusAfter(move: RampMove): RampStatus {
  if (move.kind === "back") return "rolled back";
  if (move.kind === "promote") return "promoted";
  return move.kind === "end" ? move.status : "running";
}

/** Keeps what one server has seen of a ramp since the route came to this revision. */
export async function noteObserved(
  { records }: RegistryContext,
  { model, revision }: Pick<Ramp, "model" | "revision">,
  server: string,
  observation: RampObservation,
): Promise<void> {
  const observed = toJson(observation);
  await records.db
    .insertInto("ramp_observations")
    .values({ model, revision, server, observed })
    .onConflict((conflict) => conflict.columns(["model", "revision", "server"]).doUpdateSet({ observed }))
    .execute();
}

/** What all servers have seen: of the canary at the present step, and of the champion since the ramp began. */
export async function observedOf({ records }: RegistryContext, { model, revision }: Ramp): Promise<RampObservation> {
  const rows = await records.db.selectFrom("ramp_observations").selectAll().where("model", "=", model).execute();
  const all = rows.map((row) => ({ revision: row.revision, ...fromJson<RampObservation>(row.observed) }));
  const now = all.filter((each) => each.revision === revision);
  return {
    canary: summed(now.map(({ canary }) => canary)),
    champion: summed(all.map(({ champion }) => champion)),
    problem: now.find(({ problem }) => problem !== null)?.problem ?? null,
  };
}

function summed(all: readonly Observed[]): Observed {
  const longest = Math.max(0, ...all.map(({ times }) => times.length));
  return {
    answered: all.reduce((sum, { answered }) => sum + answered, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    times: Array.from({ length: longest }, (_, place) => all.reduce((sum, { times }) => sum + (times[place] ?? 0), 0)),
  };
}

function rampFrom(row: {
  readonly model: string;
  readonly canary: number;
  readonly plan: string;
  readonly step: number;
  readonly since: number;
  readonly revision: number;
  readonly started_at: number;
  readonly status: RampStatus;
  readonly reason: string;
}): Ramp {
  const { model, canary, plan, step, since, revision, started_at, status, reason } = row;
  return {
    ...{ model, canary, step, revision, status, reason },
    plan: fromJson(plan),
    since: instantFromSql(since),
    startedAt: instantFromSql(started_at),
  };
}

/** How long a step lasts at least. */
export function stepLasts({ plan }: Ramp): Duration {
  return BigInt(plan.everyMicros);
}
