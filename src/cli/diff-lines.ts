// A unified diff as lines for people, coloured as `git diff` does.

import type { CodeDifference } from "../platform/platform.ts";
import type { Style } from "./output.ts";
import { visible } from "./visible.ts";

/** The code's part of a difference between two things. */
export function codeLines(code: CodeDifference, style: Style, names: readonly [string, string]): readonly string[] {
  const lines = [style.bold("files")];
  if (code.isSame) return [...lines, "the same"];
  if (code.problem !== null) lines.push(style.warn(visible(code.problem)));
  if (code.between !== null) lines.push(...patchLines(code.between, style));
  for (const file of code.leftOut) lines.push(style.warn(`too large to show: ${visible(file)}`));
  const sides = [
    [names[0], code.uncommitted.from],
    [names[1], code.uncommitted.to],
  ] as const;
  for (const [name, text] of sides)
    if (text !== null) lines.push("", style.bold(`uncommitted in ${name}`), ...patchLines(text, style));
  return lines;
}

function patchLines(text: string, style: Style): readonly string[] {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => {
      const shown = visible(line.replaceAll("\t", "    "));
      if (/^(diff |index |---|\+\+\+)/.test(line)) return style.bold(shown);
      if (line.startsWith("@@")) return style.dim(shown);
      if (line.startsWith("+")) return style.good(shown);
      return line.startsWith("-") ? style.bad(shown) : shown;
    });
}
