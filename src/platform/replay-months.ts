// A replay month by month: how the version that was never retrained would have scored the very same predictions, beside what was served.

import {
  columnOf,
  encoderOf,
  formatInstant,
  type Instant,
  parseInstant,
  SlipwayError,
  type Table,
} from "../core/core.ts";
import { labelsSql } from "../datasets/datasets.ts";
import { areaUnderRoc, logLossOf, type ModelSpec, taskText } from "../define/define.ts";
import { alertTimes, getVersion, listDecisions, loadVersion } from "../registry/registry.ts";
import { loggedInputs, logSql } from "../serving/serving.ts";
import { type Platform, predictionLog } from "./open.ts";

/** One month of a replay; a figure is null where there was nothing to compute it from. */
export interface ReplayMonth {
  /** `2013-04`, in UTC. */
  readonly month: string;
  /** Predictions asked for. */
  readonly flights: number;
  /** Share of true labels among those that have one. */
  readonly lateShare: number | null;
  readonly auc: FrozenAndRetrained;
  readonly logLoss: FrozenAndRetrained;
  readonly alerts: number;
  readonly challengers: number;
  readonly promotions: number;
  /** The versions promoted in the month. */
  readonly promoted: readonly number[];
}

interface FrozenAndRetrained {
  readonly frozen: number | null;
  readonly retrained: number | null;
}

const monthOf = (instant: Instant): string => formatInstant(instant).slice(0, 7);

/** The months of [from, to). `frozen` is the version that a team without retraining would still serve. */
export async function replayMonths(
  platform: Platform,
  model: ModelSpec,
  frozen: number,
  from: Instant,
  to: Instant,
): Promise<readonly ReplayMonth[]> {
  const { registry, engines } = platform;
  if (model.task.kind !== "binary")
    throw new SlipwayError(
      "INPUT_INVALID",
      `A replay compares AUC and log loss month by month, and model "${model.name}" is a ${taskText(model.task)} model. Replay a binary one.`,
    );
  const version = await getVersion(registry, model.name, frozen);
  const { runtimes, threads } = engines;
  const predictor = await loadVersion(registry, runtimes, version, { threads });
  const alerts = (await alertTimes(registry, model.name, ["opened", "reopened"])).map(monthOf);
  const decisions = await listDecisions(registry, { model: model.name, limit: 10_000 });
  const encode = encoderOf(version.inputs);
  const months: ReplayMonth[] = [];
  try {
    for (const [start, end] of monthBounds(from, to)) {
      const month = monthOf(start);
      const scored = await scoredMonth(platform, model, start, end, async (table) =>
        predictor.predict(encode(table), table.rowCount),
      );
      const { labels, served, unchanged, asked } = scored;
      const decided = decisions.filter(({ at }) => monthOf(at) === month);
      const promoted = decided.flatMap(({ verdict, challenger }) =>
        verdict === "promoted" && typeof challenger === "number" ? [challenger] : [],
      );
      const figure = (measure: (labels: Uint8Array, scores: Float32Array) => number): FrozenAndRetrained => {
        const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
        return { frozen: finite(measure(labels, unchanged)), retrained: finite(measure(labels, served)) };
      };
      months.push({
        month,
        flights: asked,
        lateShare: labels.length === 0 ? null : labels.reduce((sum, label) => sum + label, 0) / labels.length,
        auc: figure(areaUnderRoc),
        logLoss: figure(logLossOf),
        alerts: alerts.filter((at) => at === month).length,
        challengers: decided.filter(({ challenger }) => typeof challenger === "number").length,
        promotions: promoted.length,
        promoted,
      });
    }
  } finally {
    predictor.close();
  }
  return months;
}

function monthBounds(from: Instant, to: Instant): readonly (readonly [Instant, Instant])[] {
  const bounds: [Instant, Instant][] = [];
  for (let start = from; start < to; ) {
    const [year = "", month = ""] = monthOf(start).split("-");
    const next = parseInstant(
      Number(month) === 12 ? `${Number(year) + 1}-01-01` : `${year}-${String(Number(month) + 1).padStart(2, "0")}-01`,
    );
    bounds.push([start, next < to ? next : to]);
    start = next;
  }
  return bounds;
}

interface ScoredMonth {
  readonly labels: Uint8Array;
  readonly served: Float32Array;
  readonly unchanged: Float32Array;
  readonly asked: number;
}

async function scoredMonth(
  platform: Platform,
  model: ModelSpec,
  from: Instant,
  to: Instant,
  score: (table: Table) => Promise<Float32Array>,
): Promise<ScoredMonth> {
  const { offline } = platform.engines;
  const labels: number[] = [];
  const served: number[] = [];
  const unchanged: number[] = [];
  let asked = 0;
  const logged = await logSql(predictionLog(platform), model, { from, to });
  if (logged !== undefined) {
    await offline.check(model.label.source);
    const sql = `SELECT p.*, o.label AS "#label" FROM ${loggedInputs(offline.dialect, model, logged)} p LEFT JOIN ${labelsSql(offline.dialect, model, from)} o ON o.id = p."#id"`;
    for await (const table of offline.stream(sql)) {
      asked += table.rowCount;
      const scores = await score(table);
      const label = columnOf(table, "#label");
      const was = columnOf(table, "#score");
      for (let row = 0; row < table.rowCount; row += 1) {
        if (label.validity && ((label.validity[row >> 3] ?? 0) & (1 << (row & 7))) === 0) continue;
        labels.push(Number(label.values[row]));
        served.push(Number(was.values[row]));
        unchanged.push(scores[row] ?? Number.NaN);
      }
    }
  }
  return {
    labels: Uint8Array.from(labels),
    served: Float32Array.from(served),
    unchanged: Float32Array.from(unchanged),
    asked,
  };
}
