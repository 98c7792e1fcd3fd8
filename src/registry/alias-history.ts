// An alias has no history of its own: the audit trail is it.

import type { Instant } from "../core/core.ts";
import { fromJson, instantFromSql } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";
import type { GateResult } from "./promotion.ts";

/** What a move rested on. */
export interface MoveEvidence {
  /** The decision of a retraining that ordered it. */
  readonly decision?: string;
  /** The gates as the version stood to them then. */
  readonly gates?: readonly GateResult[];
  /** Who had approved. */
  readonly approvals?: readonly string[];
  /** What was still missing when it was moved all the same. */
  readonly forced?: readonly string[];
}

/** One move of an alias. */
export interface AliasChange extends MoveEvidence {
  readonly at: Instant;
  readonly actor: string;
  readonly action: "alias.moved" | "alias.rolled_back";
  readonly from: number | null;
  readonly to: number;
  readonly reason: string;
}

/** An alias as the audit trail calls it. */
export function aliasSubject(model: string, alias: string): string {
  return `${model}@${alias}`;
}

/** Every move of an alias, newest first. */
export function aliasHistory(
  { records }: RegistryContext,
  model: string,
  alias: string,
): Promise<readonly AliasChange[]> {
  return historyIn(records.db, model, alias);
}

/** Does the same on a connection or inside a transaction. */
export async function historyIn(
  db: RegistryContext["records"]["db"],
  model: string,
  alias: string,
): Promise<readonly AliasChange[]> {
  const rows = await db
    .selectFrom("audit")
    .selectAll()
    .where("subject", "=", aliasSubject(model, alias))
    .where("action", "in", ["alias.moved", "alias.rolled_back"])
    .orderBy("seq", "desc")
    .execute();
  return rows.map((row) => ({
    at: instantFromSql(row.at),
    actor: row.actor,
    action: row.action as AliasChange["action"],
    ...fromJson<Pick<AliasChange, "from" | "to" | "reason"> & MoveEvidence>(row.details),
  }));
}

/** The version before the present one: a rollback takes back the move it undid, so that two in a row go two versions back. */
export function previousVersion(history: readonly AliasChange[]): number | undefined {
  const trail: number[] = [];
  for (const { action, to } of [...history].reverse()) {
    if (action === "alias.moved") trail.push(to);
    else trail.pop();
  }
  return trail.at(-2);
}
