import { sequence } from "./sequence.ts";

/** Experiments and runs. */
export function runTables(kind: "sqlite" | "postgres"): readonly string[] {
  return [
    `create table experiments (
      id text primary key,
      name text not null unique,
      created_at bigint not null
    )`,
    `create table runs (
      id text primary key,
      experiment_id text not null references experiments (id),
      name text not null,
      kind text not null,
      status text not null check (status in ('running', 'finished', 'failed', 'cancelled')),
      started_at bigint not null,
      ended_at bigint,
      error text,
      model text,
      actor text not null,
      owner text,
      git_commit text,
      git_dirty integer
    )`,
    "create index runs_by_experiment on runs (experiment_id, started_at)",
    "create index runs_by_model on runs (model, started_at)",
    "create index runs_by_status on runs (status, started_at)",
    `create table metrics (
      seq ${sequence(kind)},
      run_id text not null references runs (id),
      key text not null,
      step bigint not null,
      value double precision,
      at bigint not null
    )`,
    "create index metrics_by_run on metrics (run_id, key, step)",
    `create table latest_metrics (
      run_id text not null references runs (id),
      key text not null,
      step bigint not null,
      value double precision,
      at bigint not null,
      primary key (run_id, key)
    )`,
    `create table params (
      run_id text not null references runs (id),
      key text not null,
      value text not null,
      primary key (run_id, key)
    )`,
    `create table tags (
      run_id text not null references runs (id),
      key text not null,
      value text not null,
      primary key (run_id, key)
    )`,
  ];
}
