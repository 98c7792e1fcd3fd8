import type { Generated } from "kysely";

/** Where a run stands. */
export type RunStatus = "running" | "finished" | "failed" | "cancelled";

/** Tables about experiments and their runs. */
export interface RunTables {
  readonly experiments: { readonly id: string; readonly name: string; readonly created_at: number };
  readonly runs: RunRow;
  /** One measured value; `seq` keeps the order of logging, `value` is null for NaN. */
  readonly metrics: MetricRow & { readonly seq: Generated<number> };
  /** The value with the highest step of each metric, so that a list of runs need not read their histories. */
  readonly latest_metrics: MetricRow;
  readonly params: { readonly run_id: string; readonly key: string; readonly value: string };
  readonly tags: { readonly run_id: string; readonly key: string; readonly value: string };
  readonly run_datasets: { readonly run_id: string; readonly dataset_id: string };
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
  readonly actor: string;
  /** A mark of the process that runs it, by which a later one can tell whether it still lives. */
  readonly owner: string | null;
  readonly git_commit: string | null;
  /** 1 when files differed from the commit. */
  readonly git_dirty: number | null;
}

interface MetricRow {
  readonly run_id: string;
  readonly key: string;
  readonly step: number;
  readonly value: number | null;
  readonly at: number;
}
