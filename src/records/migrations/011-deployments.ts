/** Which server answers with which version right now. */
export function deploymentTables(): readonly string[] {
  return [
    `create table deployments (
      owner text not null,
      model text not null,
      version integer not null,
      since bigint not null,
      primary key (owner, model)
    )`,
  ];
}
