// What is defined, what is online, what monitors saw, what was decided, and who did what.

import { sequence } from "./sequence.ts";

/** What is defined, materialised, watched, decided and done. */
export function watchTables(kind: "sqlite" | "postgres"): readonly string[] {
  return [
    `create table definitions_applied (
      id ${sequence(kind)},
      project text not null,
      hash text not null,
      kind text not null,
      name text not null,
      spec text not null,
      applied_at bigint not null,
      superseded_at bigint
    )`,
    `create unique index definitions_current on definitions_applied (project, kind, name) where superseded_at is null`,
    `create table materializations (
      id ${sequence(kind)},
      view text not null,
      definition_hash text not null,
      through bigint not null,
      row_count bigint not null,
      at bigint not null
    )`,
    "create index materializations_by_view on materializations (view, definition_hash, through)",
    `create table monitor_runs (
      id text primary key,
      monitor text not null,
      model text not null,
      version integer,
      at bigint not null,
      window_from bigint not null,
      window_to bigint not null,
      status text not null,
      details text not null
    )`,
    "create index monitor_runs_by_monitor on monitor_runs (monitor, at)",
    `create table alerts (
      id text primary key,
      monitor text not null,
      model text not null,
      version integer,
      at bigint not null,
      window_from bigint not null,
      window_to bigint not null,
      kind text not null,
      severity text not null,
      details text not null,
      status text not null check (status in ('open', 'acknowledged')),
      handled_by text
    )`,
    "create index alerts_by_model on alerts (model, status, at)",
    `create table decisions (
      id text primary key,
      retrain text not null,
      model text not null,
      challenger integer,
      champion integer,
      at bigint not null,
      verdict text not null check (verdict in ('promoted', 'refused', 'failed')),
      reason text not null,
      evidence text not null,
      alert_ids text not null
    )`,
    "create index decisions_by_model on decisions (model, at)",
    `create table audit (
      seq ${sequence(kind)},
      at bigint not null,
      actor text not null,
      action text not null,
      subject text not null,
      details text not null
    )`,
    "create index audit_by_subject on audit (subject, seq)",
  ];
}
