/** How a canary's share goes up by itself, and what servers saw of it: one row a server and a revision of the route. */
export function rampTables(): readonly string[] {
  return [
    `create table ramps (
      model text primary key,
      canary integer not null,
      plan text not null,
      step integer not null,
      since bigint not null,
      revision integer not null,
      started_at bigint not null,
      status text not null,
      reason text not null
    )`,
    `create table ramp_observations (
      model text not null,
      revision integer not null,
      server text not null,
      observed text not null,
      primary key (model, revision, server)
    )`,
  ];
}
