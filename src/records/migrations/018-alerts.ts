// Alerts that are told apart, counted, resolved and talked about, the incidents they belong to, and what channels are still to be told.

import { sequence } from "./sequence.ts";

/** Incidents, alerts as they are from now on, and deliveries. An alert that was acknowledged before had been dealt with, so it is resolved. */
export function alertTables(kind: "sqlite" | "postgres"): readonly string[] {
  return [
    `create table incidents (
      id text primary key,
      model text not null,
      severity text not null,
      opened_at bigint not null,
      resolved_at bigint
    )`,
    `insert into incidents (id, model, severity, opened_at, resolved_at)
      select id, model, severity, at, case when status = 'open' then null else at end from alerts`,
    `create table alerts_with_incidents (
      id text primary key,
      incident_id text not null references incidents (id),
      monitor text not null,
      model text not null,
      version integer,
      at bigint not null,
      window_from bigint not null,
      window_to bigint not null,
      kind text not null,
      subject text not null,
      severity text not null check (severity in ('info', 'warning', 'critical')),
      evidence text not null,
      status text not null check (status in ('open', 'acknowledged', 'resolved')),
      handled_by text,
      status_at bigint not null,
      seen_at bigint not null,
      times_seen integer not null,
      times_missed integer not null,
      told_at bigint not null,
      channels text not null
    )`,
    `insert into alerts_with_incidents (id, incident_id, monitor, model, version, at, window_from, window_to, kind, subject, severity,
        evidence, status, handled_by, status_at, seen_at, times_seen, times_missed, told_at, channels)
      select id, id, monitor, model, version, at, window_from, window_to, kind, '',
        case when severity in ('info', 'warning', 'critical') then severity else 'warning' end,
        details, case when status = 'open' then 'open' else 'resolved' end, handled_by, at, at, 1, 0, at, '[]' from alerts`,
    "drop table alerts",
    "alter table alerts_with_incidents rename to alerts",
    "create index alerts_by_model on alerts (model, status, at)",
    "create index alerts_by_key on alerts (monitor, model, kind, subject, at)",
    "create index alerts_by_incident on alerts (incident_id)",
    "create index incidents_by_model on incidents (model, resolved_at)",
    `create table alert_changes (
      seq ${sequence(kind)},
      alert_id text not null references alerts (id),
      at bigint not null,
      actor text not null,
      change text not null,
      note text
    )`,
    "create index alert_changes_by_alert on alert_changes (alert_id, seq)",
    "insert into alert_changes (alert_id, at, actor, change, note) select id, at, monitor, 'opened', null from alerts",
    `create table alert_deliveries (
      seq ${sequence(kind)},
      id text not null unique,
      alert_id text not null references alerts (id),
      incident_id text not null references incidents (id),
      channel text not null,
      change text not null,
      body text not null,
      status text not null check (status in ('waiting', 'delivered', 'dead')),
      attempts integer not null,
      next_at bigint not null,
      at bigint not null,
      problem text
    )`,
    "create index alert_deliveries_by_time on alert_deliveries (status, next_at)",
    "create index alert_deliveries_by_incident on alert_deliveries (incident_id, channel, status, seq)",
    `create table incident_threads (
      incident_id text not null references incidents (id),
      channel text not null,
      reference text not null,
      at bigint not null,
      primary key (incident_id, channel)
    )`,
  ];
}
