// What everybody may do with other people's things, and that one thing may be kept from one user.

/** The permission `none` in grants, and the default for whatever is in none of them. */
export function permissionTables(): readonly string[] {
  return [
    `create table grants_with_none (
      user_name text not null references users (name),
      kind text not null check (kind in ('experiment', 'loggedModel', 'model')),
      thing text not null,
      permission text not null check (permission in ('none', 'read', 'edit', 'manage')),
      at bigint not null,
      primary key (user_name, kind, thing)
    )`,
    `insert into grants_with_none (user_name, kind, thing, permission, at)
      select user_name, kind, thing, permission, at from grants`,
    "drop table grants",
    "alter table grants_with_none rename to grants",
    "create index grants_by_thing on grants (kind, thing)",
    // One row, or none as long as nobody changed it.
    `create table default_permission (
      id integer primary key check (id = 1),
      permission text not null check (permission in ('none', 'read', 'edit')),
      at bigint not null
    )`,
  ];
}
