/** Searches for parameters. What was tried is the runs below a study's run; a row holds what they cannot tell: what is searched, and how. */
export function studyTables(): readonly string[] {
  return [
    `create table studies (
      run_id text primary key references runs (id),
      name text not null unique,
      model text not null,
      definition text not null,
      dataset_id text not null,
      plan text not null,
      at bigint not null
    )`,
    "create index studies_by_model on studies (model, at)",
  ];
}
