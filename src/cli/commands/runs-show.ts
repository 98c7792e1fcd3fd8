// One run: what came of it, what it was made with, and its curves.

import { runMetric, type ShownRun, showRun } from "../../platform/platform.ts";
import type { Line, Output } from "../output.ts";
import { type Curve, linePlot } from "../plot/line-plot.ts";
import { sparkline } from "../plot/sparkline.ts";
import { provenanceFacts } from "../provenance-facts.ts";
import type { CommandContext } from "../run-command.ts";
import { visible } from "../visible.ts";
import { withPlatform } from "../with-platform.ts";
import { bytesText, figure, momentText, secondsText } from "../words.ts";

/** `slipway runs show <run>` */
export async function run(
  context: CommandContext,
  options: { readonly plot?: readonly string[] },
  reference: string,
): Promise<void> {
  const { output } = context;
  await withPlatform(context, async (platform) => {
    const shown = await showRun(platform, reference);
    for (const name of options.plot ?? []) await runMetric(platform, shown.id, name);
    output.show(shown, runLines(shown, output, options.plot));
  });
}

function runLines(run: ShownRun, output: Output, plots: readonly string[] | undefined): readonly Line[] {
  const { style, canvas } = output;
  const { resources } = run;
  const trainer = resources?.trainer;
  const facts: readonly (readonly [string, string | null])[] = [
    ["status", run.status === "failed" ? style.bad("failed") : run.status],
    ["error", run.error],
    ["model", run.model],
    ["made", run.versions.join(", ")],
    ["experiment", run.experiment],
    ["part of", run.parent],
    ["by", run.actor],
    ["started", momentText(run.startedAt)],
    ["took", secondsText(run.durationSeconds)],
    [
      "used",
      resources &&
        `${secondsText(resources.cpuSeconds)} of processor time${trainer ? ` (the trainer ${secondsText(trainer.cpuSeconds)})` : ""}, ${bytesText(resources.peakMemory)} of memory at most`,
    ],
    ["command", run.command],
    ...provenanceFacts(run),
    ...run.datasets.map(({ id, rows, timeFrom, timeTo, columns }): readonly [string, string] => [
      "data",
      `${id.slice(0, 12)}: ${rows} rows, ${columns.length} columns${timeFrom === null ? "" : `, ${timeFrom} to ${timeTo}`}`,
    ]),
    ...run.inputs.map(({ name, digest, use }): readonly [string, string] => [
      "input",
      `${name} ${digest}${use === null ? "" : ` for ${use}`}`,
    ]),
    ...Object.entries(run.tags)
      .filter(([key]) => !key.startsWith("mlflow."))
      .map(([key, value]): readonly [string, string] => [`tag ${key}`, value]),
  ];
  const metrics = Object.entries(run.metrics);
  const params = Object.entries(run.params);
  return [
    `${style.bold(visible(run.name))}  ${style.dim(run.id)}`,
    {
      columns: ["", ""],
      rows: facts.flatMap(([name, value]) => (value ? [[visible(name), value]] : [])),
    },
    ...(metrics.length === 0
      ? []
      : [
          "",
          {
            columns: ["metric", "value", "curve"],
            rows: metrics.map(([name, value]) => [visible(name), figure(value), curveOf(run, name, output)]),
          },
        ]),
    ...plotsOf(run, plots).flatMap((curves) => ["", ...linePlot(curves, canvas)]),
    ...(params.length === 0
      ? []
      : [
          "",
          { columns: ["parameter", "value"], rows: params.map(([name, value]) => [visible(name), visible(value)]) },
        ]),
  ];
}

function curveOf({ curves }: ShownRun, name: string, { canvas }: Output): string {
  const values = curves[name];
  return values === undefined
    ? ""
    : sparkline(
        values.map(({ value }) => value),
        { ...canvas, width: 24 },
      );
}

/** The asked curves one by one, else those that measure the same on different rows in one plot: `train-logloss` and `validate-logloss`. */
function plotsOf({ curves }: ShownRun, asked: readonly string[] | undefined): readonly (readonly Curve[])[] {
  const curve = (name: string): Curve => ({
    name: visible(name),
    points: (curves[name] ?? []).map(({ step, value }) => [step, value] as const),
  });
  if (asked !== undefined) return asked.map((name) => [curve(name)]);
  const groups = new Map<string, string[]>();
  for (const name of Object.keys(curves)) {
    const measure = name.replace(/^(?:train|validate|valid|val|eval|test)(?:ation)?[-_/. ]/i, "");
    groups.set(measure, [...(groups.get(measure) ?? []), name]);
  }
  return [...groups.values()].slice(0, 2).map((names) => names.map(curve));
}
