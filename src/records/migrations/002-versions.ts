/** Datasets, models, versions and aliases. */
export function versionTables(): readonly string[] {
  return [
    `create table datasets (
      id text primary key,
      model text not null,
      definitions_hash text not null,
      row_count bigint not null,
      columns text not null,
      blob text not null,
      time_from bigint,
      time_to bigint,
      label_stats text not null,
      findings text not null,
      sources text not null,
      created_at bigint not null
    )`,
    "create index datasets_by_model on datasets (model, created_at)",
    `create table run_datasets (
      run_id text not null references runs (id),
      dataset_id text not null references datasets (id),
      primary key (run_id, dataset_id)
    )`,
    `create table models (
      name text primary key,
      created_at bigint not null
    )`,
    `create table versions (
      model text not null references models (name),
      number integer not null check (number > 0),
      created_at bigint not null,
      run_id text references runs (id),
      dataset_id text references datasets (id),
      definitions_hash text not null,
      artifact_blob text not null,
      artifact_hash text not null,
      artifact_size bigint not null,
      format text not null,
      best_round integer not null,
      inputs text not null,
      features text not null,
      metrics text not null,
      profile text not null,
      environment text not null,
      primary key (model, number)
    )`,
    `create table aliases (
      model text not null,
      alias text not null,
      version integer not null,
      moved_at bigint not null,
      primary key (model, alias),
      foreign key (model, version) references versions (model, number)
    )`,
  ];
}
