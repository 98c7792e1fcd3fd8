// Telling channels what is due. Whoever takes a delivery moves its time on first, so that no other process takes it too; one that is killed in the
// middle of telling leaves it to be tried again once that time has come. So each is told at least once, always under the same id. What is about
// one incident goes to one channel in the order in which it happened: nothing is taken while an earlier one waits.

import { type Duration, days, hours, minutes, seconds } from "../../core/core.ts";
import type { Notice, NoticeOutcome } from "../../ports/ports.ts";
import { fromJson, instantToSql } from "../../records/records.ts";
import type { RegistryContext } from "../context.ts";
import type { WrittenNotice } from "./outbox.ts";

/** Tells a notice on a channel; `reference` is what the channel made of the incident before. */
export type Tell = (
  notice: Omit<Notice, "project">,
  channel: string,
  reference: string | undefined,
) => Promise<NoticeOutcome>;

/** What came of one attempt. */
export interface Told {
  readonly id: string;
  readonly channel: string;
  readonly outcome: NoticeOutcome;
}

/** The attempts after which a delivery is dead: with the waits between them, most of a day. */
export const MOST_ATTEMPTS = 20;
const FIRST_WAIT: Duration = seconds(5);
const LONGEST_WAIT: Duration = hours(2);
/** More than this nobody is left alone for, whatever they ask. */
const LONGEST_ASKED: Duration = days(1);
/** How long whoever took a delivery has to tell it. */
const LEASE: Duration = minutes(3);
const MOST_AT_ONCE = 16;
/** How long those that arrived are kept. */
const KEPT: Duration = days(30);

interface Taken {
  readonly id: string;
  readonly incident_id: string;
  readonly channel: string;
  readonly body: string;
  readonly attempts: number;
}

/** Tells what is due, at most so much at once, and gives what came of it; nothing when nothing is due. */
export async function deliverAlerts(context: RegistryContext, tell: Tell): Promise<readonly Told[]> {
  const taken = await take(context);
  return Promise.all(
    taken.map(async (delivery) => {
      const { id, channel, incident_id } = delivery;
      const thread = await context.records.db
        .selectFrom("incident_threads")
        .select("reference")
        .where("incident_id", "=", incident_id)
        .where("channel", "=", channel)
        .executeTakeFirst();
      const notice = { id, ...fromJson<WrittenNotice>(delivery.body) };
      const outcome = await tell(notice, channel, thread?.reference);
      await settle(context, delivery, outcome);
      return { id, channel, outcome };
    }),
  );
}

async function take({ records, clock }: RegistryContext): Promise<readonly Taken[]> {
  const now = clock.now();
  const due = records.db
    .selectFrom("alert_deliveries as d")
    .select(["d.id", "d.incident_id", "d.channel", "d.body", "d.attempts"])
    .where("d.status", "=", "waiting")
    .where("d.next_at", "<=", instantToSql(now))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("alert_deliveries as e")
            .select("e.seq")
            .whereRef("e.incident_id", "=", "d.incident_id")
            .whereRef("e.channel", "=", "d.channel")
            .whereRef("e.seq", "<", "d.seq")
            .where("e.status", "=", "waiting"),
        ),
      ),
    )
    .orderBy("d.next_at")
    .orderBy("d.seq")
    .limit(MOST_AT_ONCE);
  // Most of the time there is nothing, and whoever only looks keeps nobody from writing.
  if ((await due.execute()).length === 0) return [];
  return records.transact(async (tx) => {
    const { rows } = await tx.executeQuery(due.compile());
    for (const { id, attempts } of rows)
      await tx
        .updateTable("alert_deliveries")
        .set({ attempts: attempts + 1, next_at: instantToSql(now + LEASE) })
        .where("id", "=", id)
        .execute();
    await tx
      .deleteFrom("alert_deliveries")
      .where("status", "=", "delivered")
      .where("at", "<", instantToSql(now - KEPT))
      .execute();
    return rows.map((row) => ({ ...row, attempts: row.attempts + 1 }));
  });
}

async function settle(
  { records, clock, random }: RegistryContext,
  { id, incident_id, channel, attempts }: Taken,
  outcome: NoticeOutcome,
): Promise<void> {
  const now = clock.now();
  await records.transact(async (tx) => {
    const result =
      outcome.kind === "delivered"
        ? { status: "delivered" as const, problem: null }
        : outcome.isFinal || attempts >= MOST_ATTEMPTS
          ? { status: "dead" as const, problem: outcome.problem }
          : {
              next_at: instantToSql(now + waitAfter(attempts, random(2), outcome.retryAfter)),
              problem: outcome.problem,
            };
    // Whoever was slower than the lease finds that somebody else has it by now, and leaves it.
    await tx
      .updateTable("alert_deliveries")
      .set(result)
      .where("id", "=", id)
      .where("attempts", "=", attempts)
      .where("status", "=", "waiting")
      .execute();
    if (outcome.kind !== "delivered" || outcome.reference === undefined) return;
    const thread = { reference: outcome.reference, at: instantToSql(now) };
    await tx
      .insertInto("incident_threads")
      .values({ incident_id, channel, ...thread })
      .onConflict((conflict) => conflict.columns(["incident_id", "channel"]).doUpdateSet(thread))
      .execute();
  });
}

/**
 * The wait after a failed attempt: twice as long each time, of which a random half (`chance`, two bytes) is left out so that not all come back at
 * once, and no shorter than was asked for.
 */
export function waitAfter(attempts: number, chance: Uint8Array, asked: Duration = 0n): Duration {
  const doubled = FIRST_WAIT * 2n ** BigInt(Math.min(attempts, MOST_ATTEMPTS) - 1);
  const longest = doubled < LONGEST_WAIT ? doubled : LONGEST_WAIT;
  const part = BigInt((chance[0] ?? 0) * 256 + (chance[1] ?? 0));
  const wait = longest / 2n + (longest * part) / 131_072n;
  const least = asked < LONGEST_ASKED ? asked : LONGEST_ASKED;
  return wait > least ? wait : least;
}
