// The plots of an evaluation, each with a sentence on how to read it.

import type { Evaluation } from "../../platform/platform.ts";
import { counted, told } from "./markup.ts";
import { type Axis, area, dot, line, type PlotPoint, plot } from "./svg-plot.ts";

/** A picture with its heading and how to read it. */
export interface Figure {
  readonly title: string;
  readonly about: string;
  readonly svg: string;
}

const percent = (value: number): string => `${Math.round(value * 100)} %`;
const share = (title: string): Axis => ({ from: 0, to: 1, title, text: percent });

/** Every plot that the evaluation has figures for. */
export function evaluationPlots(evaluation: Evaluation): readonly Figure[] {
  return [
    ...binaryPlots(evaluation),
    ...regressionPlots(evaluation),
    ...rankingPlot(evaluation),
    ...survivalPlot(evaluation),
    ...learningPlot(evaluation),
  ];
}

function binaryPlots({ curves, calibration = [], label, comparisons }: Evaluation): readonly Figure[] {
  if (curves === undefined || curves.roc.length === 0) return [];
  const roc = plot("ROC curve", share("negatives called true"), share("positives found"));
  const recall = plot("Precision-recall curve", share("positives found"), share("calls that were right"));
  const most = Math.max(1.2, ...curves.lift.map(([, lift]) => lift));
  const lift = plot("Lift", share("rows acted on, best first"), {
    from: 0,
    to: most * 1.05,
    title: "times the base rate",
  });
  const certain = plot("Calibration", share("probability foretold"), share("share that came true"));
  const heaviest = Math.max(...calibration.map(({ rows }) => rows), 1);
  const foretold = calibration.map((bin): PlotPoint => [bin.foretold, bin.observed]);
  const before = comparisons
    .find(({ who }) => who === "before calibration")
    ?.calibration?.map((bin): PlotPoint => [bin.foretold, bin.observed]);
  return [
    {
      title: "ROC",
      about: `Area ${told(curves.auc)}: the chance that a positive row scores above a negative one.`,
      svg: roc.svg([
        area(roc, curves.roc, 0, "fill"),
        line(
          roc,
          [
            [0, 0],
            [1, 1],
          ],
          "rule",
        ),
        line(roc, curves.roc, "curve"),
      ]),
    },
    {
      title: "Precision and recall",
      about: `Average precision ${told(curves.averagePrecision)}; calling all rows true would be right in ${percent(label ?? 0)}.`,
      svg: recall.svg([
        area(recall, curves.precisionRecall, 0, "fill"),
        line(
          recall,
          [
            [0, label ?? 0],
            [1, label ?? 0],
          ],
          "rule",
        ),
        line(recall, curves.precisionRecall, "curve"),
      ]),
    },
    {
      title: "Calibration",
      about: `On the diagonal, what is foretold is what comes. A dot's size is how many rows it stands for.${before ? " Dashed: before calibration." : ""}`,
      svg: certain.svg([
        line(
          certain,
          [
            [0, 0],
            [1, 1],
          ],
          "rule",
        ),
        ...(before ? [line(certain, before, "curve dashed")] : []),
        line(certain, foretold, "curve thin"),
        ...calibration.map((bin) =>
          dot(
            certain,
            [bin.foretold, bin.observed],
            3 + 7 * Math.sqrt(bin.rows / heaviest),
            "dot",
            `${counted(bin.rows)} rows: foretold ${told(bin.foretold)}, came true ${told(bin.observed)}`,
          ),
        ),
      ]),
    },
    {
      title: "Lift",
      about: `The best tenth of rows holds ${told(curves.lift[9]?.[1])} times as many positives as a tenth by chance.`,
      svg: lift.svg([
        area(lift, curves.lift, 1, "fill"),
        line(
          lift,
          [
            [0, 1],
            [1, 1],
          ],
          "rule",
        ),
        line(lift, curves.lift, "curve"),
      ]),
    },
  ];
}

function regressionPlots({ residuals }: Evaluation): readonly Figure[] {
  if (residuals === undefined || residuals.points.length === 0) return [];
  const { points, histogram } = residuals;
  const all = points.flat();
  const ends = { from: Math.min(...all), to: Math.max(...all) };
  const against = plot("Foretold against actual", { ...ends, title: "foretold" }, { ...ends, title: "actual" });
  const tallest = Math.max(...histogram.map(({ rows }) => rows), 1);
  const [first, last] = [histogram[0]?.from ?? 0, histogram[histogram.length - 1]?.to ?? 1];
  const missed = plot(
    "Residuals",
    { from: first, to: last, title: "actual − foretold" },
    { from: 0, to: tallest * 1.05, title: "rows" },
  );
  return [
    {
      title: "Foretold against actual",
      about:
        "Dots on the diagonal were foretold exactly; a band that bends away from it is a pattern the model missed.",
      svg: against.svg([
        ...points.map((point) => dot(against, point, 1.8, "speck")),
        line(
          against,
          [
            [ends.from, ends.from],
            [ends.to, ends.to],
          ],
          "rule",
        ),
      ]),
    },
    {
      title: "Residuals",
      about: "How far off, and on which side; the outermost bars hold what lies further out.",
      svg: missed.svg([
        ...histogram.map(({ from, to, rows }) => {
          const [left, right] = [missed.x(from), missed.x(to)];
          return `<rect class="bar" x="${left}" y="${missed.y(rows)}" width="${Math.max(right - left - 1, 0.5).toFixed(2)}" height="${(missed.y(0) - missed.y(rows)).toFixed(2)}"><title>${told(from)} to ${told(to)}: ${counted(rows)} rows</title></rect>`;
        }),
        line(
          missed,
          [
            [0, 0],
            [0, tallest],
          ],
          "rule",
        ),
      ]),
    },
  ];
}

function rankingPlot({ gains = [] }: Evaluation): readonly Figure[] {
  const last = gains[gains.length - 1];
  if (last === undefined) return [];
  const frame = plot(
    "NDCG by place",
    { from: 1, to: Math.max(last[0], 2), title: "first places that count" },
    { from: 0, to: 1, title: "NDCG" },
  );
  return [
    {
      title: "NDCG by place",
      about: `How near each group's first places come to the best order there is: ${told(gains[0]?.[1])} for the first alone, ${told(last[1])} for the first ${last[0]}.`,
      svg: frame.svg([
        area(frame, gains, 0, "fill"),
        line(frame, gains, "curve"),
        ...gains.map((point) => dot(frame, point, 3, "dot", `the first ${point[0]}: ${told(point[1])}`)),
      ]),
    },
  ];
}

function survivalPlot({ survival = [] }: Evaluation): readonly Figure[] {
  const longest = Math.max(...survival.flatMap(({ points }) => points.map(([time]) => time)));
  if (!(longest > 0)) return [];
  const frame = plot(
    "Survival",
    { from: 0, to: longest, title: "time, in the label's unit" },
    share("share that goes on"),
  );
  const style = ["curve dotted", "curve dashed", "curve"];
  return [
    {
      title: "Survival",
      about: `Kaplan-Meier curves of the rows in three parts by the time foretold; the further apart, the better. Dotted: ${survival[0]?.name}; dashed: ${survival[1]?.name}; solid: ${survival[2]?.name}.`,
      svg: frame.svg(survival.map(({ points }, place) => line(frame, points, style[place] ?? "curve"))),
    },
  ];
}

function learningPlot({ learning, bestRound }: Evaluation): readonly Figure[] {
  const points = learning.flatMap((curve) => curve.points);
  if (points.length === 0) return [];
  const values = points.map(([, value]) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = (most - least) * 0.06 || 1;
  const rounds = Math.max(...points.map(([round]) => round));
  const frame = plot(
    "Learning curve",
    { from: 1, to: rounds, title: "round" },
    { from: least - margin, to: most + margin, title: learning[0]?.name.replace(/^.*-/, "") ?? "" },
  );
  return [
    {
      title: "Learning curve",
      about: `${learning.map(({ name }, place) => `${place === 0 ? "Solid" : "Dashed"}: ${name}`).join("; ")}. The best round, ${bestRound}, is used.`,
      svg: frame.svg([
        line(
          frame,
          [
            [bestRound, least - margin],
            [bestRound, most + margin],
          ],
          "rule",
        ),
        ...learning.map(({ points: own }, place) => line(frame, own, place === 0 ? "curve" : "curve dashed")),
      ]),
    },
  ];
}
