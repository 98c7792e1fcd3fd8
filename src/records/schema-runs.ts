// What was tried: experiments with their runs, and everything a run tells while it goes on.

import type { Generated } from "kysely";

/** Where a run stands. */
export type RunStatus = "running" | "finished" | "failed" | "cancelled";

/** Tables about experiments and their runs. */
export interface RunTables {
  readonly experiments: ExperimentRow;
  readonly runs: RunRow;
  /** One measured value; `seq` keeps the order of logging, `value` is null for NaN. */
  readonly metrics: MetricRow & { readonly seq: Generated<number> };
  /** The value with the highest step of each metric, so that a list of runs need not read their histories. */
  readonly latest_metrics: MetricRow;
  readonly params: { readonly run_id: string; readonly key: string; readonly value: string };
  readonly tags: { readonly run_id: string; readonly key: string; readonly value: string };
  readonly run_datasets: { readonly run_id: string; readonly dataset_id: string };
  readonly studies: StudyRow;
}

interface ExperimentRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
  /** Where its runs' artifacts go when that is not the server's own root. */
  readonly artifact_root: string | null;
  readonly updated_at: number | null;
  /** When it was set aside; null while it is not. */
  readonly deleted_at: number | null;
}

interface RunRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly name: string;
  /** What the run does, e.g. `train` or `tune`. */
  readonly kind: string;
  readonly status: RunStatus;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly error: string | null;
  readonly model: string | null;
  /** The name under which it was begun, which says nothing of whose it is. */
  readonly actor: string;
  /** The user who signed in to begin it, and manages it; null where nobody did, and once that user was removed. */
  readonly made_by: string | null;
  /** A mark of the process that runs it, by which a later one can tell whether it still lives. */
  readonly owner: string | null;
  readonly git_commit: string | null;
  /** 1 when files differed from the commit. */
  readonly git_dirty: number | null;
  /** When it was set aside; null while it is not. */
  readonly deleted_at: number | null;
  /** 1 for a run that is to start later. */
  readonly scheduled: Generated<number>;
}

/** A search for parameters. Its trials are runs below its own. */
interface StudyRow {
  readonly run_id: string;
  readonly name: string;
  readonly model: string;
  /** The hash of the model's definition, which its values depend on, as they do on the rows. */
  readonly definition: string;
  readonly dataset_id: string;
  /** JSON: what is searched, by which measure, and how. */
  readonly plan: string;
  readonly at: number;
}

interface MetricRow {
  readonly run_id: string;
  readonly key: string;
  readonly step: number;
  readonly value: number | null;
  readonly at: number;
  /** The logged model and the dataset that the value is about. */
  readonly model_id: string | null;
  readonly dataset_name: string | null;
  readonly dataset_digest: string | null;
}
