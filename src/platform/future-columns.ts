// Inputs that can only come from the future. Point-in-time joins keep features honest, but a request value is taken as it is given, and a
// source without event times counts as always known: where one of these carries the outcome, training would learn from the answer.

import { SlipwayError } from "../core/core.ts";
import { type ExpressionNode, type ModelSpec, sourcePlace } from "../define/define.ts";

/** Throws DEFINITION_INVALID when an input of a model is its outcome, says when the outcome became known, or comes from it without times. */
export function refuseFutureColumns({ name: model, rows, views, request, label }: ModelSpec): void {
  const { source } = label;
  const outcome = new Set(namesIn(label.value));
  const known = new Set([source.eventTime, source.createdAt].filter((time) => time !== rows.eventTime));
  for (const { name } of request) {
    const what = outcome.has(name)
      ? "what the label is computed from"
      : known.has(name)
        ? "when the label became known"
        : undefined;
    if (what !== undefined)
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `model "${model}" asks for "${name}", which in the label's source "${source.name}" is ${what}: nobody can know it when a prediction is asked for. Take it out of request and context; if it is another thing of the same name, rename its column.`,
        { details: { model, column: name, source: source.name } },
      );
  }
  for (const view of views)
    if (sourcePlace(view.source) === sourcePlace(source) && view.source.eventTime === undefined)
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `model "${model}" uses feature view "${view.name}", whose source "${view.source.name}" reads the label's file ${sourcePlace(source)} without an eventTime, as if outcomes had always been known. Give the source its eventTime.`,
        { details: { model, view: view.name, source: view.source.name } },
      );
}

function namesIn(node: ExpressionNode): readonly string[] {
  if (node.kind === "literal") return [];
  return node.kind === "call" ? node.args.flatMap(namesIn) : [node.name];
}
