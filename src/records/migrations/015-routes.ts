/** Who answers or listens beside a model's champion. A route that ended keeps its row, so that its revision goes on counting. */
export function routeTables(): readonly string[] {
  return [
    `create table routes (
      model text primary key,
      canary integer,
      weight double precision,
      shadow integer,
      revision integer not null,
      moved_at bigint not null
    )`,
  ];
}
