// The last question before a promotion: is the challenger better than the champion on rows that neither was fitted on, or
// was it lucky? Both score the same rows, so the difference on those rows is judged, not two separate figures.
// Rows of one day share weather and staffing and rise and fall together, so whole blocks (days) are drawn, not rows:
// a fortnight is 14 draws however many rows it has, and the spread is widened as so few draws deserve.

import type { MetricSpec } from "../define/define.ts";
import {
  groupGains,
  type Labels,
  meanLoss,
  measure,
  type RowsBeside,
  rowLoss,
  type Scores,
  type TaskSpec,
} from "../define/define.ts";
import { normalQuantile } from "../monitoring/monitoring.ts";
import { survivalFigures } from "../training/training.ts";

/** The labelled rows of a gate window with both models' scores, and how sure to be; every array has shape (rows). */
export interface GateInput extends RowsBeside {
  /** What the models foretell; default binary. */
  readonly task?: TaskSpec;
  /** 1 where the outcome came true, else 0; of other tasks the number, or the place of the class. */
  readonly labels: Labels;
  /** For several classes of shape (rows, classes). */
  readonly champion: Scores;
  readonly challenger: Scores;
  /** The block each row belongs to, as any whole number: its day since the epoch, say. */
  readonly blocks: Int32Array | readonly number[];
  readonly metric: MetricSpec["name"];
  /** The share of resamples that the challenger must win, above 0.5 and below 1. */
  readonly confidence: number;
  /** Fewest rows to judge by. */
  readonly leastRows: number;
  /** Resamples to draw; default 400. */
  readonly resamples?: number;
  /** Seed of the resampling: the same seed and rows give the same decision. */
  readonly seed: number;
}

/** What the gate decided and on which figures; a figure is null where the rows could not give it. */
export interface GateDecision {
  readonly verdict: "promote" | "refuse";
  /** One sentence with the figures, for an audit record. */
  readonly reason: string;
  readonly metric: MetricSpec["name"];
  readonly rowCount: number;
  readonly blockCount: number;
  /** The metric of the champion, in its own unit. */
  readonly champion: number | null;
  readonly challenger: number | null;
  /** Challenger less champion: above zero is better for "auc", "accuracy", "ndcg" and "concordance", below zero for losses and errors. */
  readonly difference: number | null;
  /** The difference's 1 − confidence and confidence quantiles, so promotion means that zero lies outside on the worse side. */
  readonly interval: readonly [number, number] | null;
  /** The share of resamples in which the challenger is strictly better; 0 where nothing could be compared. */
  readonly confidenceBetter: number;
}

/** Fewest blocks that resampling can say anything about: fewer are always refused. */
export const fewestBlocks = 5;

/**
 * Whether the challenger has earned the champion's place, by a paired block bootstrap of the metric's difference.
 *
 * Draws as many blocks as there are, with replacement (Davison and Hinkley 1997, "Bootstrap Methods and their Application",
 * section 3.8; Efron and Tibshirani 1993, section 13.3, for percentile intervals), and widens the resampled differences
 * about the observed one by √(B/(B−1)) · t/z, because a percentile interval of B blocks is too narrow (Hesterberg 2015,
 * "What Teachers Should Know About the Bootstrap"). Promotes when the share of resamples won reaches
 * `confidence`, so without a true difference it promotes in about 1 − confidence of cases
 * (5.4 % to 5.7 % of simulated fortnights at 0.95). A resample with one
 * class only counts as not won. Refuses with fewer than `leastRows` rows, fewer than {@link fewestBlocks} blocks, a single
 * class or a NaN score. Costs O(rows log rows + resamples · rows). Throws a RangeError if the lengths differ.
 */
export function compareOnGate(input: GateInput): GateDecision {
  const { labels, metric, confidence, resamples = 400 } = input;
  const { blockOf, blockCount } = numberBlocks(input.blocks);
  const task = input.task ?? BINARY;
  const isSeveral = task.kind === "multiclass";
  for (const other of [...(isSeveral ? [] : [input.champion.length]), blockOf.length])
    if (other !== labels.length) throw new RangeError(`${labels.length} labels, but ${other} scores or block ids.`);
  if (input.champion.length !== input.challenger.length)
    throw new RangeError(`${input.champion.length} scores of one model and ${input.challenger.length} of the other.`);
  const isHigherBetter = ["auc", "accuracy", "ndcg", "concordance"].includes(metric);
  const champion = measure({ name: metric }, labels, input.champion, task, input);
  const challenger = measure({ name: metric }, labels, input.challenger, task, input);
  const difference = challenger - champion;
  const figures = {
    metric,
    rowCount: labels.length,
    blockCount,
    champion: numberOrNull(champion),
    challenger: numberOrNull(challenger),
    difference: numberOrNull(difference),
  };
  const problem = obstacle(input, blockCount, difference);
  if (problem) return { verdict: "refuse", reason: problem, ...figures, interval: null, confidenceBetter: 0 };

  const losses = lossesOf(input, task, blockOf);
  const resampled = losses
    ? lossDifference(metric, losses, blockCount)
    : metric === "concordance"
      ? concordanceDifference(input, blockOf)
      : aucDifference(input, blockOf);
  const widening = Math.sqrt(blockCount / (blockCount - 1)) * heavierTail(confidence, blockCount - 1);
  const random = seededRandom(input.seed);
  const differences = Float64Array.from({ length: resamples }, () => {
    const drawn = resampled(drawBlocks(blockCount, random));
    return Number.isNaN(drawn) ? 0 : difference + widening * (drawn - difference);
  }).sort();
  const wins = differences.filter((each) => (isHigherBetter ? each > 0 : each < 0)).length;
  // The tiny allowance keeps 0.95 · 400, which is 380 in exact arithmetic, from being rounded up to 381.
  const needed = Math.ceil(confidence * resamples - 1e-9);
  const verdict = wins >= needed ? "promote" : "refuse";
  const interval = [differences[resamples - needed]!, differences[needed - 1]!] as const;
  const confidenceBetter = wins / resamples;
  const reason = sentence(input, { champion, challenger, blockCount, confidenceBetter, verdict });
  return { verdict, reason, ...figures, interval, confidenceBetter };
}

const BINARY: TaskSpec = { kind: "binary" };

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function obstacle(input: GateInput, blockCount: number, difference: number): string | undefined {
  const { labels, leastRows } = input;
  if (labels.length < leastRows)
    return `Refused: ${labels.length} labelled rows in the gate window, and at least ${leastRows} are needed.`;
  if (labels.every((label) => label === labels[0]))
    return `Refused: all ${labels.length} labels of the gate window are ${labels[0] ?? "missing"}, so nothing can be compared.`;
  if (blockCount < fewestBlocks)
    return `Refused: the gate window has ${blockCount} blocks, and at least ${fewestBlocks} are needed to tell luck from skill.`;
  if (Number.isNaN(difference)) return "Refused: a score in the gate window is not a number.";
  return undefined;
}

const metricText: Readonly<Record<MetricSpec["name"], string>> = {
  auc: "AUC",
  logLoss: "log loss",
  accuracy: "accuracy",
  rmse: "RMSE",
  mae: "MAE",
  pinball: "pinball loss",
  ndcg: "NDCG",
  concordance: "concordance",
};

interface Outcome {
  readonly champion: number;
  readonly challenger: number;
  readonly blockCount: number;
  readonly confidenceBetter: number;
  readonly verdict: GateDecision["verdict"];
}

function sentence(input: GateInput, { champion, challenger, blockCount, confidenceBetter, verdict }: Outcome): string {
  const metric = metricText[input.metric];
  const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
  const change = challenger - champion;
  return (
    `${verdict === "promote" ? "Promoted" : "Refused"}: ${metric} ${challenger.toFixed(4)} against the champion's ` +
    `${champion.toFixed(4)} (${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(4)}) on ${input.labels.length} rows ` +
    `in ${blockCount} blocks, better in ${percent(confidenceBetter)} of resamples; ${percent(input.confidence)} are needed.`
  );
}

/** Blocks numbered 0 to `blockCount` − 1 in the order of their ids, so that the order of rows does not matter. */
function numberBlocks(ids: Int32Array | readonly number[]): { blockOf: Int32Array; blockCount: number } {
  const distinct = [...new Set(ids)].sort((a, b) => a - b);
  const numbers = new Map(distinct.map((id, number) => [id, number]));
  return { blockOf: Int32Array.from(ids, (id) => numbers.get(id)!), blockCount: distinct.length };
}

/** How often each block was drawn, shape (blocks). */
type Multiplicities = Uint32Array;

function drawBlocks(blockCount: number, random: () => number): Multiplicities {
  const times = new Uint32Array(blockCount);
  for (let draw = 0; draw < blockCount; draw += 1) {
    const block = Math.floor(random() * blockCount);
    times[block] = times[block]! + 1;
  }
  return times;
}

function aucDifference(input: GateInput, blockOf: Int32Array): (times: Multiplicities) => number {
  const champion = weightedAuc(input.labels, input.champion, blockOf);
  const challenger = weightedAuc(input.labels, input.challenger, blockOf);
  return (times) => challenger(times) - champion(times);
}

// The scores' order never changes between resamples, only the weights do: sort once, then each resample is one pass.
function weightedAuc(labels: Labels, scores: Scores, blockOf: Int32Array): (times: Multiplicities) => number {
  const order = Uint32Array.from(labels.keys()).sort((a, b) => scores[a]! - scores[b]!);
  const block = Int32Array.from(order, (row) => blockOf[row]!);
  const positive = Uint8Array.from(order, (row) => (labels[row] === 0 ? 0 : 1));
  const tied = Uint8Array.from(order, (row, place) => (scores[row] === scores[order[place + 1] ?? -1] ? 1 : 0));
  return (times) => {
    let won = 0;
    let positives = 0;
    let below = 0;
    let tiedPositives = 0;
    let tiedNegatives = 0;
    for (let place = 0; place < block.length; place += 1) {
      const weight = times[block[place]!]!;
      if (positive[place] === 1) tiedPositives += weight;
      else tiedNegatives += weight;
      if (tied[place] === 1) continue;
      won += tiedPositives * (below + tiedNegatives / 2);
      positives += tiedPositives;
      below += tiedNegatives;
      tiedPositives = 0;
      tiedNegatives = 0;
    }
    return won / (positives * below);
  };
}

// A pair counts as often as both its blocks were drawn, as in the area under a curve.
function concordanceDifference(
  { labels, upper, champion, challenger }: GateInput,
  blockOf: Int32Array,
): (times: Multiplicities) => number {
  const of = (scores: Scores): ReturnType<typeof survivalFigures> =>
    survivalFigures({
      labels: Float64Array.from(labels),
      scores: Float64Array.from(scores),
      ...(upper ? { upper } : {}),
    });
  const [old, fresh] = [of(champion), of(challenger)];
  return (times) => {
    const weights = Float64Array.from(blockOf, (block) => times[block]!);
    return fresh(weights)[0]! - old(weights)[0]!;
  };
}

/** What each row, or each group, cost either model, and the block it is in. */
interface Losses {
  readonly champion: Float64Array;
  readonly challenger: Float64Array;
  readonly blockOf: Int32Array;
}

function lossesOf(input: GateInput, task: TaskSpec, blockOf: Int32Array): Losses | undefined {
  const { labels, metric, groups } = input;
  if (metric === "ndcg" && groups) {
    // A group is in the block of its first row; one without a best order says nothing.
    const starts = Array.from(groups.keys()).filter((row) => row === 0 || groups[row] !== groups[row - 1]);
    const [old, fresh] = [input.champion, input.challenger].map((scores) => groupGains(labels, scores, groups));
    const kept = starts.map((_, group) => group).filter((group) => !Number.isNaN(old![group]!));
    const lost = (gains: Float64Array): Float64Array => Float64Array.from(kept, (group) => -gains[group]!);
    return {
      champion: lost(old!),
      challenger: lost(fresh!),
      blockOf: Int32Array.from(kept, (group) => blockOf[starts[group]!]!),
    };
  }
  const loss = rowLoss(metric, task);
  if (loss === undefined) return undefined;
  const of = (scores: Scores): Float64Array => Float64Array.from(labels, (_, row) => loss(labels, scores, row));
  return { champion: of(input.champion), challenger: of(input.challenger), blockOf };
}

// Every such metric is a mean over rows or groups, or its root: what a block adds to it never changes, so a resample is a sum over blocks.
function lossDifference(
  metric: MetricSpec["name"],
  { champion, challenger, blockOf }: Losses,
  blockCount: number,
): (times: Multiplicities) => number {
  const counts = new Uint32Array(blockCount);
  const [olds, freshes] = [champion, challenger].map((losses) => {
    const sum = new Float64Array(blockCount);
    for (const [row, block] of blockOf.entries()) sum[block] = sum[block]! + losses[row]!;
    return sum;
  });
  for (const block of blockOf) counts[block] = counts[block]! + 1;
  return (times) => {
    let count = 0;
    let old = 0;
    let fresh = 0;
    for (let block = 0; block < blockCount; block += 1) {
      count += times[block]! * counts[block]!;
      old += times[block]! * olds![block]!;
      fresh += times[block]! * freshes![block]!;
    }
    return meanLoss(metric, fresh / count) - meanLoss(metric, old / count);
  };
}

/**
 * Student's t quantile over the normal one: how much further out chance reaches when the spread itself is estimated.
 *
 * Abramowitz and Stegun 26.7.5, four terms: within 0.1 % from 4 degrees of freedom up at probabilities to 0.99.
 */
function heavierTail(probability: number, freedom: number): number {
  const square = normalQuantile(probability) ** 2;
  const first = (square + 1) / 4;
  const second = ((5 * square + 16) * square + 3) / 96;
  const third = (((3 * square + 19) * square + 17) * square - 15) / 384;
  const fourth = ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92160;
  return 1 + (first + (second + (third + fourth / freedom) / freedom) / freedom) / freedom;
}

/**
 * A generator of numbers in [0, 1) that depends on the seed alone: mulberry32 (Tommy Ettinger 2017, public domain).
 *
 * Good for drawing blocks, not for secrets; a seed is taken modulo 2³².
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
