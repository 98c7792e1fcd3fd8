// Explanations as lines for people.

import type { OutputExplanation } from "../core/core.ts";
import type { RowExplanation, VersionExplanation } from "../platform/platform.ts";
import type { Line, Output } from "./output.ts";
import { bars } from "./plot/bars.ts";
import { waterfall } from "./plot/waterfall.ts";
import { visible } from "./visible.ts";
import { figure } from "./words.ts";

type Look = Pick<Output, "canvas" | "style">;

const SHOWN = 20;

/** How a score comes from a sum, in words. */
const LINKS = {
  identity: "the answer itself",
  logistic: "the log-odds of the answer",
  softmax: "its class's share before softmax",
  exponential: "the logarithm of the answer",
} as const;

/** A version explained as a whole. */
export function versionExplanationLines(explanation: VersionExplanation, { canvas, style }: Look): readonly Line[] {
  const { model, version, rows, sample, effects, pairs = [], permutation, link, calibration, notes } = explanation;
  const own = effects?.find((each) => each.class === explanation.class) ?? effects?.[0];
  const ofClass = explanation.class === undefined ? "" : `, class ${visible(explanation.class)}`;
  return [
    `${style.bold(`${model}@${version}`)} on ${sample} ${rows} rows${ofClass}`,
    ...(own === undefined
      ? []
      : [
          "",
          `What inputs add to ${link === undefined ? "the sum" : LINKS[link]}, mean of sizes (SHAP)${calibration ? `, before ${calibration} calibration` : ""}:`,
          ...bars(
            own.effects
              .slice(0, SHOWN)
              .map(({ input, meanAbsolute }) => ({ name: visible(input), value: meanAbsolute })),
            canvas,
          ),
          ...more(own.effects.length),
        ]),
    ...(pairs.length === 0
      ? []
      : [
          "",
          "Together, beyond what each adds alone:",
          ...bars(
            pairs.slice(0, 5).map(({ inputs, meanAbsolute }) => ({
              name: inputs.map(visible).join(" × "),
              value: meanAbsolute,
            })),
            canvas,
          ),
        ]),
    ...(permutation === undefined
      ? []
      : [
          "",
          `${permutation.title} is ${figure(permutation.value)}; shuffling an input makes it worse by:`,
          {
            columns: ["input", "worse by", "95 % interval"],
            rows: permutation.effects
              .slice(0, SHOWN)
              .map(({ input, drop, low, high }) => [visible(input), figure(drop), `${figure(low)} to ${figure(high)}`]),
          },
        ]),
    ...(notes.length === 0 ? [] : ["", ...notes.map(visible)]),
  ];
}

function more(count: number): readonly string[] {
  return count > SHOWN ? [`and ${count - SHOWN} more: --json or --report tell them all`] : [];
}

/** One row explained. */
export function rowExplanationLines(explanation: RowExplanation, { canvas, style }: Look): readonly Line[] {
  const { model, version, answer, row, explanation: shap, lime, counterfactuals, notes } = explanation;
  const ofClass = explanation.class === undefined ? "" : ` for ${visible(explanation.class)}`;
  const sum = shap?.outputs.find((each) => each.class === explanation.class) ?? shap?.outputs[0];
  return [
    `${style.bold(`${model}@${version}`)} answers ${style.bold(figure(answer))}${ofClass}`,
    ...(shap === undefined || sum === undefined
      ? []
      : [
          "",
          `SHAP values add up to ${LINKS[shap.link]}${shap.calibration ? `, before ${shap.calibration} calibration` : ""}:`,
          ...waterfall(sum.base, stepsOf(sum, row), canvas),
        ]),
    ...(lime === undefined ? [] : limeLines(lime, style)),
    ...(counterfactuals === undefined ? [] : wayLines(counterfactuals)),
    ...(notes.length === 0 ? [] : ["", ...notes.map(visible)]),
  ];
}

/** The inputs by what they add, with their values where they have one. */
export function stepsOf(
  { contributions }: Pick<OutputExplanation, "contributions">,
  row: RowExplanation["row"],
): readonly { readonly name: string; readonly change: number }[] {
  return Object.entries(contributions)
    .sort(([, one], [, other]) => Math.abs(other) - Math.abs(one))
    .map(([name, change]) => ({
      name: visible(Object.hasOwn(row, name) ? `${name} = ${cellText(row[name])}` : name),
      change,
    }));
}

/** A value of an input for people. */
export function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return "missing";
  return typeof cell === "number" ? String(Number(cell.toPrecision(5))) : String(cell);
}

function limeLines(lime: NonNullable<RowExplanation["lime"]>, style: Look["style"]): readonly Line[] {
  const { effects, fidelity, stability, localAnswer, answer, samples } = lime;
  const percent = `${Math.round(100 * fidelity)} %`;
  return [
    "",
    `LIME, ${samples} samples around the row: a linear model that explains ${percent} of the answers there`,
    {
      columns: ["what is true of the row", "adds"],
      rows: effects.map(({ condition, weight }) => [visible(condition), figure(weight)]),
    },
    `It says ${figure(localAnswer)} where the model says ${figure(answer)}; ${Math.round(100 * stability)} % of these inputs stay without a part of the samples.`,
    ...(fidelity < LOW_FIDELITY
      ? [style.warn("It explains little of the answers around this row: do not take these reasons for the model's.")]
      : []),
  ];
}

/** Below this share the linear model says little of the model. */
export const LOW_FIDELITY = 0.3;

function wayLines({ holds, ways, scored, answer }: NonNullable<RowExplanation["counterfactuals"]>): readonly Line[] {
  if (holds) return ["", `The answer is ${figure(answer)}, as it is wanted: nothing has to change.`];
  if (ways.length === 0)
    return [
      "",
      `No way was found among ${scored} that were tried: allow more inputs with --changes, wider bounds, or fewer --fixed.`,
    ];
  return [
    "",
    "What would have to change:",
    {
      columns: ["way", "input", "is", "would be", "answer"],
      rows: ways.flatMap(({ changes, answer: then }, way) =>
        changes.map(({ input, from, to }, place) => [
          place === 0 ? way + 1 : "",
          visible(input),
          visible(cellText(from)),
          visible(cellText(to)),
          place === 0 ? figure(then) : "",
        ]),
      ),
    },
  ];
}
