// What channels were told, are still to be told, and could not be told.

import { sql } from "kysely";
import { type Instant, SlipwayError } from "../../core/core.ts";
import { type AlertChange, type AlertDeliveryStatus, instantFromSql, instantToSql } from "../../records/records.ts";
import { writeAudit } from "../audit.ts";
import type { RegistryContext } from "../context.ts";
import { every, seenModels, sightOf } from "../sight.ts";

/** Something that a channel was told, or is to be. */
export interface AlertDelivery {
  readonly id: string;
  readonly alert: string;
  readonly incident: string;
  readonly channel: string;
  readonly change: AlertChange;
  readonly status: AlertDeliveryStatus;
  readonly attempts: number;
  /** When it is tried next, where it waits. */
  readonly nextAt: Instant | null;
  readonly at: Instant;
  /** Why the last attempt failed. */
  readonly problem: string | null;
}

/** Which deliveries to list; what is left out does not matter. */
export interface DeliveryFilter {
  readonly status?: AlertDeliveryStatus;
  readonly channel?: string;
  /** Default 100. */
  readonly limit?: number;
}

/** The newest deliveries, newest first. */
export async function listDeliveries(
  context: RegistryContext,
  { status, channel, limit = 100 }: DeliveryFilter = {},
): Promise<readonly AlertDelivery[]> {
  let query = context.records.db
    .selectFrom("alert_deliveries")
    .where(await seenDeliveries(context))
    .selectAll()
    .orderBy("seq", "desc")
    .limit(limit);
  if (status !== undefined) query = query.where("status", "=", status);
  if (channel !== undefined) query = query.where("channel", "=", channel);
  return (await query.execute()).map((row) => ({
    id: row.id,
    alert: row.alert_id,
    incident: row.incident_id,
    channel: row.channel,
    change: row.change,
    status: row.status,
    attempts: row.attempts,
    nextAt: row.status === "waiting" ? instantFromSql(row.next_at) : null,
    at: instantFromSql(row.at),
    problem: row.problem,
  }));
}

/** Has deliveries tried again from the start: one by its id, or the start or end of it, or every one that is dead. Throws DELIVERY_NOT_FOUND. */
export async function retryDeliveries(context: RegistryContext, which: string | "dead"): Promise<number> {
  const { records, clock } = context;
  const part = which.toLowerCase();
  if (which !== "dead" && !/^[0-9a-f-]{4,64}$/.test(part)) throw deliveryNotFound(which);
  const seen = await seenDeliveries(context);
  return records.transact(async (tx) => {
    const all = tx.selectFrom("alert_deliveries").where(seen).select(["id", "status"]);
    const rows = await (which === "dead"
      ? all.where("status", "=", "dead")
      : all.where((where) => where.or([where("id", "like", `${part}%`), where("id", "like", `%${part}`)])).limit(6)
    ).execute();
    if (which !== "dead" && rows.length === 0) throw deliveryNotFound(which);
    if (which !== "dead" && rows.length > 1)
      throw new SlipwayError(
        "INPUT_INVALID",
        `Several deliveries are meant by "${which}": ${rows.map(({ id }) => id).join(", ")}. Give the end of an id, or the whole.`,
      );
    const again = rows.filter(({ status }) => status !== "delivered");
    if (which !== "dead" && again.length === 0)
      throw new SlipwayError("INPUT_INVALID", `Delivery ${rows[0]?.id} has arrived; there is nothing to try again.`);
    for (const { id } of again) {
      await tx
        .updateTable("alert_deliveries")
        .set({ status: "waiting", attempts: 0, next_at: instantToSql(clock.now()) })
        .where("id", "=", id)
        .execute();
      await writeAudit(tx, context, { action: "alert.delivery_retried", subject: id, details: {} });
    }
    return again.length;
  });
}

/** Those that are about models which whoever asks may see. */
async function seenDeliveries(context: RegistryContext) {
  const model = sql`(select a.model from alerts a where a.id = alert_deliveries.alert_id)`;
  return every(seenModels(await sightOf(context), model));
}

function deliveryNotFound(reference: string): SlipwayError {
  return new SlipwayError(
    "DELIVERY_NOT_FOUND",
    `There is no delivery ${JSON.stringify(reference.slice(0, 100))}. To see those there are: slipway alerts deliveries --status all`,
    { details: { delivery: reference.slice(0, 100) } },
  );
}
