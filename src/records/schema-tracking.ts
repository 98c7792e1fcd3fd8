// What a tracking client writes, beside the runs themselves.

/** Tables about experiments' tags, inputs, logged models and artifact files. */
export interface TrackingTables {
  readonly experiment_tags: { readonly experiment_id: string; readonly key: string; readonly value: string };
  readonly inputs: InputRow;
  /** `tags`: JSON, a list of `[key, value]`. */
  readonly run_inputs: { readonly run_id: string; readonly input_id: string; readonly tags: string };
  readonly logged_models: LoggedModelRow;
  readonly logged_model_tags: { readonly model_id: string; readonly key: string; readonly value: string };
  readonly logged_model_params: { readonly model_id: string; readonly key: string; readonly value: string };
  readonly logged_model_metrics: LoggedModelMetricRow;
  readonly run_models: {
    readonly run_id: string;
    readonly model_id: string;
    readonly role: "input" | "output";
    readonly step: number;
  };
  readonly model_tags: { readonly model: string; readonly key: string; readonly value: string };
  readonly version_tags: {
    readonly model: string;
    readonly number: number;
    readonly key: string;
    readonly value: string;
  };
  /** A path below the artifact root, and the content it names now. */
  readonly artifact_files: {
    readonly path: string;
    /** SHA-256, in hex. */
    readonly hash: string;
    readonly size: number;
    readonly at: number;
  };
}

/** Where a logged model stands. */
export type LoggedModelStatus = "pending" | "ready" | "failed";

interface InputRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly name: string;
  readonly digest: string;
  readonly source_type: string;
  readonly source: string;
  readonly columns: string | null;
  readonly profile: string | null;
}

interface LoggedModelRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly name: string;
  readonly status: LoggedModelStatus;
  readonly status_message: string | null;
  readonly type: string | null;
  readonly run_id: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly deleted_at: number | null;
}

interface LoggedModelMetricRow {
  readonly model_id: string;
  readonly run_id: string;
  readonly key: string;
  readonly step: number;
  readonly value: number | null;
  readonly at: number;
  readonly dataset_name: string | null;
  readonly dataset_digest: string | null;
}
