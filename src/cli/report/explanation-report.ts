// An explanation as one HTML file: no script, nothing fetched, and every name that somebody chose is text and nothing else.

import type { RowExplanation, VersionExplanation } from "../../platform/platform.ts";
import { cellText, LOW_FIDELITY, stepsOf } from "../explanation-lines.ts";
import { type WaterfallStep, waterfallSpans } from "../plot/waterfall.ts";
import { beeswarm, dependencePlots, effectPlots, shortened, sizeBars } from "./explanation-plots.ts";
import { forest } from "./forest.ts";
import { card, counted, escaped, footer, header, page, table, textRow, told } from "./markup.ts";

/** The report of a version as a whole. */
export function explanationReport(explanation: VersionExplanation): string {
  const { model, version, rows, sample, link, calibration, permutation, pairs = [], effects = [] } = explanation;
  const own = effects.find((each) => each.class === explanation.class) ?? effects[0];
  const chips = [
    `${counted(sample)} ${rows} rows`,
    ...(explanation.class === undefined ? [] : [`class ${explanation.class}`]),
    ...(link === undefined ? [] : [`link ${link}`]),
    ...(calibration === undefined ? [] : [`before ${calibration} calibration`]),
  ];
  const swarm = beeswarm(explanation);
  return page(`${model}@${version}: explanation`, [
    header("Explanation", model, chips, `version ${version}`),
    swarm === ""
      ? ""
      : `<section class="wide">${card("What each input adds, row by row", "Each dot is a row. Right of the line the input raised the answer, left it lowered it; red is a high value of the input, pale blue a low one, grey one that has no order or is missing.", swarm)}</section>`,
    `<section class="plots">${[
      own === undefined
        ? ""
        : card(
            "Mean effect",
            "The mean size of what each input adds to the sum behind the answer (mean |SHAP|).",
            sizeBars(
              own.effects.slice(0, 15).map(({ input, meanAbsolute }) => ({ name: input, size: meanAbsolute })),
              "Mean effect",
            ),
          ),
      pairs.length === 0
        ? ""
        : card(
            "Together",
            "Pairs of inputs by the mean size of what they add beyond what each adds alone.",
            sizeBars(
              pairs.map(({ inputs, meanAbsolute }) => ({ name: inputs.join(" × "), size: meanAbsolute })),
              "Interactions",
            ),
          ),
      ...[...effectPlots(explanation), ...dependencePlots(explanation)].map(({ title, about, svg }) =>
        card(title, about, svg),
      ),
    ].join("")}</section>`,
    permutation === undefined
      ? ""
      : `<section class="wide">${card(
          `${permutation.title} without an input`,
          `How much worse ${permutation.title} becomes, from ${told(permutation.value)}, when an input is shuffled among the rows; ${permutation.repeats} shuffles, 95 % intervals. What another input repeats loses nothing here.`,
          forest(
            permutation.effects.slice(0, 20).map(({ input, drop, low, high }) => ({
              name: input,
              beside: "",
              value: drop,
              interval: { low, high },
            })),
            0,
            "Permutation importance",
          ),
        )}</section>`,
    everyClass(explanation),
    foot(explanation),
  ]);
}

function everyClass({ effects = [] }: VersionExplanation): string {
  if (effects.length < 2) return "";
  const names = effects[0]?.effects.map(({ input }) => input) ?? [];
  const head = ["input", ...effects.map((each) => each.class ?? "")];
  const lines = names.map((name) =>
    textRow([name, ...effects.map((each) => told(each.effects.find(({ input }) => input === name)?.meanAbsolute))]),
  );
  return `<section class="wide">${card("By class", "The mean size of what each input adds to each class's sum.", table(head, lines))}</section>`;
}

/** The report of one row. */
export function rowExplanationReport(explanation: RowExplanation): string {
  const { model, version, answer, explanation: shap, lime, counterfactuals, row } = explanation;
  const sum = shap?.outputs.find((each) => each.class === explanation.class) ?? shap?.outputs[0];
  const chips = [`answer ${told(answer)}`, ...(explanation.class === undefined ? [] : [`class ${explanation.class}`])];
  return page(`${model}@${version}: one row`, [
    header("One row explained", model, chips, `version ${version}`),
    sum === undefined || shap === undefined
      ? ""
      : `<section class="wide">${card("How the sum comes about", `From what is answered where nothing is known, ${told(sum.base)}, to this row's sum, ${told(sum.margin)}: what each input adds (SHAP). Link ${shap.link}${shap.calibration ? `, then ${shap.calibration} calibration` : ""}.`, waterfallPicture(sum.base, stepsOf(sum, row)))}</section>`,
    lime === undefined
      ? ""
      : `<section class="wide">${card(
          "LIME",
          `A linear model of the answers around the row; it explains ${Math.round(100 * lime.fidelity)} % of them and says ${told(lime.localAnswer)} here.${lime.fidelity < LOW_FIDELITY ? " That is little: do not take these reasons for the model's." : ""}`,
          table(
            ["what is true of the row", "adds"],
            lime.effects.map(({ condition, weight }) => textRow([condition, told(weight)])),
          ),
        )}</section>`,
    counterfactuals === undefined || counterfactuals.ways.length === 0
      ? ""
      : `<section class="wide">${card(
          "What would have to change",
          "Ways to the wanted answer, the least change first.",
          table(
            ["input", "is", "would be", "way", "answer"],
            counterfactuals.ways.flatMap(({ changes, answer: then }, way) =>
              changes.map(({ input, from, to }) =>
                textRow([input, cellText(from), cellText(to), String(way + 1), told(then)]),
              ),
            ),
          ),
        )}</section>`,
    `<section class="wide">${card(
      "The row",
      "Every input as it was.",
      table(
        ["input", "value"],
        Object.entries(row).map(([name, cell]) => textRow([name, cellText(cell)])),
      ),
    )}</section>`,
    foot(explanation),
  ]);
}

function foot({ notes, dataset }: VersionExplanation | RowExplanation): string {
  return footer([...notes, ...(dataset === null ? [] : [`Dataset ${dataset.slice(0, 12)}`])]);
}

const WIDTH = 860;
const LABELS = 300;
const FIGURE = 80;
const ROW = 28;
const MOST = 20;

function waterfallPicture(base: number, steps: readonly WaterfallStep[]): string {
  const spans = waterfallSpans(base, steps, MOST);
  const ends = [base, ...spans.map(({ to }) => to)];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const x = (value: number): number =>
    Number((LABELS + ((value - low) / (high - low || 1)) * (WIDTH - LABELS - FIGURE)).toFixed(1));
  const marks = spans.map(({ name, change, from, to }, place) => {
    const y = place * ROW;
    const [left, right] = [Math.min(x(from), x(to)), Math.max(x(from), x(to))];
    const tone = change >= 0 ? "bar up" : "bar down";
    return `<text class="label" text-anchor="end" x="${LABELS - 12}" y="${y + 18}">${escaped(shortened(name, 40))}<title>${escaped(name)}</title></text><rect class="${tone}" x="${left}" y="${y + 5}" width="${Math.max(1.5, right - left).toFixed(1)}" height="18" rx="3"/><line class="grid" x1="${x(to)}" x2="${x(to)}" y1="${y + 5}" y2="${y + ROW + 23}"/><text class="label" text-anchor="end" x="${WIDTH}" y="${y + 18}">${change >= 0 ? "+" : ""}${told(change)}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${spans.length * ROW + 6}" role="img" aria-label="Waterfall of SHAP values">${marks.join("")}</svg>`;
}
