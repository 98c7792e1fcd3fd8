// Inputs that can only come from the future. Point-in-time joins keep features honest, but only as far as sources say when their rows were known:
// a request value is taken as it is given, a source without event times counts as always known, and one file declared twice can be
// known earlier under one name than under the other. Where one of these carries the outcome, training would learn from the answer.

import { SlipwayError } from "../core/core.ts";
import {
  type ExpressionNode,
  expressionsOf,
  type FeatureRule,
  type FeatureViewSpec,
  leavesOf,
  type ModelSpec,
  type SourceSpec,
  sourcePlace,
} from "../define/define.ts";
import { readSameData } from "./same-data.ts";

/** A way in which a model would see the future: what is wrong, what to do about it, and the column. */
interface Leak {
  readonly problem: string;
  readonly column: string | undefined;
  readonly view?: string;
  readonly source: string;
}

/** Throws DEFINITION_INVALID when a value of a model's training set could be one that nobody knew at its time. Names the column. */
export function refuseFutureColumns(model: ModelSpec, root: string): void {
  const leak = askedLeak(model) ?? firstOf(model.views, (view) => viewLeak(model, view, root));
  if (leak === undefined) return;
  const { problem, ...details } = leak;
  throw new SlipwayError("DEFINITION_INVALID", `model "${model.name}" ${problem}`, {
    details: { model: model.name, ...details },
  });
}

/** What is asked for with a prediction: its request values, context and keys. */
function askedLeak({ rows, views, request, label }: ModelSpec): Leak | undefined {
  const { source } = label;
  const outcome = namesIn(label.value);
  const known = [source.eventTime, source.createdAt].filter((time) => time !== rows.eventTime);
  const asked = [...request, ...views.flatMap((view) => view.keys)].filter(({ name }) => name !== rows.id);
  return firstOf(asked, ({ name }) => {
    if (name === rows.createdAt && name !== rows.eventTime)
      return {
        problem: `asks for "${name}", which in source "${rows.name}" is when a row became known: that can be later than the prediction. Take it out of request and context.`,
        column: name,
        source: rows.name,
      };
    const what = outcome.includes(name)
      ? "what the label is computed from"
      : known.includes(name)
        ? "when the label became known"
        : undefined;
    if (what === undefined) return undefined;
    return {
      problem: `asks for "${name}", which in the label's source "${source.name}" is ${what}: nobody can know it when a prediction is asked for. Take it out of request and context; if it is another thing of the same name, rename its column.`,
      column: name,
      source: source.name,
    };
  });
}

/** What a view reads. */
function viewLeak(model: ModelSpec, view: FeatureViewSpec, root: string): Leak | undefined {
  const { rows, label, views } = model;
  const twins = [label.source, rows, ...views.map((each) => each.source)].filter((other) =>
    readSameData(view.source, other, root),
  );
  const found = (problem: string, column: string | undefined): Leak => ({
    problem: `uses feature view "${view.name}", ${problem}`,
    column,
    view: view.name,
    source: view.source.name,
  });
  return firstOf(twins, (twin) => earlierLeak(view.source, twin, twin === label.source, found)) ?? outcomeLeak();

  function outcomeLeak(): Leak | undefined {
    if (!twins.includes(label.source)) return undefined;
    const used = usedFeatures(model, view);
    const outcome = namesIn(label.value);
    if (view.keys.some(({ name }) => name === rows.id)) {
      const column = used.flatMap(({ rule }) => columnsOf(rule))[0] ?? (rows.id as string);
      return found(
        `which looks up "${column}" with the outcome of the row itself: its key "${rows.id}" is the row's id, and its source "${view.source.name}" is the label's, ${sourcePlace(label.source)}. Its values are there only once the label is. Key it by something that several rows share.`,
        column,
      );
    }
    const times = [view.source.eventTime, view.source.createdAt];
    const missing = [label.source.eventTime, label.source.createdAt].find(
      (time) => time !== undefined && !times.includes(time),
    );
    const carrier = used.flatMap(({ rule }) => columnsOf(rule)).find((name) => outcome.includes(name));
    if (missing !== undefined && carrier !== undefined)
      return found(
        `whose "${carrier}" the label is computed from, as if it had been known at "${times[0]}", while the label's source "${label.source.name}" says that it is known at "${missing}". Give source "${view.source.name}" createdAt: "${missing}".`,
        carrier,
      );
    // A newest value is as of t inclusive, so that what is known at the prediction's own time is the row's own outcome.
    const isAtOnce =
      label.source.createdAt === undefined &&
      label.source.eventTime === rows.eventTime &&
      readSameData(rows, label.source, root);
    const newest = used
      .filter(({ rule }) => rule.kind === "latest")
      .flatMap(({ rule }) => columnsOf(rule))
      .find((name) => outcome.includes(name));
    if (isAtOnce && newest !== undefined)
      return found(
        `whose newest "${newest}" is the row's own outcome: source "${label.source.name}" says that it is known at "${rows.eventTime}", the time of the prediction. Give the source the time at which outcomes became known, as its eventTime or createdAt.`,
        newest,
      );
    return undefined;
  }
}

/** Rows that are known earlier by one declaration than by another one of the same data. */
function earlierLeak(
  source: SourceSpec,
  twin: SourceSpec,
  isLabel: boolean,
  found: (problem: string, column: string | undefined) => Leak,
): Leak | undefined {
  const whose = isLabel ? "the label's file" : `the file of source "${twin.name}",`;
  if (source.eventTime === undefined && twin.eventTime !== undefined)
    return found(
      `whose source "${source.name}" reads ${whose} ${sourcePlace(source)} without an eventTime, as if ${isLabel ? "outcomes" : "its rows"} had always been known. Give the source its eventTime, "${twin.eventTime}".`,
      twin.eventTime,
    );
  const { createdAt } = twin;
  if (createdAt !== undefined && createdAt !== source.createdAt && createdAt !== source.eventTime)
    return found(
      `whose source "${source.name}" reads ${whose} ${sourcePlace(source)} without createdAt, as if its rows had been known when they happened, while source "${twin.name}" says that they became known at "${createdAt}". Give the source createdAt: "${createdAt}".`,
      createdAt,
    );
  return undefined;
}

/** The features of a view that the model uses. */
function usedFeatures({ inputs }: ModelSpec, view: FeatureViewSpec): FeatureViewSpec["features"] {
  const used = new Set(
    inputs.flatMap((input) => {
      if (input.from === "feature") return input.view === view.name ? [input.name] : [];
      if (input.from !== "derived") return [];
      return leavesOf(input.value).flatMap((leaf) =>
        leaf.kind === "feature" && leaf.view === view.name ? [leaf.name] : [],
      );
    }),
  );
  return view.features.filter(({ name }) => used.has(name));
}

/** The columns that a rule reads, in its value and in its filter. */
function columnsOf(rule: FeatureRule): readonly string[] {
  return expressionsOf(rule).flatMap(namesIn);
}

function namesIn(node: ExpressionNode): readonly string[] {
  return leavesOf(node).map(({ name }) => name);
}

function firstOf<T, R>(all: readonly T[], look: (each: T) => R | undefined): R | undefined {
  for (const each of all) {
    const found = look(each);
    if (found !== undefined) return found;
  }
  return undefined;
}
