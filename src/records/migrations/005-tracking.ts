// What a tracking client writes: experiments with tags, runs that can be set aside, logged models, dataset inputs, and artifact files by
// path. Bytes lie in the blob store under their own hash; a path is only a name for a hash.

/** What a tracking client writes. */
export function trackingTables(): readonly string[] {
  return [
    "alter table experiments add column artifact_root text",
    "alter table experiments add column updated_at bigint",
    "alter table experiments add column deleted_at bigint",
    `create table experiment_tags (
      experiment_id text not null references experiments (id),
      key text not null,
      value text not null,
      primary key (experiment_id, key)
    )`,
    "alter table runs add column deleted_at bigint",
    "alter table runs add column scheduled integer not null default 0",
    "create index runs_by_start on runs (experiment_id, started_at desc, id)",
    "alter table metrics add column model_id text",
    "alter table metrics add column dataset_name text",
    "alter table metrics add column dataset_digest text",
    "alter table latest_metrics add column model_id text",
    "alter table latest_metrics add column dataset_name text",
    "alter table latest_metrics add column dataset_digest text",
    "delete from metrics where seq not in (select min(seq) from metrics group by run_id, key, step, at, value)",
    "create unique index metrics_once on metrics (run_id, key, step, at, value)",
    "drop index metrics_by_run",
    `create table inputs (
      id text primary key,
      experiment_id text not null references experiments (id),
      name text not null,
      digest text not null,
      source_type text not null,
      source text not null,
      columns text,
      profile text,
      unique (experiment_id, name, digest)
    )`,
    `create table run_inputs (
      run_id text not null references runs (id),
      input_id text not null references inputs (id),
      tags text not null,
      primary key (run_id, input_id)
    )`,
    `create table logged_models (
      id text primary key,
      experiment_id text not null references experiments (id),
      name text not null,
      status text not null check (status in ('pending', 'ready', 'failed')),
      status_message text,
      type text,
      run_id text references runs (id),
      created_at bigint not null,
      updated_at bigint not null,
      deleted_at bigint
    )`,
    "create index logged_models_by_experiment on logged_models (experiment_id, created_at)",
    `create table logged_model_tags (
      model_id text not null references logged_models (id),
      key text not null,
      value text not null,
      primary key (model_id, key)
    )`,
    `create table logged_model_params (
      model_id text not null references logged_models (id),
      key text not null,
      value text not null,
      primary key (model_id, key)
    )`,
    `create table logged_model_metrics (
      model_id text not null references logged_models (id),
      run_id text not null,
      key text not null,
      step bigint not null,
      value double precision,
      at bigint not null,
      dataset_name text,
      dataset_digest text
    )`,
    "create index logged_model_metrics_by_model on logged_model_metrics (model_id, key, step)",
    `create table run_models (
      run_id text not null references runs (id),
      model_id text not null references logged_models (id),
      role text not null check (role in ('input', 'output')),
      step bigint not null,
      primary key (run_id, role, model_id)
    )`,
    "alter table models add column description text",
    "alter table models add column updated_at bigint",
    `create table model_tags (
      model text not null references models (name),
      key text not null,
      value text not null,
      primary key (model, key)
    )`,
    "alter table versions add column description text",
    "alter table versions add column updated_at bigint",
    "alter table versions add column actor text",
    "alter table versions add column source text",
    "alter table versions add column run_link text",
    "alter table versions add column logged_model_id text",
    "alter table versions add column stage text not null default 'None'",
    `create table version_tags (
      model text not null,
      number integer not null,
      key text not null,
      value text not null,
      primary key (model, number, key),
      foreign key (model, number) references versions (model, number)
    )`,
    `create table artifact_files (
      path text primary key,
      hash text not null,
      size bigint not null,
      at bigint not null
    )`,
    "create index artifact_files_by_hash on artifact_files (hash)",
  ];
}
