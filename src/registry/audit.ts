// The audit trail is written inside the transaction that does the thing, so that neither is there without the other.

import type { Instant } from "../core/core.ts";
import { fromJson, instantFromSql, instantToSql, type RecordsTransaction, toJson } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";

/** One thing that was done, by whom and to what. */
export interface AuditEntry {
  readonly seq: number;
  readonly at: Instant;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly details: unknown;
}

/** Which entries to show; those left out do not matter. */
export interface AuditFilter {
  readonly subject?: string;
  readonly action?: string;
  /** Default 100. */
  readonly limit?: number;
}

/** Adds an entry inside the transaction that does the thing, so that neither is there without the other. */
export async function writeAudit(
  tx: RecordsTransaction,
  context: RegistryContext,
  entry: { readonly action: string; readonly subject: string; readonly details: unknown },
): Promise<void> {
  const { action, subject, details } = entry;
  const at = instantToSql(context.clock.now());
  await tx
    .insertInto("audit")
    .values({ at, actor: context.actor, action, subject, details: toJson(details) })
    .execute();
}

/** The newest entries of the audit trail, newest first. */
export async function auditTrail(
  { records }: RegistryContext,
  { subject, action, limit = 100 }: AuditFilter = {},
): Promise<readonly AuditEntry[]> {
  let query = records.db.selectFrom("audit").selectAll().orderBy("seq", "desc").limit(limit);
  if (subject !== undefined) query = query.where("subject", "=", subject);
  if (action !== undefined) query = query.where("action", "=", action);
  const rows = await query.execute();
  return rows.map((row) => ({ ...row, at: instantFromSql(row.at), details: fromJson(row.details) }));
}
