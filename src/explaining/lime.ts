// LIME: a linear model of what a model does around one row (Ribeiro, Singh and Guestrin 2016, "Why should I trust you?"), for tables, by the authors' own
// recipe: samples from the distribution of the columns, numbers by the quartiles they fall in, an exponential kernel of width ¾·√columns, few inputs chosen
// first, a ridge of strength 1. Everything after the answers is worked out from sums over the samples, and the sums are kept in parts, so that how far the
// reasons hold without a part of the samples costs nothing more.

import { type Random, randomOf } from "../core/core.ts";
import { type AskedOutput, answersOf, type ExplainedModel } from "./model.ts";
import { frequencies } from "./partial.ts";
import { chosen, fitted, type Moments, momentsOf, withoutPart } from "./ridge.ts";
import { type Cell, cellAt, type ExplainedColumn, type ExplainedRows, withCells } from "./rows.ts";

/** How a row is explained. */
export interface LimeOptions {
  readonly samples: number;
  /** Most inputs that are named. */
  readonly most: number;
  readonly seed: number;
  /** Numbers by their quartiles, or as they are. */
  readonly numbers: "quartiles" | "continuous";
}

/** What an input does around the row. */
export interface LimeEffect {
  readonly input: string;
  /** What is true of the row: `distance ≤ 512`, `carrier = UA`, or for continuous numbers the input alone. */
  readonly condition: string;
  /** What the answer gains where it is true, or by one standard deviation of the number. */
  readonly weight: number;
}

/** A row's local explanation. */
export interface LimeExplanation {
  readonly class?: string;
  /** What the model answers, and what the linear model does. */
  readonly answer: number;
  readonly localAnswer: number;
  readonly intercept: number;
  /** Greatest first. */
  readonly effects: readonly LimeEffect[];
  /** The share of the weighted variance of the answers that the linear model explains: where it is low, the reasons are not the model's. */
  readonly fidelity: number;
  /** How much of the chosen inputs stays chosen without a part of the samples, 0 to 1 (Jaccard). */
  readonly stability: number;
  readonly samples: number;
}

/** The samples are summed in so many parts. */
const PARTS = 5;

/** A column of samples: its values, and what the linear model is given of them. */
interface SampledColumn {
  readonly column: ExplainedColumn;
  /** Of shape (samples): 1 where it is as in the row, or standardised numbers. */
  readonly terms: Float64Array;
  readonly condition: string;
}

/** Explains rows by samples of others: what is to be known of those is learnt once. */
export type LimeExplainer = (
  model: ExplainedModel,
  row: ExplainedRows,
  output: AskedOutput,
  options: LimeOptions,
) => Promise<LimeExplanation>;

/** Learns what the columns of rows are like. */
export function limeExplainer(background: ExplainedRows): LimeExplainer {
  const learnt = background.columns.map(learntOf);
  return (model, row, output, options) => explained(model, learnt, row, output, options);
}

async function explained(
  model: ExplainedModel,
  learnt: readonly Learnt[],
  row: ExplainedRows,
  output: AskedOutput,
  { samples, most, seed, numbers }: LimeOptions,
): Promise<LimeExplanation> {
  const sampled = learnt.map((known, place): SampledColumn => {
    const random = randomOf(seed, place);
    const own = cellAt(row.columns[place] ?? known.column, 0);
    if (known.kind === "values") return likeOthers(known, own, samples, random);
    return numbers === "quartiles" || own === null
      ? byQuartiles(known, own, samples, random)
      : continuous(known, Number(own), samples, random);
  });
  const answers = await answersOf(model, { count: samples, columns: sampled.map(({ column }) => column) }, output);
  const width = 0.75 * Math.sqrt(sampled.length);
  const weights = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample += 1) {
    let squares = 0;
    for (const { terms } of sampled) squares += ((terms[sample] ?? 0) - (terms[0] ?? 0)) ** 2;
    weights[sample] = Math.sqrt(Math.exp(-squares / width ** 2));
  }
  const terms = sampled.map((each) => each.terms);
  const parts = momentsOf(terms, answers, weights, PARTS);
  const firsts = terms.map((each) => each[0] ?? 0);
  const whole = withoutPart(parts, -1);
  const places = chosen(whole, firsts, most);
  const { coefficients, intercept, explained: fidelity } = fitted(whole, places, 1);
  const overlaps = parts.map((_, part) => overlap(places, chosen(withoutPart(parts, part) as Moments, firsts, most)));
  return {
    ...(output.class === undefined ? {} : { class: output.class }),
    answer: answers[0] ?? Number.NaN,
    localAnswer: places.reduce((sum, place, at) => sum + (coefficients[at] ?? 0) * (firsts[place] ?? 0), intercept),
    intercept,
    effects: places
      .map((place, at) => ({
        input: sampled[place]?.column.name ?? "",
        condition: sampled[place]?.condition ?? "",
        weight: coefficients[at] ?? 0,
      }))
      .sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight)),
    fidelity,
    stability: overlaps.reduce((sum, each) => sum + each, 0) / overlaps.length,
    samples,
  };
}

function overlap(one: readonly number[], other: readonly number[]): number {
  const both = one.filter((place) => other.includes(place)).length;
  return both === 0 ? Number(one.length + other.length === 0) : both / (one.length + other.length - both);
}

/** What is known of a column before any row is explained. */
type Learnt =
  | {
      readonly kind: "values";
      readonly column: ExplainedColumn;
      readonly values: readonly Cell[];
      readonly shares: Shares;
    }
  | {
      readonly kind: "number";
      readonly column: Extract<ExplainedColumn, { readonly kind: "number" }>;
      readonly mean: number;
      readonly deviation: number;
      /** The quartiles, each once. */
      readonly edges: readonly number[];
      /** By quartile, and the last for missing values. */
      readonly bins: readonly {
        readonly mean: number;
        readonly deviation: number;
        readonly low: number;
        readonly high: number;
      }[];
      readonly shares: Shares;
    };

function learntOf(column: ExplainedColumn): Learnt {
  if (column.kind !== "number") {
    const known = frequencies(column);
    return {
      ...{ kind: "values", column },
      values: known.map(([cell]) => cell),
      shares: sharesOf(known.map(([, count]) => count)),
    };
  }
  const sorted = column.values.filter((value) => !Number.isNaN(value)).sort();
  const edges = [...new Set([0.25, 0.5, 0.75].map((share) => percentile(sorted, share)))];
  const members = Array.from({ length: edges.length + 2 }, (): number[] => []);
  for (const value of column.values) members[binOf(edges, value)]?.push(value);
  return {
    ...{ kind: "number", column, edges },
    ...spread(sorted),
    bins: members.map((values, bin) => ({
      ...spread(values),
      low: edges[bin - 1] ?? sorted[0] ?? 0,
      high: edges[bin] ?? sorted.at(-1) ?? 0,
    })),
    shares: sharesOf(members.map(({ length }) => length)),
  };
}

/** The place of a number among quartiles; one beyond the last for a missing one. */
function binOf(edges: readonly number[], value: number): number {
  if (Number.isNaN(value)) return edges.length + 1;
  let bin = 0;
  while (bin < edges.length && value > (edges[bin] ?? 0)) bin += 1;
  return bin;
}

/** Categories, and what is exchanged whole: values as often as they come, compared with the row's own. */
function likeOthers(
  { column, values, shares }: Extract<Learnt, { readonly kind: "values" }>,
  own: Cell,
  samples: number,
  random: Random,
): SampledColumn {
  const cells: Cell[] = [own];
  while (cells.length < samples) cells.push(values[drawn(shares, random)] ?? null);
  return {
    column: withCells(column, cells),
    terms: Float64Array.from(cells, (cell) => Number(cell === own)),
    condition:
      column.kind === "other" ? `${column.name} as it is` : `${column.name} ${own === null ? "missing" : `= ${own}`}`,
  };
}

/** Numbers by their quartiles: a quartile as often as it comes, then a number of it from a normal distribution cut at its ends. */
function byQuartiles(
  { column, edges, bins, shares }: Extract<Learnt, { readonly kind: "number" }>,
  own: Cell,
  samples: number,
  random: Random,
): SampledColumn {
  const missing = edges.length + 1;
  const values = new Float64Array(samples);
  const terms = new Float64Array(samples);
  values[0] = own === null ? Number.NaN : Number(own);
  terms[0] = 1;
  const ownBin = binOf(edges, values[0]);
  const normal = normals(random);
  for (let sample = 1; sample < samples; sample += 1) {
    const bin = drawn(shares, random);
    const { mean, deviation, low, high } = bins[bin] ?? { mean: 0, deviation: 0, low: 0, high: 0 };
    terms[sample] = Number(bin === ownBin);
    values[sample] = bin === missing ? Number.NaN : cutNormal(mean, deviation, low, high, normal, random);
  }
  return { column: { ...column, values }, terms, condition: conditionOf(column.name, edges, ownBin) };
}

function conditionOf(name: string, edges: readonly number[], bin: number): string {
  const text = (value: number | undefined): string => String(Number((value ?? 0).toPrecision(4)));
  if (bin > edges.length) return `${name} missing`;
  if (bin === 0) return `${name} ≤ ${text(edges[0])}`;
  if (bin === edges.length) return `${name} > ${text(edges[bin - 1])}`;
  return `${text(edges[bin - 1])} < ${name} ≤ ${text(edges[bin])}`;
}

/** Numbers as they are, from a normal distribution around the row's own with the column's standard deviation. */
function continuous(
  { column, mean, deviation }: Extract<Learnt, { readonly kind: "number" }>,
  own: number,
  samples: number,
  random: Random,
): SampledColumn {
  const scale = deviation || 1;
  const values = new Float64Array(samples);
  const normal = normals(random);
  for (let sample = 0; sample < samples; sample += 1) values[sample] = sample === 0 ? own : own + deviation * normal();
  return {
    column: { ...column, values },
    terms: values.map((value) => (value - mean) / scale),
    condition: column.name,
  };
}

/** The mean and the standard deviation of the population. */
function spread(values: ArrayLike<number>): { readonly mean: number; readonly deviation: number } {
  let sum = 0;
  for (let place = 0; place < values.length; place += 1) sum += values[place] ?? 0;
  const mean = values.length === 0 ? 0 : sum / values.length;
  let squares = 0;
  for (let place = 0; place < values.length; place += 1) squares += ((values[place] ?? 0) - mean) ** 2;
  return { mean, deviation: values.length === 0 ? 0 : Math.sqrt(squares / values.length) };
}

/** Normal draws, two from each pair of numbers (Marsaglia's polar method, 1964). */
function normals(random: Random): () => number {
  let kept: number | undefined;
  return () => {
    if (kept !== undefined) {
      const value = kept;
      kept = undefined;
      return value;
    }
    for (;;) {
      const [x, y] = [2 * random.next() - 1, 2 * random.next() - 1];
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      kept = y * factor;
      return x * factor;
    }
  };
}

/** A normal draw between two ends, by drawing until one lies there; half of the tries do for any part of a column. */
function cutNormal(
  mean: number,
  deviation: number,
  low: number,
  high: number,
  normal: () => number,
  random: Random,
): number {
  if (deviation === 0 || !(high > low)) return Math.min(Math.max(mean, low), high);
  for (let attempt = 0; attempt < 64; attempt += 1) {
    const value = mean + deviation * normal();
    if (value >= low && value <= high) return value;
  }
  return low + (high - low) * random.next();
}

/** Walker's aliases (Vose 1991): with them a place is drawn as often as its count says by two numbers, whatever the count. */
interface Shares {
  readonly share: Float64Array;
  readonly alias: Int32Array;
}

function sharesOf(counts: readonly number[]): Shares {
  const total = counts.reduce((sum, each) => sum + each, 0);
  const share = Float64Array.from(counts, (count) => (count * counts.length) / Math.max(1, total));
  const alias = Int32Array.from(counts, (_, place) => place);
  const small = [...share.keys()].filter((place) => (share[place] ?? 0) < 1);
  const large = [...share.keys()].filter((place) => (share[place] ?? 0) >= 1);
  while (small.length > 0 && large.length > 0) {
    const [less = 0, more = 0] = [small.pop(), large.at(-1)];
    alias[less] = more;
    share[more] = (share[more] ?? 0) + (share[less] ?? 0) - 1;
    if ((share[more] ?? 0) < 1) small.push(large.pop() ?? 0);
  }
  return { share, alias };
}

function drawn({ share, alias }: Shares, random: Random): number {
  const place = random.below(share.length);
  return random.next() < (share[place] ?? 0) ? place : (alias[place] ?? place);
}

/** A percentile of ascending numbers between its neighbours on a straight line, as numpy takes it. */
function percentile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}
