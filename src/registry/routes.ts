// A route says who answers or listens beside a model's champion: a canary takes a share of the predictions, a shadow is asked the same and
// never heard. Servers follow it as they follow the alias. Like an alias it has no history of its own: each move is a line of the audit
// trail, written in the move's transaction, and its revision counts the moves so that two movers cannot overwrite each other unseen.

import { type Instant, SlipwayError } from "../core/core.ts";
import { fromJson, instantFromSql, instantToSql, type RecordsTransaction } from "../records/records.ts";
import { aliasIn } from "./alias-target.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { CHAMPION } from "./promotion.ts";
import { requireModel, requireVersion } from "./versions.ts";

/** A version that answers a share of the predictions. */
export interface Canary {
  readonly version: number;
  /** How many of a hundred predictions it answers: 0 (only those that ask for it) to 100. */
  readonly weight: number;
}

/** Who stands beside a model's champion. */
export interface Route {
  readonly canary: Canary | null;
  /** The version that is asked the same and never heard. */
  readonly shadow: number | null;
}

/** A route as it stands. */
export interface StandingRoute extends Route {
  /** How often it was moved; 0 for a model that never had one. */
  readonly revision: number;
  /** When it last moved; null when it never did. */
  readonly movedAt: Instant | null;
}

/** How to change a route, and why; what is left out stays as it is, null ends it. */
export interface RouteMove {
  readonly model: string;
  readonly canary?: Canary | null;
  readonly shadow?: number | null;
  readonly reason: string;
  /** The revision that the mover has seen; when it is another by now nothing moves and STATE_LOCKED says so. */
  readonly expect?: number;
}

/** One move of a route. */
export interface RouteChange {
  readonly at: Instant;
  readonly actor: string;
  readonly from: Route;
  readonly to: Route;
  readonly reason: string;
  /** The revision it led to. */
  readonly revision: number;
}

type Connection = RegistryContext["records"]["db"] | RecordsTransaction;

/** A route as the audit trail calls it. */
function routeSubject(model: string): string {
  return `${model}/route`;
}

const MOVED = "route.moved";

const NO_ROUTE: StandingRoute = { canary: null, shadow: null, revision: 0, movedAt: null };

/** Who stands beside a model's champion now. */
export function routeOf({ records }: RegistryContext, model: string): Promise<StandingRoute> {
  return routeIn(records.db, model);
}

async function routeIn(db: Connection, model: string): Promise<StandingRoute> {
  const row = await db.selectFrom("routes").selectAll().where("model", "=", model).executeTakeFirst();
  if (!row) return NO_ROUTE;
  const { revision, moved_at } = row;
  return { ...routeFrom(row), revision, movedAt: instantFromSql(moved_at) };
}

function routeFrom({
  canary,
  weight,
  shadow,
}: {
  readonly canary: number | null;
  readonly weight: number | null;
  readonly shadow: number | null;
}): Route {
  return { canary: canary === null ? null : { version: canary, weight: weight ?? 0 }, shadow };
}

/** The champion of a model and who stands beside it, at one moment. */
export interface StandingVersions extends Route {
  readonly champion: number | undefined;
}

/** Reads a model's champion and route in one statement, so that a promotion that ends a route is never seen by halves. */
export async function standingVersions({ records }: RegistryContext, model: string): Promise<StandingVersions> {
  const row = await records.db
    .selectFrom("aliases")
    .leftJoin("routes", "routes.model", "aliases.model")
    .select(["aliases.version", "routes.canary", "routes.weight", "routes.shadow"])
    .where("aliases.model", "=", model)
    .where("aliases.alias", "=", CHAMPION)
    .executeTakeFirst();
  return row ? { champion: row.version, ...routeFrom(row) } : { champion: undefined, canary: null, shadow: null };
}

/** Moves a route, or ends it, and says how it stood; moving it to where it is changes nothing. */
export function moveRoute(
  context: RegistryContext,
  move: RouteMove,
): Promise<{ readonly from: StandingRoute; readonly to: StandingRoute }> {
  return context.records.transact((tx) => moveRouteIn(tx, context, move));
}

/** Moves a route inside a transaction. */
export async function moveRouteIn(
  tx: RecordsTransaction,
  context: RegistryContext,
  { model, canary, shadow, reason, expect }: RouteMove,
): Promise<{ readonly from: StandingRoute; readonly to: StandingRoute }> {
  await requireModel(tx, model);
  const from = expect === undefined ? await routeIn(tx, model) : await requireRevision(tx, model, expect);
  const to: Route = {
    canary: canary === undefined ? from.canary : canary,
    shadow: shadow === undefined ? from.shadow : shadow,
  };
  if (isSame(from, to)) return { from, to: from };
  await checkRoute(tx, model, to);
  return { from, to: await writeRoute(tx, context, model, from, to, reason) };
}

/** The route of a model, which has to be at a revision. Throws STATE_LOCKED. */
export async function requireRevision(tx: RecordsTransaction, model: string, revision: number): Promise<StandingRoute> {
  const found = await routeIn(tx, model);
  if (found.revision === revision) return found;
  throw new SlipwayError(
    "STATE_LOCKED",
    `The route of "${model}" is at revision ${found.revision}, not ${revision}: it was moved meanwhile. Look again, then decide.`,
    { details: { model, revision: found.revision } },
  );
}

/** Ends what a route says of a version that becomes champion, inside the transaction that makes it so. */
export async function endRouteOfIn(
  tx: RecordsTransaction,
  context: RegistryContext,
  model: string,
  version: number,
): Promise<void> {
  const from = await routeIn(tx, model);
  const to: Route = {
    canary: from.canary?.version === version ? null : from.canary,
    shadow: from.shadow === version ? null : from.shadow,
  };
  if (!isSame(from, to)) await writeRoute(tx, context, model, from, to, `version ${version} became ${CHAMPION}`);
}

/** The newest moves of a route, newest first. */
export async function routeHistory(
  { records }: RegistryContext,
  model: string,
  limit = 100,
): Promise<readonly RouteChange[]> {
  const rows = await records.db
    .selectFrom("audit")
    .selectAll()
    .where("subject", "=", routeSubject(model))
    .where("action", "=", MOVED)
    .orderBy("seq", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ at, actor, details }) => ({
    at: instantFromSql(at),
    actor,
    ...fromJson<Omit<RouteChange, "at" | "actor">>(details),
  }));
}

function isSame(one: Route, other: Route): boolean {
  return (
    one.shadow === other.shadow &&
    one.canary?.version === other.canary?.version &&
    one.canary?.weight === other.canary?.weight
  );
}

/** A route may name versions that there are, each in one place, and a share that leaves the champion the rest. */
async function checkRoute(tx: RecordsTransaction, model: string, { canary, shadow }: Route): Promise<void> {
  const refuse = (problem: string): never => {
    throw new SlipwayError("INPUT_INVALID", `The route of "${model}": ${problem}`, { details: { model } });
  };
  if (canary === null && shadow === null) return;
  if (canary !== null && !(canary.weight >= 0 && canary.weight <= 100))
    refuse(
      `a canary's weight is its share of a hundred, 0 to 100, and the champion keeps the rest: ${canary.weight} and the rest do not sum to 100.`,
    );
  const champion = await aliasIn(tx, model, CHAMPION);
  if (champion === undefined)
    return refuse(
      `it has no ${CHAMPION} yet, beside which another version could stand. Promote one: slipway models promote ${model} VERSION.`,
    );
  for (const [part, version] of [
    ["canary", canary?.version ?? null],
    ["shadow", shadow],
  ] as const) {
    if (version === null) continue;
    await requireVersion(tx, model, version);
    if (version === champion) refuse(`version ${version} is the ${CHAMPION}, and cannot be its own ${part}.`);
  }
  if (canary !== null && canary.version === shadow)
    refuse(`version ${shadow} is its canary, and answers; it cannot be its shadow too.`);
}

async function writeRoute(
  tx: RecordsTransaction,
  context: RegistryContext,
  model: string,
  before: StandingRoute,
  { canary, shadow }: Route,
  reason: string,
): Promise<StandingRoute> {
  const movedAt = context.clock.now();
  const revision = before.revision + 1;
  const row = {
    canary: canary?.version ?? null,
    weight: canary?.weight ?? null,
    shadow,
    revision,
    moved_at: instantToSql(movedAt),
  };
  await tx
    .insertInto("routes")
    .values({ model, ...row })
    .onConflict((conflict) => conflict.column("model").doUpdateSet(row))
    .execute();
  const from: Route = { canary: before.canary, shadow: before.shadow };
  const details = { from, to: { canary, shadow }, reason, revision };
  await writeAudit(tx, context, { action: MOVED, subject: routeSubject(model), details });
  return { canary, shadow, revision, movedAt };
}
