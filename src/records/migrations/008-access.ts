// People with keys and roles, what they were given, what they approved; and decisions that hold a version back without refusing it.

/** Users, grants, approvals, and the verdict `held`. */
export function accessTables(): readonly string[] {
  return [
    `create table users (
      name text primary key,
      role text not null check (role in ('viewer', 'service', 'editor', 'approver', 'admin')),
      key_id text not null unique,
      key_hash text not null,
      created_at bigint not null,
      key_at bigint not null
    )`,
    `create table grants (
      user_name text not null references users (name),
      kind text not null check (kind in ('experiment', 'loggedModel', 'model')),
      thing text not null,
      permission text not null check (permission in ('read', 'edit', 'manage')),
      at bigint not null,
      primary key (user_name, kind, thing)
    )`,
    "create index grants_by_thing on grants (kind, thing)",
    `create table approvals (
      model text not null,
      number integer not null,
      actor text not null,
      role text not null,
      at bigint not null,
      reason text not null,
      primary key (model, number, actor)
    )`,
    `create table decisions_with_held (
      id text primary key,
      retrain text not null,
      model text not null,
      challenger integer,
      champion integer,
      at bigint not null,
      verdict text not null check (verdict in ('promoted', 'refused', 'held', 'failed')),
      reason text not null,
      evidence text not null,
      alert_ids text not null
    )`,
    `insert into decisions_with_held (id, retrain, model, challenger, champion, at, verdict, reason, evidence, alert_ids)
      select id, retrain, model, challenger, champion, at, verdict, reason, evidence, alert_ids from decisions`,
    "drop table decisions",
    "alter table decisions_with_held rename to decisions",
    "create index decisions_by_model on decisions (model, at)",
  ];
}
