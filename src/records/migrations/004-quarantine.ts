// Rows that expectations turned away: how far each source has been looked through, the batches of rows set aside, and what each
// look at a source's expectations found.

/** Quarantine and the looks of expectations. */
export function quarantineTables(): readonly string[] {
  return [
    `create table quarantine_marks (
      source text not null,
      expectations_hash text not null,
      through bigint,
      files_state text,
      at bigint not null,
      primary key (source, expectations_hash)
    )`,
    `create table quarantine_batches (
      id text primary key,
      source text not null,
      expectations_hash text not null,
      kind text not null check (kind in ('known', 'timeless', 'pushed')),
      known_from bigint,
      known_to bigint,
      row_count bigint not null,
      reasons text not null,
      blob text not null,
      status text not null check (status in ('held', 'released', 'dropped', 'replaced')),
      at bigint not null,
      closed_at bigint,
      closed_by text
    )`,
    "create index quarantine_batches_by_source on quarantine_batches (source, status, at)",
    `create table expectation_looks (
      id text primary key,
      source text not null,
      expectation text not null,
      at bigint not null,
      files_state text not null,
      passed integer not null,
      observed text not null
    )`,
    "create index expectation_looks_by_source on expectation_looks (source, expectation, at)",
  ];
}
