// Monitors and retraining rules at work: one look, one run of a rule, and everything that is due.

import { type Instant, SlipwayError } from "../core/core.ts";
import { definitionsOf, findDefinition, type ModelSpec, type MonitorSpec } from "../define/define.ts";
import { type Look, look } from "../monitoring/monitoring.ts";
import { lastMonitorRun } from "../registry/registry.ts";
import { type RetrainOutcome, runRetrain } from "../retraining/retraining.ts";
import { loggedInputs, logSql } from "../serving/serving.ts";
import type { TrainingProgress } from "../training/training.ts";
import { requireApplied } from "./apply.ts";
import { knownLabelsSql } from "./label-operations.ts";
import { type LearnOutcome, learners, learnWhatIsDue } from "./learn-operations.ts";
import { type Platform, predictionLog } from "./open.ts";

/** Looks once with a monitor, at the clock's time, and records what it saw. */
export async function runMonitor(platform: Platform, name: string): Promise<Look> {
  await requireApplied(platform);
  const monitor = findDefinition(platform.project, "monitor", name);
  const model = findDefinition(platform.project, "model", monitor.model);
  return lookNow(platform, monitor, model, platform.engines.clock.now());
}

async function lookNow(platform: Platform, monitor: MonitorSpec, model: ModelSpec, now: Instant): Promise<Look> {
  const { engines, registry } = platform;
  const { offline } = engines;
  await offline.check(model.label.source);
  const predictions = async (from: Instant, to: Instant): Promise<string | undefined> => {
    const logged = await logSql(predictionLog(platform), model, { from, to });
    return logged === undefined ? undefined : loggedInputs(offline.dialect, model, logged);
  };
  // Where nobody can be told, as in a replay, nothing is written down to be told later.
  const { to: _to, ...alone } = monitor.alerts ?? {};
  const watched = engines.notifier ? monitor : { ...monitor, alerts: alone };
  return look(
    { offline, registry, predictions, labels: await knownLabelsSql(platform, model, now) },
    watched,
    model,
    now,
  );
}

/** Runs a retraining rule once. With `force` it needs no alert. */
export async function runRetraining(
  platform: Platform,
  name: string,
  options: TrainingProgress & { readonly force?: boolean } = {},
): Promise<RetrainOutcome> {
  await requireApplied(platform);
  const rule = findDefinition(platform.project, "retrain", name);
  const model = findDefinition(platform.project, "model", rule.model);
  return runRetrain(platform.training, rule, model, platform.engines.clock.now(), options);
}

/** What happened when everything due was done. */
export interface WatchRound {
  readonly looks: readonly Look[];
  readonly retrained: readonly { readonly rule: string; readonly outcome: RetrainOutcome }[];
  readonly learnt: readonly { readonly model: string; readonly outcome: LearnOutcome }[];
  readonly failures: readonly SlipwayError[];
}

/** Does what is due now: monitors whose time has come, then every retraining rule, then what there is to learn from labels. A failure stops nothing else. */
export async function watchOnce(platform: Platform, options: TrainingProgress = {}): Promise<WatchRound> {
  const now = platform.engines.clock.now();
  const looks: Look[] = [];
  const retrained: { rule: string; outcome: RetrainOutcome }[] = [];
  const learnt: { model: string; outcome: LearnOutcome }[] = [];
  const failures: SlipwayError[] = [];
  const attempt = async (what: string, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (thrown) {
      if (options.signal?.aborted) throw thrown;
      failures.push(
        thrown instanceof SlipwayError
          ? thrown
          : new SlipwayError("INTERNAL", `${what}: ${String(thrown)}`, { cause: thrown }),
      );
    }
  };
  for (const monitor of definitionsOf(platform.project, "monitor")) {
    const last = await lastMonitorRun(platform.registry, monitor.name);
    if (last !== undefined && last + monitor.every > now) continue;
    await attempt(`monitor "${monitor.name}"`, async () => {
      const model = findDefinition(platform.project, "model", monitor.model);
      looks.push(await lookNow(platform, monitor, model, now));
    });
  }
  for (const rule of definitionsOf(platform.project, "retrain"))
    await attempt(`retrain "${rule.name}"`, async () => {
      const model = findDefinition(platform.project, "model", rule.model);
      retrained.push({ rule: rule.name, outcome: await runRetrain(platform.training, rule, model, now, options) });
    });
  for (const model of learners(platform))
    await attempt(`learning "${model.name}"`, async () => {
      const outcome = await learnWhatIsDue(platform, model, options);
      if (outcome !== undefined && outcome.versions.length > 0) learnt.push({ model: model.name, outcome });
    });
  return { looks, retrained, learnt, failures };
}
