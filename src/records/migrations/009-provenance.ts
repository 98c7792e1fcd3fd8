/** What runs were made with: a document per run, and lists of packages, each stored once; how much each input gave to a version. */
export function provenanceTables(): readonly string[] {
  return [
    `create table package_sets (
      hash text primary key,
      document text not null
    )`,
    `create table run_provenance (
      run_id text primary key references runs (id),
      document text not null,
      package_set text references package_sets (hash),
      resources text
    )`,
    "alter table versions add column importance text",
  ];
}
