// How a retraining ended. The decision, the alerts it answers and the promotion it orders are one transaction: a process killed in
// the middle has decided nothing, and the next one finds the alerts still open.

import { type Instant, newId } from "../core/core.ts";
import {
  type DecisionVerdict,
  fromJson,
  instantFromSql,
  instantToSql,
  type Schema,
  toJson,
} from "../records/records.ts";
import { answerForDecision } from "./alerts/alerts.ts";
import { type AliasMove, moveAliasIn } from "./aliases.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";

/** Whether a challenger took the champion's place, and why. */
export interface Decision {
  readonly id: string;
  readonly retrain: string;
  readonly model: string;
  readonly challenger: number | null;
  readonly champion: number | null;
  readonly at: Instant;
  readonly verdict: DecisionVerdict;
  readonly reason: string;
  /** The figures it rests on. */
  readonly evidence: unknown;
  /** The alerts it answers. */
  readonly alertIds: readonly string[];
}

/** What to record: the decision, and with it the move of an alias of the same model. */
export interface NewDecision extends Omit<Decision, "id" | "at" | "challenger" | "champion"> {
  readonly challenger?: number | null;
  readonly champion?: number | null;
  readonly promote?: Omit<AliasMove, "model" | "reason">;
}

/** Records a decision, acknowledges its alerts or, with a promotion, resolves them, and moves the alias, all or nothing. */
export async function recordDecision(context: RegistryContext, decision: NewDecision): Promise<Decision> {
  const { model, verdict, reason, alertIds, promote } = decision;
  const now = context.clock.now();
  const row = {
    id: newId(now, context.random),
    retrain: decision.retrain,
    model,
    challenger: decision.challenger ?? null,
    champion: decision.champion ?? null,
    at: instantToSql(now),
    verdict,
    reason,
    evidence: toJson(decision.evidence),
    alert_ids: toJson(alertIds),
  };
  await context.records.transact(async (tx) => {
    await tx.insertInto("decisions").values(row).execute();
    const by = `decision ${row.id}`;
    await answerForDecision(tx, context, alertIds, { by, isOver: verdict === "promoted", note: reason });
    await writeAudit(tx, context, { action: `decision.${verdict}`, subject: row.id, details: { model, reason } });
    if (promote) await moveAliasIn(tx, context, { ...promote, model, reason, decision: row.id }, "alias.moved");
  });
  return decisionOf(row);
}

/** The newest decisions, newest first. */
export async function listDecisions(
  { records }: RegistryContext,
  filter: { readonly model?: string; readonly retrain?: string; readonly limit?: number } = {},
): Promise<readonly Decision[]> {
  const { model, retrain, limit = 100 } = filter;
  let query = records.db.selectFrom("decisions").selectAll().orderBy("at", "desc").orderBy("id", "desc").limit(limit);
  if (model !== undefined) query = query.where("model", "=", model);
  if (retrain !== undefined) query = query.where("retrain", "=", retrain);
  return (await query.execute()).map(decisionOf);
}

function decisionOf(row: Schema["decisions"]): Decision {
  return {
    id: row.id,
    retrain: row.retrain,
    model: row.model,
    challenger: row.challenger,
    champion: row.champion,
    at: instantFromSql(row.at),
    verdict: row.verdict,
    reason: row.reason,
    evidence: fromJson(row.evidence),
    alertIds: fromJson(row.alert_ids),
  };
}
