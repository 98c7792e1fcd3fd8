// A retraining rule at work: is there a reason, is it time, does the challenger beat the champion on rows neither was fitted on? Whatever is
// decided is one record with its figures: it closes the alerts it answers and, when it says so, moves the champion.

import { formatDuration, formatInstant, type Instant, SlipwayError } from "../core/core.ts";
import { isByShares, type ModelSpec, type RetrainSpec } from "../define/define.ts";
import {
  type Alert,
  aliasOf,
  classesOf,
  type Decision,
  getVersion,
  listAlerts,
  listDecisions,
  loadVersion,
  type NewDecision,
  recordDecision,
} from "../registry/registry.ts";
import {
  type ScoredRows,
  scorePart,
  type TrainedVersion,
  type TrainingContext,
  type TrainingProgress,
  trainVersion,
} from "../training/training.ts";
import { compareOnGate, type GateDecision } from "./gate.ts";

const CHAMPION = "champion";

/** Fewest labelled rows in the gate's window to judge by. */
const LEAST_GATE_ROWS = 500;

/** What one run of a rule did. */
export type RetrainOutcome =
  | { readonly kind: "waiting"; readonly reason: string }
  | {
      readonly kind: "decided";
      readonly decision: Decision;
      readonly gate: GateDecision | undefined;
      readonly challenger: TrainedVersion;
    };

/** Runs a rule once, at `now`. With `force` it needs neither an alert nor the time between two challengers. */
export async function runRetrain(
  context: TrainingContext,
  rule: RetrainSpec,
  model: ModelSpec,
  now: Instant,
  options: TrainingProgress & { readonly force?: boolean } = {},
): Promise<RetrainOutcome> {
  const { registry } = context;
  const alerts = await openAlerts(context, rule);
  const champion = await aliasOf(registry, model.name, CHAMPION);
  if (options.force !== true) {
    if (alerts.length === 0) return { kind: "waiting", reason: "no alert is open" };
    const last = await lastTraining(context, rule, champion);
    if (last !== undefined && last + rule.atMostEvery > now)
      return {
        kind: "waiting",
        reason: `the last version was made on ${formatInstant(last)}; the next may come ${formatDuration(rule.atMostEvery)} after it`,
      };
  }
  const bounds = challengerBounds(rule, model, now);
  const common = { retrain: rule.name, model: model.name, alertIds: alerts.map(({ id }) => id) };
  let challenger: TrainedVersion;
  let hasBegun = false;
  const progress: TrainingProgress = {
    ...options,
    onStep(step) {
      hasBegun = true;
      options.onStep?.(step);
    },
  };
  try {
    challenger = await trainVersion(context, { model, bounds, reason: `retrain ${rule.name}` }, progress);
  } catch (thrown) {
    if (decidesNothing(thrown, hasBegun)) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    await recordDecision(registry, {
      ...common,
      challenger: null,
      champion: champion ?? null,
      verdict: "failed",
      reason: `Training failed: ${reason}`,
      evidence: {},
    });
    throw thrown;
  }
  const number = challenger.version.number;
  const gate = champion === undefined ? undefined : await judge(context, rule, model, champion, challenger);
  const isBetter = gate === undefined || gate.verdict === "promote";
  const decision = await decided(registry, {
    ...common,
    challenger: number,
    champion: champion ?? null,
    verdict: isBetter ? "promoted" : "refused",
    reason: gate?.reason ?? "There was no champion to compare with.",
    evidence: gate ?? {},
    ...(isBetter ? { promote: { alias: CHAMPION, version: number, expect: champion ?? null } } : {}),
  });
  return { kind: "decided", decision, gate, challenger };
}

/**
 * Whether a training that ended early leaves the alerts open, so that the rule tries again: it was stopped, or there were too few rows to begin with. What
 * fails after it `hasBegun` to fit is a decision, for it would fit in full at every round.
 */
export function decidesNothing(thrown: unknown, hasBegun: boolean): boolean {
  const code = thrown instanceof SlipwayError ? thrown.code : undefined;
  const isShort = code === "TRAINING_SET_EMPTY" || code === "LABEL_SINGLE_CLASS";
  return code === "CANCELLED" || (isShort && !hasBegun);
}

/** A challenger's parts: the gate's window tests, what is before it validates, apart by the gap of the model's own split. */
export function challengerBounds(
  { gateWindow, validate }: Pick<RetrainSpec, "gateWindow" | "validate">,
  { split }: Pick<ModelSpec, "split">,
  now: Instant,
) {
  const testFrom = now - gateWindow;
  const gap = isByShares(split) || split.gap === undefined ? {} : { gap: split.gap };
  return {
    validateFrom: testFrom - validate,
    testFrom,
    ...gap,
    validateKnown: true,
    until: now,
    knownBy: now,
  } as const;
}

/** Records the decision; a promotion that the model's own gates or approvals forbid is held, and says what is missing. */
async function decided(registry: TrainingContext["registry"], decision: NewDecision): Promise<Decision> {
  try {
    return await recordDecision(registry, decision);
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError && thrown.code === "GATE_FAILED")) throw thrown;
    const { promote: _held, ...rest } = decision;
    const open = (thrown.details["open"] as readonly string[]).join("; ");
    const reason = `${decision.reason.replace(/^Promoted: /, "Better: ")} Held: ${open}.`;
    return recordDecision(registry, { ...rest, verdict: "held", reason });
  }
}

/** When the rule last made a challenger, or the champion was made, whichever is later. */
async function lastTraining(
  { registry }: TrainingContext,
  rule: RetrainSpec,
  champion: number | undefined,
): Promise<Instant | undefined> {
  const [decision] = await listDecisions(registry, { retrain: rule.name, limit: 1 });
  const made = champion === undefined ? undefined : (await getVersion(registry, rule.model, champion)).createdAt;
  if (decision === undefined || (made !== undefined && made > decision.at)) return made;
  return decision.at;
}

async function openAlerts({ registry }: TrainingContext, rule: RetrainSpec): Promise<readonly Alert[]> {
  const found: Alert[] = [];
  for (const { monitor } of rule.when) found.push(...(await listAlerts(registry, { monitor, status: "open" })));
  return found.filter(({ model }) => model === rule.model);
}

/** Both models on the gate's rows: the challenger's test rows, which it was not fitted on. */
async function judge(
  context: TrainingContext,
  rule: RetrainSpec,
  model: ModelSpec,
  champion: number,
  challenger: TrainedVersion,
): Promise<GateDecision> {
  const fresh = challenger.fitted.tested;
  const old = await scoresOn(context, model, champion, challenger);
  return compareOnGate({
    task: model.task,
    labels: fresh.labels,
    ...(fresh.groups ? { groups: fresh.groups } : {}),
    ...(fresh.upper ? { upper: fresh.upper } : {}),
    champion: old.scores,
    challenger: fresh.scores,
    blocks: fresh.days,
    metric: rule.promote.better,
    confidence: rule.promote.confidence,
    leastRows: LEAST_GATE_ROWS,
    seed: challenger.version.number,
  });
}

async function scoresOn(
  { engines, registry }: TrainingContext,
  model: ModelSpec,
  number: number,
  { dataset, fitted: { classes } }: TrainedVersion,
): Promise<ScoredRows> {
  const version = await getVersion(registry, model.name, number);
  const { runtimes, threads } = engines;
  const predictor = await loadVersion(registry, runtimes, version, { threads });
  try {
    const own = classesOf(version);
    const scored = await scorePart(engines, dataset, "test", version.inputs, predictor, own);
    return own === undefined || classes === undefined ? scored : inClasses(scored, own, classes);
  } finally {
    predictor.close();
  }
}

/** A version's answers in the order of another's classes: one that it does not know had the probability 0. */
function inClasses(
  { labels, scores, days }: ScoredRows,
  own: readonly string[],
  classes: readonly string[],
): ScoredRows {
  const places = classes.map((name) => own.indexOf(name));
  const moved = new Float32Array(labels.length * classes.length);
  for (let row = 0; row < labels.length; row += 1)
    places.forEach((from, to) => {
      if (from >= 0) moved[row * classes.length + to] = scores[row * own.length + from] ?? 0;
    });
  return { labels, scores: moved, days };
}
