// Judges a version while a person waits: figures with their intervals, who does better, where it does worse, and a report to look at.

import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { type Evaluation, evaluateVersion, keepEvaluation } from "../../platform/platform.ts";
import type { Line } from "../output.ts";
import { evaluationReport } from "../report/evaluation-report.ts";
import { writeReport } from "../report/write-report.ts";
import type { CommandContext } from "../run-command.ts";
import { visible } from "../visible.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, wholeNumber } from "../words.ts";

interface Options {
  readonly rows: string;
  readonly slice?: readonly string[];
  readonly cluster?: string;
  readonly cost?: string;
  readonly resamples: string;
  readonly seed: string;
  readonly report?: string;
  readonly linear?: boolean;
  readonly keep?: boolean;
}

/** `slipway evaluate <model>` */
export async function run(context: CommandContext, options: Options, version: string): Promise<void> {
  const { output, progress, host } = context;
  await withPlatform(context, async (platform) => {
    const evaluation = await progress.step(`Evaluating ${version}`, () =>
      evaluateVersion(platform, {
        version,
        rows: options.rows,
        slices: options.slice ?? [],
        ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
        ...(options.cost === undefined ? {} : { cost: costFrom(options.cost) }),
        resamples: wholeNumber("--resamples", options.resamples, 50, 100_000),
        seed: wholeNumber("--seed", options.seed, 0, 2 ** 32 - 1),
        linear: options.linear === true,
        onNote: (text) => progress.note(text),
      }),
    );
    const file = options.report === undefined ? undefined : resolve(host.cwd, options.report);
    if (file !== undefined) await writeReport(file, evaluationReport(evaluation));
    if (options.keep === true) await keepEvaluation(platform, evaluation, evaluationReport(evaluation));
    output.show(evaluation, [
      ...lines(evaluation, (text) => output.style.bold(text)),
      ...(file === undefined ? [] : ["", `Report: ${file}`]),
      ...(options.keep === true ? ["", `Kept with run ${evaluation.run}, for tracking clients and the server.`] : []),
    ]);
  });
}

/** `1:5`: what a false positive and a false negative cost. */
function costFrom(text: string): { readonly falsePositive: number; readonly falseNegative: number } {
  const [, positive, negative] = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(text.trim()) ?? [];
  const cost = { falsePositive: Number(positive), falseNegative: Number(negative) };
  if (positive === undefined || cost.falsePositive + cost.falseNegative === 0)
    throw new SlipwayError(
      "USAGE",
      `--cost takes what a false positive and a false negative cost, such as 1:5, not "${text}".`,
    );
  return cost;
}

const between = (interval: { readonly low: number; readonly high: number } | null): string =>
  interval === null ? "" : `${figure(interval.low)} to ${figure(interval.high)}`;

function lines(evaluation: Evaluation, bold: (text: string) => string): readonly Line[] {
  const { model, version, span, rows, label, metrics, comparisons, slices, decisions, level, notes } = evaluation;
  const percent = `${Math.round(level * 100)} %`;
  const { task, confusion } = evaluation;
  const mean = task === "binary" ? "true in" : task === "multiclass" ? "" : "mean label";
  const shown = metrics.slice(0, task === "binary" || task === "multiclass" ? 4 : metrics.length);
  const about = confusion ? `${confusion.classes.length} classes` : `label ${mean} ${figure(label)}`;
  return [
    `${bold(`${model}@${version}`)} on ${rows} ${span.rows} rows, ${span.from} to ${span.to}, ${about}`,
    "",
    {
      columns: ["metric", "this version", `${percent} interval`, ...comparisons.map(({ who }) => who)],
      rows: metrics.map(({ title, value, interval }, place) => [
        title,
        figure(value),
        between(interval),
        ...comparisons.map((other) => figure(other.metrics[place]?.value)),
      ]),
    },
    ...comparisons
      .filter(({ who }) => who !== "a constant")
      .flatMap(({ who, difference }): Line[] => [
        "",
        {
          columns: [`against ${who}`, "difference", `${percent} interval`, ""],
          rows: difference
            .slice(0, shown.length)
            .map(({ title, value, interval, better }) => [
              title,
              figure(value),
              between(interval),
              verdict(better, interval),
            ]),
        },
      ]),
    ...(decisions === undefined
      ? []
      : [
          "",
          `Decisions at a score of ${figure(decisions.threshold)} (${decisions.chosen})${decisions.costPerRow === undefined ? "" : `: cost per row ${figure(decisions.costPerRow)}`}`,
          {
            columns: ["", "called true", "called false"],
            rows: [
              ["came true", decisions.confusion.truePositive, decisions.confusion.falseNegative],
              ["came false", decisions.confusion.falsePositive, decisions.confusion.trueNegative],
            ],
          },
        ]),
    ...(confusion === undefined ? [] : confusionLines(confusion)),
    ...(slices.length === 0
      ? []
      : [
          "",
          {
            columns: [
              "slice",
              "rows",
              ...(mean === "" ? [] : [mean]),
              ...shown.map(({ title }) => title),
              `${percent} of ${shown[0]?.title}`,
            ],
            rows: slices.map((slice) => [
              visible(slice.name),
              slice.rows,
              ...(mean === "" ? [] : [figure(slice.label)]),
              ...shown.map((_, place) => figure(slice.metrics[place]?.value)),
              between(slice.metrics[0]?.interval ?? null),
            ]),
          },
        ]),
    ...(notes.length === 0 ? [] : ["", ...notes.map(visible)]),
  ];
}

const MOST_CLASSES = 12;

/** Every class on its own, and where there are few of them, which was called which. */
function confusionLines({ classes, cells }: NonNullable<Evaluation["confusion"]>): readonly Line[] {
  const columns = classes.length > MOST_CLASSES ? [] : classes.map(({ name }) => `called ${visible(name)}`);
  return [
    "",
    {
      columns: ["class", "rows", "precision", "recall", "F1", ...columns],
      rows: classes.map(({ name, rows, precision, recall, f1 }, own) => [
        visible(name),
        rows,
        ...[precision, recall, f1].map(figure),
        ...columns.map((_, other) => cells[own]?.[other] ?? 0),
      ]),
    },
  ];
}

function verdict(better: "higher" | "lower", interval: { readonly low: number; readonly high: number } | null): string {
  if (interval === null) return "";
  if (interval.low <= 0 && interval.high >= 0) return "no clear difference";
  return interval.low > 0 === (better === "higher") ? "better" : "worse";
}
