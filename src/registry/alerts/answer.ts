// What people and decisions say to an alert: I am at it, it is over, and anything else in words.

import { SlipwayError } from "../../core/core.ts";
import { type AlertChange, instantToSql, type RecordsTransaction } from "../../records/records.ts";
import { writeAudit } from "../audit.ts";
import type { RegistryContext } from "../context.ts";
import { type Alert, type AlertRow, alertOf, alertRow, settleIncident } from "./alert.ts";
import { writeStep } from "./outbox.ts";

/** What is said to an alert. */
export interface AlertAnswer {
  readonly change: Extract<AlertChange, "acknowledged" | "resolved" | "commented">;
  readonly note?: string;
  /** Default the actor. */
  readonly by?: string;
}

/**
 * Says it. Saying again what is so already changes nothing; what was resolved cannot be acknowledged (INPUT_INVALID). Throws ALERT_NOT_FOUND.
 */
export async function answerAlert(context: RegistryContext, id: string, answer: AlertAnswer): Promise<Alert> {
  if (answer.change === "commented" && (answer.note ?? "").trim() === "")
    throw new SlipwayError("INPUT_INVALID", "A comment needs words.");
  return context.records.transact(async (tx) => {
    const row = await alertRow(tx, id);
    if (answer.change === "acknowledged" && row.status === "resolved")
      throw new SlipwayError(
        "INPUT_INVALID",
        `Alert ${id} was resolved by ${row.handled_by ?? "somebody"}; there is nothing to acknowledge. If it is back, the monitor opens it again.`,
      );
    return alertOf(await answerIn(tx, context, row, answer));
  });
}

/** Answers alerts for a decision, inside its transaction: those that are open are acknowledged, and with a promotion resolved. */
export async function answerForDecision(
  tx: RecordsTransaction,
  context: RegistryContext,
  ids: readonly string[],
  { by, isOver, note }: { readonly by: string; readonly isOver: boolean; readonly note: string },
): Promise<void> {
  for (const id of ids) {
    const row = await alertRow(tx, id);
    if (row.status === "resolved") continue;
    await answerIn(tx, context, row, { change: isOver ? "resolved" : "acknowledged", note, by });
  }
}

async function answerIn(
  tx: RecordsTransaction,
  context: RegistryContext,
  row: AlertRow,
  { change, note, by = context.actor }: AlertAnswer,
): Promise<AlertRow> {
  if (change === row.status) return row;
  const now = context.clock.now();
  const changed: AlertRow =
    change === "commented" ? row : { ...row, status: change, status_at: instantToSql(now), handled_by: by };
  if (change !== "commented") {
    await tx.updateTable("alerts").set(changed).where("id", "=", row.id).execute();
    await settleIncident(tx, row.incident_id, now);
  }
  await writeStep(tx, { ...context, actor: by }, changed, change, note?.trim() || null);
  await writeAudit(tx, context, { action: `alert.${change}`, subject: row.id, details: { handledBy: by } });
  return changed;
}
