// Who is told of what, and what is still to be told: a delivery is written in the transaction of the thing that it tells of.

/** Webhooks and their deliveries. */
export function webhookTables(): readonly string[] {
  return [
    `create table webhooks (
      id text primary key,
      name text not null,
      url text not null,
      description text,
      status text not null check (status in ('active', 'disabled')),
      secret text,
      created_at bigint not null,
      updated_at bigint not null
    )`,
    `create table webhook_events (
      webhook_id text not null references webhooks (id),
      event text not null,
      primary key (event, webhook_id)
    )`,
    `create table webhook_deliveries (
      id text primary key,
      webhook_id text not null references webhooks (id),
      event text not null,
      body text not null,
      status text not null check (status in ('waiting', 'delivered', 'failed')),
      attempts integer not null,
      next_at bigint not null,
      at bigint not null,
      problem text
    )`,
    "create index webhook_deliveries_by_time on webhook_deliveries (status, next_at)",
    "create index webhook_deliveries_by_webhook on webhook_deliveries (webhook_id)",
  ];
}
