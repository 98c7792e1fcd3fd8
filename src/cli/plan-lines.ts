// A plan for people: what changes and in which fields, what that breaks, and what is to be done after applying.

import type { Plan } from "../platform/platform.ts";
import type { Style } from "./output.ts";

type Change = Plan["changes"][number];

/** A plan as lines. */
export function planLines(plan: Plan, style: Style): readonly string[] {
  const { changes, unchanged } = plan;
  if (changes.length === 0) return [`Nothing to do: ${unchanged} definitions are applied as they are.`];
  const count = (kind: Change["change"]): number => changes.filter(({ change }) => change === kind).length;
  const counted = (["added", "changed", "removed", "metadata"] as const)
    .filter((kind) => count(kind) > 0)
    .map((kind) => `${count(kind)} ${kind === "metadata" ? "only said differently" : kind}`);
  return [
    ...changes.flatMap((change) => changeLines(change, style)),
    "",
    `${counted.join(", ")}; ${unchanged} stay as they are.`,
    ...plan.breaking.map(({ view, feature, change, model, version, aliases }) =>
      style.bad(`breaks ${model}@${version} (${aliases.join(", ")}): ${view}.${feature} is ${change}`),
    ),
    ...(plan.breaking.length === 0
      ? []
      : [
          "A new version beside the old view breaks nothing: featureView(name, { version: 2, … }). Or: slipway apply --allow-breaking.",
        ]),
    ...plan.backfill.map(({ view, source, rows, problem }) =>
      rows === null
        ? style.warn(`then: slipway features materialize ${view}   (source ${source} cannot be counted: ${problem})`)
        : `then: slipway features materialize ${view}   (reads about ${rows} rows of ${source})`,
    ),
    ...plan.refused.map(({ model, version, aliases, differences }) =>
      style.warn(
        `then: slipway train ${model}   (version ${version}, ${aliases.join(", ")}, cannot be served with these definitions: ${differences.join("; ")})`,
      ),
    ),
  ];
}

function changeLines({ change, kind, name, fields, models, versions }: Change, style: Style): readonly string[] {
  const mark = {
    added: style.good("+"),
    changed: style.warn("~"),
    metadata: style.dim("·"),
    removed: style.bad("-"),
    unchanged: " ",
  };
  const users = [
    ...models,
    ...versions.map(({ model, version, aliases }) => `${model}@${version} (${aliases.join(", ")})`),
  ];
  return [
    `${mark[change]} ${kind} ${name}${change === "metadata" ? " (only said differently)" : ""}`,
    ...fields.map(({ path, before, after }) =>
      style.dim(
        before === undefined
          ? `    ${path}: ${short(after)} is new`
          : after === undefined
            ? `    ${path}: ${short(before)} is gone`
            : `    ${path}: ${short(before)} → ${short(after)}`,
      ),
    ),
    ...(users.length === 0 ? [] : [style.dim(`    used by ${users.join(", ")}`)]),
  ];
}

const LONGEST = 100;
const short = (text = ""): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`);
