// A version's files as a manifest of hashes, so that a version names its bytes whatever becomes of the place they were logged to; and where a
// version came from that was made elsewhere.

/** What a version consists of. */
export function versionFileTables(): readonly string[] {
  return [
    `create table version_files (
      model text not null,
      number integer not null,
      path text not null,
      hash text not null,
      size bigint not null,
      primary key (model, number, path),
      foreign key (model, number) references versions (model, number)
    )`,
    "create index version_files_by_hash on version_files (hash)",
    "alter table versions add column origin text",
  ];
}
