// What people said of a version before it may answer. An approval is by a person in a role, once; taking it back leaves it in the audit trail.

import { type Instant, type Role, SlipwayError } from "../core/core.ts";
import { instantFromSql, instantToSql, type RecordsTransaction } from "../records/records.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { versionNotFound } from "./versions.ts";

/** A person's word for a version. */
export interface Approval {
  readonly by: string;
  readonly role: Role;
  readonly at: Instant;
  readonly reason: string;
}

/** Who approves what. */
export interface NewApproval {
  readonly model: string;
  readonly version: number;
  readonly role: Role;
  readonly reason: string;
}

/** Approves a version as the context's actor; a second time changes only the reason. */
export async function approveVersion(
  context: RegistryContext,
  { model, version, role, reason }: NewApproval,
): Promise<readonly Approval[]> {
  if (reason.trim() === "" || reason.length > 2000)
    throw new SlipwayError("INPUT_INVALID", "An approval needs its reason, of at most 2000 characters.");
  const at = instantToSql(context.clock.now());
  const { actor } = context;
  return context.records.transact(async (tx) => {
    if ((await makersOf(tx, model, version)).includes(actor))
      throw new SlipwayError(
        "FORBIDDEN",
        `${actor} made version ${version} of "${model}" and cannot approve it; someone else has to.`,
      );
    await tx
      .insertInto("approvals")
      .values({ model, number: version, actor, role, at, reason })
      .onConflict((conflict) => conflict.columns(["model", "number", "actor"]).doUpdateSet({ role, at, reason }))
      .execute();
    await writeAudit(tx, context, {
      action: "version.approved",
      subject: `${model}/${version}`,
      details: { role, reason },
    });
    return approvalsIn(tx, model, version);
  });
}

/** Takes the actor's approval of a version back; INPUT_INVALID when there is none. */
export async function withdrawApproval(
  context: RegistryContext,
  { model, version, reason }: Omit<NewApproval, "role">,
): Promise<readonly Approval[]> {
  return context.records.transact(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom("approvals")
      .where("model", "=", model)
      .where("number", "=", version)
      .where("actor", "=", context.actor)
      .executeTakeFirst();
    if (numDeletedRows === 0n)
      throw new SlipwayError("INPUT_INVALID", `${context.actor} has not approved version ${version} of "${model}".`);
    await writeAudit(tx, context, {
      action: "version.approval_withdrawn",
      subject: `${model}/${version}`,
      details: { reason },
    });
    return approvalsIn(tx, model, version);
  });
}

/** The approvals of a version, oldest first, on a connection or inside a transaction. */
export async function approvalsIn(
  db: RegistryContext["records"]["db"] | RecordsTransaction,
  model: string,
  number: number,
): Promise<readonly Approval[]> {
  const rows = await db
    .selectFrom("approvals")
    .selectAll()
    .where("model", "=", model)
    .where("number", "=", number)
    .orderBy("at")
    .orderBy("actor")
    .execute();
  return rows.map(({ actor, role, at, reason }) => ({ by: actor, role: role as Role, at: instantFromSql(at), reason }));
}

async function makersOf(tx: RecordsTransaction, model: string, number: number): Promise<readonly (string | null)[]> {
  const version = await tx
    .selectFrom("versions")
    .leftJoin("runs", "runs.id", "versions.run_id")
    .select(["versions.actor as registrar", "runs.actor as trainer"])
    .where("versions.model", "=", model)
    .where("versions.number", "=", number)
    .executeTakeFirst();
  if (!version) throw versionNotFound(model, number);
  return [version.trainer, version.registrar];
}
