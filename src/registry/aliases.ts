// An alias is a name that moves, and serving follows it. Each move stands in the audit trail with where it came from, so the trail is
// also the alias's history, and a rollback walks back along it.

import { type Instant, SlipwayError } from "../core/core.ts";
import { instantFromSql, instantToSql, type RecordsTransaction } from "../records/records.ts";
import { type AliasChange, aliasSubject, historyIn, type MoveEvidence, previousVersion } from "./alias-history.ts";
import { aliasIn } from "./alias-target.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { checkedAlias } from "./names.ts";
import { CHAMPION, gateFailed, standingIn } from "./promotion.ts";
import { endRouteOfIn } from "./routes.ts";
import type { VersionRecord } from "./version.ts";
import { getVersion, requireModel, requireVersion } from "./versions.ts";
import { noteEvent } from "./webhook-events.ts";

/** Where to move an alias, and why. */
export interface AliasMove {
  readonly model: string;
  readonly alias: string;
  readonly version: number;
  readonly reason: string;
  /** Where the mover believes it points; when it does not (null: nowhere), nothing moves and STATE_LOCKED says so. */
  readonly expect?: number | null;
  /** Move it although the version has not earned it; the trail says so, and what was missing. */
  readonly force?: boolean;
  /** The decision that orders it. */
  readonly decision?: string;
}

/**
 * Moves an alias and says where it pointed; moving it where it is changes nothing. Throws GATE_FAILED when the version has not passed
 * what its model asks for.
 */
export async function moveAlias(context: RegistryContext, move: AliasMove): Promise<{ readonly from: number | null }> {
  return context.records.transact((tx) => moveAliasIn(tx, context, move, "alias.moved"));
}

/** Moves an alias back to the version it pointed to before, and says when and why that one was promoted; VERSION_NOT_FOUND when there is none. */
export async function rollback(
  context: RegistryContext,
  model: string,
  alias: string,
  reason: string,
): Promise<{ readonly from: number | null; readonly to: number; readonly promoted: AliasChange | undefined }> {
  return context.records.transact(async (tx) => {
    await requireModel(tx, model);
    const history = await historyIn(tx, model, alias);
    const to = previousVersion(history);
    if (to === undefined)
      throw new SlipwayError("VERSION_NOT_FOUND", `${aliasSubject(model, alias)} has pointed to no version before.`);
    const { from } = await moveAliasIn(tx, context, { model, alias, version: to, reason }, "alias.rolled_back");
    return { from, to, promoted: history.find((move) => move.action === "alias.moved" && move.to === to) };
  });
}

/** Moves an alias inside a transaction. */
export async function moveAliasIn(
  tx: RecordsTransaction,
  context: RegistryContext,
  move: AliasMove,
  action: AliasChange["action"],
): Promise<{ readonly from: number | null }> {
  const { model, alias, version, reason, expect, decision } = move;
  checkedAlias(alias);
  const subject = aliasSubject(model, alias);
  const from = (await aliasIn(tx, model, alias)) ?? null;
  if (expect !== undefined && expect !== from)
    throw new SlipwayError(
      "STATE_LOCKED",
      `${subject} points to ${from ?? "nothing"}, not to ${expect ?? "nothing"}: it was moved meanwhile. Look again, then decide.`,
    );
  if (from === version) return { from };
  await requireModel(tx, model);
  await requireVersion(tx, model, version);
  const evidence = action === "alias.moved" ? await evidenceFor(tx, move) : {};
  const moved_at = instantToSql(context.clock.now());
  await tx
    .insertInto("aliases")
    .values({ model, alias, version, moved_at })
    .onConflict((conflict) => conflict.columns(["model", "alias"]).doUpdateSet({ version, moved_at }))
    .execute();
  const details = { from, to: version, reason, ...(decision === undefined ? {} : { decision }), ...evidence };
  await writeAudit(tx, context, { action, subject, details });
  if (alias === CHAMPION) await endRouteOfIn(tx, context, model, version);
  await noteEvent(tx, context, "model_version_alias.created", { name: model, alias, version: String(version) });
  return { from };
}

/** What a move rests on. A version that an alias goes back to has earned it before, so only moves forward are asked. */
async function evidenceFor(tx: RecordsTransaction, move: AliasMove): Promise<MoveEvidence> {
  const { model, alias, version, reason, force = false } = move;
  const { gates, approvals, open } = await standingIn(tx, { model, number: version }, alias);
  if (open.length > 0 && !force) throw gateFailed(model, alias, version, open);
  if (open.length > 0 && reason.trim() === "")
    throw new SlipwayError("INPUT_INVALID", "A forced move needs its reason; the audit trail keeps it.");
  return {
    ...(gates.length === 0 ? {} : { gates }),
    ...(approvals.given.length === 0 ? {} : { approvals: approvals.given.map(({ by }) => by) }),
    ...(open.length === 0 ? {} : { forced: open }),
  };
}

/** The number of the version an alias points to, or undefined. */
export function aliasOf({ records }: RegistryContext, model: string, alias: string): Promise<number | undefined> {
  return aliasIn(records.db, model, alias);
}

/** Every alias of a model, by name. */
export async function listAliases(
  { records }: RegistryContext,
  model: string,
): Promise<readonly { readonly alias: string; readonly version: number; readonly movedAt: Instant }[]> {
  const rows = await records.db.selectFrom("aliases").selectAll().where("model", "=", model).orderBy("alias").execute();
  return rows.map(({ alias, version, moved_at }) => ({ alias, version, movedAt: instantFromSql(moved_at) }));
}

/** Where an alias of that name points, in every model that has one, by model. */
export async function listAliasesOf(
  { records }: RegistryContext,
  alias: string,
): Promise<readonly { readonly model: string; readonly version: number }[]> {
  return records.db
    .selectFrom("aliases")
    .select(["model", "version"])
    .where("alias", "=", alias)
    .orderBy("model")
    .execute();
}

/** The version that a number, its text (`3`), or an alias means; MODEL_NOT_FOUND or VERSION_NOT_FOUND. */
export async function resolveVersion(
  context: RegistryContext,
  model: string,
  reference: string | number,
): Promise<VersionRecord> {
  if (/^\d+$/.test(String(reference))) return getVersion(context, model, Number(reference));
  const number = await aliasOf(context, model, String(reference));
  if (number !== undefined) return getVersion(context, model, number);
  await requireModel(context.records.db, model);
  throw new SlipwayError("VERSION_NOT_FOUND", `Model "${model}" has no alias "${reference}".`);
}
