/** What one process at a time does. */
export function leaseTables(): readonly string[] {
  return [
    `create table leases (
      name text primary key,
      holder text not null,
      since bigint not null,
      until bigint not null
    )`,
  ];
}
