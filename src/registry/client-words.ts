// The words by which tracking clients know where a run comes from. Slipway's own runs carry them too, so that a client shows the same of both, and
// what a client has told is read by them.

import type { ColumnSchema } from "../core/core.ts";
import type { InputDataset } from "./tracking/run-inputs.ts";

/** Tags with a meaning. */
export const CLIENT_TAGS = {
  name: "mlflow.runName",
  user: "mlflow.user",
  commit: "mlflow.source.git.commit",
  branch: "mlflow.source.git.branch",
  remote: "mlflow.source.git.repoURL",
  command: "mlflow.source.name",
  sourceType: "mlflow.source.type",
  parent: "mlflow.parentRunId",
} as const;

/** The tag of a logged model that says which versions it became, as a JSON list of `{ name, version }`. */
export const VERSIONS_TAG = "mlflow.modelVersions";

/** Tags by which a study knows its trials. They are Slipway's own: clients read them, and change none of a trial. */
export const TRIAL_TAGS = {
  /** From 0 on. */
  number: "slipway.trial",
  /** After which round it was stopped because others did better; with this it counts. */
  pruned: "slipway.pruned",
} as const;

/** The source type of datasets that are recorded here. */
export const NATIVE_SOURCE = "slipway";

/** The characters of a digest that a client takes. */
const DIGEST = 36;

/** A recorded dataset in a tracking client's words. */
export function inputOf(dataset: {
  readonly id: string;
  readonly model: string;
  readonly rowCount: number;
  readonly columns: readonly ColumnSchema[];
}): InputDataset {
  const columns = dataset.columns.map(({ name, type, optional }) => ({
    type: typeof type === "string" ? (CLIENT_TYPES[type] ?? "string") : "string",
    name,
    required: !optional,
  }));
  return {
    name: dataset.model,
    digest: dataset.id.slice(0, DIGEST),
    sourceType: NATIVE_SOURCE,
    source: JSON.stringify({ dataset: dataset.id }),
    schema: JSON.stringify({ mlflow_colspec: columns }),
    profile: JSON.stringify({ num_rows: dataset.rowCount }),
    tags: [{ key: "mlflow.data.context", value: "training" }],
  };
}

const CLIENT_TYPES: Readonly<Record<string, string>> = {
  bool: "boolean",
  int32: "integer",
  int64: "long",
  float32: "float",
  float64: "double",
  timestamp: "datetime",
  date: "datetime",
  bytes: "binary",
};
