// One form for every benchmark's result: lines of figures, each with what it is held against, printed as a table and kept as JSON.

import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { pathToFileURL } from "node:url";

/** One measured thing: medians over the rounds, ours and the other side's. */
export interface Line {
  readonly what: string;
  readonly unit: string;
  readonly slipway: number;
  /** The peer, or the physical limit; absent where there is none. */
  readonly other?: { readonly name: string; readonly value: number };
  /** Ours over the other's. */
  readonly ratio?: number;
  /** What was asked for, in words, and whether it holds. */
  readonly target?: { readonly text: string; readonly met: boolean };
}

/** What one benchmark gives. */
export interface BenchResult {
  readonly name: string;
  readonly rounds: number;
  readonly lines: readonly Line[];
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[];
  /** Load average over one minute before and after: more than the processors means that others were working too. */
  readonly load?: readonly [before: number, after: number];
  /** Every round's figures. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** One benchmark: `quick` is a smoke run with few rounds. */
export type Bench = (quick: boolean) => Promise<BenchResult>;

/** The middle of some figures; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A quantile of some figures, by the nearest rank above; the median of an even number is the mean of the middle two. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (share === 0.5 && sorted.length % 2 === 0 && sorted.length > 0)
    return ((sorted[sorted.length / 2 - 1] ?? 0) + (sorted[sorted.length / 2] ?? 0)) / 2;
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Figures by name, collected round by round. */
export interface Samples {
  readonly all: Readonly<Record<string, readonly number[]>>;
  keep(name: string, value: number): void;
  of(name: string): readonly number[];
}

/** An empty collection. */
export function newSamples(): Samples {
  const all: Record<string, number[]> = {};
  return {
    all,
    keep(name, value) {
      const list = all[name] ?? [];
      list.push(value);
      all[name] = list;
    },
    of: (name) => all[name] ?? [],
  };
}

/** A line that compares medians of two sides' samples. */
export function compared(
  what: string,
  unit: string,
  slipway: readonly number[],
  name: string,
  other: readonly number[],
  target?: (ratio: number) => { readonly text: string; readonly met: boolean },
): Line {
  const [ours, theirs] = [median(slipway), median(other)];
  const ratio = ours / theirs;
  return {
    what,
    unit,
    slipway: ours,
    other: { name, value: theirs },
    ratio,
    ...(target ? { target: target(ratio) } : {}),
  };
}

/** The machine in words. */
export function machine(): string {
  let model = cpus()[0]?.model ?? "unknown processor";
  let memory = "";
  try {
    model = /^model name\s*:\s*(.+)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? model;
    memory = `, ${Math.round(Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0) / 2 ** 20)} GiB`;
  } catch {
    // Not Linux: the processor's name is enough.
  }
  return `${cpus().length} cores${memory}, shared (${model}), Node ${process.versions.node}`;
}

/** Runs a benchmark and keeps the load around it. */
export async function measured(bench: Bench, quick: boolean): Promise<BenchResult> {
  const before = loadavg()[0] ?? 0;
  const result = await bench(quick);
  return { ...result, load: [before, loadavg()[0] ?? 0] };
}

/** Results as one markdown table, with the notes below it. */
export function markdown(results: readonly BenchResult[]): string {
  const rows = results.flatMap(({ name, lines }) => lines.map((line) => [name, ...cells(line)]));
  const head = ["bench", "what", "Slipway", "against", "ratio", "target"];
  const table = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
  const notes = results.map(
    ({ name, rounds, notes, load }) =>
      `- **${name}** (${rounds} rounds, load ${load?.map((each) => each.toFixed(1)).join(" to ") ?? "unknown"}): ${notes.join(" ")}`,
  );
  return `${table}\n\n${notes.join("\n")}\n`;
}

function cells({ what, unit, slipway, other, ratio, target }: Line): readonly string[] {
  return [
    what,
    `${figure(slipway)} ${unit}`,
    other ? `${other.name}: ${figure(other.value)} ${unit}` : "",
    ratio === undefined ? "" : `${ratio.toFixed(2)}×`,
    target ? `${target.text}: ${target.met ? "met" : "**missed**"}` : "",
  ];
}

function figure(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** Runs a benchmark when its file is what was started: prints the table, or with --json the document. */
export async function runIfMain(url: string, bench: Bench): Promise<void> {
  if (process.argv[1] === undefined || pathToFileURL(process.argv[1]).href !== url) return;
  const result = await measured(bench, process.argv.includes("--quick"));
  process.stdout.write(
    process.argv.includes("--json") ? `${JSON.stringify(result, null, 2)}\n` : `${machine()}\n\n${markdown([result])}`,
  );
  process.exit(0);
}
