// Labels that callers push, kept beside the prediction log: one line a label, appended and never changed. Which one counts is decided when
// they are read: of several for one id the one with the newest `at`, and of equal ones the last that came.

import { type ColumnSchema, type DataType, type Instant, lineCell, type Value } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import type { LogSource } from "./log-query.ts";
import { logPlace } from "./prediction-log.ts";

/** What became of a prediction. */
export interface PushedLabel {
  /** The prediction's. */
  readonly id: string;
  /** Of the model's {@link labelType}. */
  readonly label: Value;
  /** When it was known. */
  readonly at: Instant;
}

/** What a pushed label of a model is: true or false, a class by its name, or a number. */
export function labelType({ task }: ModelSpec): DataType {
  if (task.kind === "binary") return "bool";
  return task.kind === "multiclass" ? "string" : "float64";
}

/** Where labels stand that came at a time. No model has a dot in its name. */
export function labelPlace(model: string, received: Instant): { readonly stream: string; readonly part: string } {
  const { stream, part } = logPlace(model, received);
  return { stream: `${stream}.labels`, part };
}

/** Appends labels for good. */
export async function appendLabels(
  { log }: Pick<LogSource, "log">,
  model: ModelSpec,
  labels: readonly PushedLabel[],
  received: Instant,
): Promise<void> {
  const { stream, part } = labelPlace(model.name, received);
  const lines = labels.map(
    ({ id, label, at }, place) =>
      `{"id":${JSON.stringify(id)},"label":${lineCell(label)},"at":${at},"received":${received},"place":${place}}`,
  );
  await log.append(stream, part, lines);
}

/**
 * Every label that was pushed for a model, as SQL with columns `id`, `label`, `at` and `received` (microseconds); the same one pushed again
 * stands there once. Undefined when none was.
 */
export async function labelHistorySql({ log, offline }: LogSource, model: ModelSpec): Promise<string | undefined> {
  const paths = (await log.files(labelPlace(model.name, 0n).stream)).map(({ path }) => path);
  if (paths.length === 0) return undefined;
  const columns: readonly ColumnSchema[] = [
    { name: "id", type: "string", optional: false },
    { name: "label", type: labelType(model), optional: false },
    ...["at", "received", "place"].map((name): ColumnSchema => ({ name, type: "int64", optional: false })),
  ];
  const lines = offline.dialect.scanLines(paths, columns, {});
  const label = offline.dialect.fromLine("label", labelType(model));
  return `(SELECT id, ${label} AS label, "at", max(received) AS received, max(place) AS place FROM ${lines} GROUP BY ALL)`;
}

/** The label that counts of each id, of a history that was known by `known` (microseconds). */
export function newestLabelsSql(history: string, known: Instant): string {
  return `(SELECT id, arg_max(label, ("at", received, place)) AS label, max("at") AS "at" FROM ${history} WHERE "at" <= ${known} GROUP BY id)`;
}
