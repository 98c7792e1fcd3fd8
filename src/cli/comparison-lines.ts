// A comparison as tables for people: a table per heading, what differs first, what is the same told in a line. Metrics that differ get their change
// between two things, and bars between more.

import type { Comparison } from "../platform/platform.ts";
import type { Line, Output } from "./output.ts";
import { bars } from "./plot/bars.ts";
import { shortNumber } from "./plot/marks.ts";
import { visible } from "./visible.ts";
import { bytesText } from "./words.ts";

type Section = Comparison["sections"][number];
type Fact = Section["facts"][number];

/** How to tell it. */
interface Telling {
  /** A short name for each of the things, in their order. */
  readonly names: readonly string[];
  /** Also every fact that is the same. */
  readonly all?: boolean;
}

/** Lines for a comparison. */
export function comparisonLines(
  { canvas, style }: Output,
  { sections }: Comparison,
  telling: Telling,
): readonly Line[] {
  const { names, all = false } = telling;
  const lines: Line[] = [];
  for (const { heading, facts } of sections) {
    const shown = all ? facts : facts.filter(({ differs }) => differs);
    const same = facts.length - facts.filter(({ differs }) => differs).length;
    if (facts.length === 0) continue;
    if (lines.length > 0) lines.push("");
    const note = all || same === 0 ? "" : style.dim(shown.length === 0 ? " all the same" : ` ${same} the same`);
    lines.push(`${style.bold(heading)}${note}`);
    if (shown.length > 0)
      lines.push(sideBySide(shown, names, canvas.width, canvas.plain, all ? style.warn : undefined));
    if (heading === "metrics" && names.length > 2) lines.push(...metricBars(shown, names, canvas));
  }
  return lines;
}

function sideBySide(
  facts: readonly Fact[],
  names: readonly string[],
  width: number,
  plain: boolean,
  mark?: (text: string) => string,
): Line {
  const first = Math.min(32, Math.max(...facts.map(({ name }) => [...name].length)));
  const room = Math.max(10, Math.floor((width - first) / names.length) - 2);
  const cut = (text: string, most: number): string => {
    const characters = [...visible(text)];
    return characters.length <= most
      ? characters.join("")
      : `${characters.slice(0, most - 1).join("")}${plain ? "~" : "…"}`;
  };
  const isPair = names.length === 2 && facts.some((fact) => changeOf(fact) !== "");
  return {
    columns: ["", ...names.map((name) => cut(name, room)), ...(isPair ? ["change"] : [])],
    rows: facts.map((fact) => {
      const { name, values, differs } = fact;
      const label = cut(name, first);
      return [
        differs && mark ? mark(label) : label,
        ...values.map((value) => cut(factText(name, value), room)),
        ...(isPair ? [changeOf(fact)] : []),
      ];
    }),
  };
}

/** From one number to the other; nothing for what is no number, or is the same. */
function changeOf({ name, values: [from, to], differs }: Fact): string {
  if (!differs || typeof from !== "number" || typeof to !== "number" || !Number.isFinite(to - from)) return "";
  const size = Math.abs(to - from);
  return `${to > from ? "+" : "-"}${name.endsWith("memory") ? bytesText(size) : shortNumber(size)}`;
}

function factText(name: string, value: Fact["values"][number]): string {
  if (value === null) return "-";
  if (typeof value === "number" && name.endsWith("memory")) return bytesText(value);
  return typeof value === "number" ? shortNumber(value) : value;
}

const MOST_BARS = 4;

/** Bars for the metrics of held-out rows, else for the first ones; a bar per thing. */
function metricBars(facts: readonly Fact[], names: readonly string[], canvas: Output["canvas"]): readonly string[] {
  const numeric = facts.filter(({ values }) => values.every((value) => typeof value === "number"));
  const test = numeric.filter(({ name }) => name.startsWith("test."));
  return (test.length > 0 ? test : numeric).slice(0, MOST_BARS).flatMap(({ name, values }) => [
    "",
    visible(name),
    ...bars(
      names.map((each, place) => ({ name: visible(each), value: values[place] as number })),
      canvas,
    ),
  ]);
}
