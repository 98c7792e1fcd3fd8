// A small made-up project in which every type there is takes every way there is: source, key, feature, window, request, derived value,
// training set, prediction log. The rows are plain values, so that a test can say by itself what is to be read.

import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Instant, parseInstant, type Value } from "../../src/core/core.ts";
import type { SourceSpec } from "../../src/define/define.ts";
import {
  auc,
  byTime,
  days,
  entity,
  featureView,
  hours,
  latest,
  max,
  mean,
  model,
  monitor,
  parquet,
  project,
  specOf,
  sum,
  t,
  xgboost,
} from "../../src/index.ts";
import { applyDefinitions, materialize, openPlatform, type Platform } from "../../src/platform/platform.ts";
import { local } from "../../src/presets/presets.ts";

/** The time that reads are as of. */
export const NOW: Instant = parseInstant("2025-06-10T12:00:00Z");

const accounts = parquet("accounts", {
  path: "accounts.parquet",
  columns: {
    account: t.uuid(),
    since: t.date(),
    seen: t.timestamp(),
    balance: t.decimal(12, 2).optional(),
    score: t.float32(),
    born: t.date(),
    photo: t.bytes().optional(),
    tags: t.list(t.string()),
    spot: t.struct({ lat: t.float64(), visits: t.int64().optional() }).optional(),
  },
  eventTime: "seen",
});
const orders = parquet("orders", {
  path: "orders.parquet",
  columns: {
    id: t.string(),
    asked: t.timestamp(),
    account: t.uuid(),
    since: t.date(),
    price: t.decimal(12, 2),
    ratio: t.float32(),
    asked_on: t.date(),
    notes: t.list(t.string()),
    place: t.struct({ lat: t.float64(), seal: t.bytes().optional() }),
  },
  id: "id",
  eventTime: "asked",
});
const outcomes = parquet("outcomes", {
  path: "outcomes.parquet",
  columns: { id: t.string(), ended: t.timestamp(), paid: t.decimal(12, 2) },
  id: "id",
  eventTime: "ended",
});

/** A view with a key of a uuid and a date. */
export const accountState = featureView("account_state", {
  entity: entity("account", { account: t.uuid(), since: t.date() }),
  source: accounts,
  features: {
    who: latest(accounts.account),
    balance: latest(accounts.balance),
    score: latest(accounts.score),
    born: latest(accounts.born),
    photo: latest(accounts.photo),
    tags: latest(accounts.tags),
    spot: latest(accounts.spot),
    balance_30d: sum(accounts.balance).over(days(30)),
    balance_mean_30d: mean(accounts.balance).over(days(30)),
    score_mean_30d: mean(accounts.score).over(days(30)),
    youngest_30d: max(accounts.born).over(days(30)),
  },
});
const { who, balance, score, born, tags, spot, balance_30d, score_mean_30d, youngest_30d } = accountState.features;

/** A model whose inputs are made of every type. */
export const largePayment = model("large_payment", {
  rows: orders,
  features: [who, balance, score, balance_30d, score_mean_30d],
  request: { price: t.decimal(12, 2), ratio: t.float32() },
  context: {
    asked_on: t.date(),
    notes: t.list(t.string()),
    place: t.struct({ lat: t.float64(), seal: t.bytes().optional() }),
  },
  derived: {
    age_days: ({ context }) => context.asked_on.daysSince(born),
    weekday: ({ context }) => context.asked_on.dayOfWeek(),
    youngest_days: ({ context }) => context.asked_on.daysSince(youngest_30d),
    note: ({ context }) => context.notes.at(0),
    note_count: ({ context }) => context.notes.length(),
    seal_bytes: ({ context }) => context.place.field("seal").length(),
    north: ({ context }) => context.place.field("lat").minus(spot.field("lat")),
    tag: () => tags.at(-1),
    left: ({ request }) => balance.minus(request.price),
  },
  label: outcomes.paid.gt("50.00"),
  trainer: xgboost({ objective: "binary:logistic", rounds: 20 }),
  split: byTime({ validate: days(5), test: days(5) }),
  metrics: [auc()],
});

const health = monitor("payment_health", { model: largePayment, every: hours(24), window: hours(12), leastRows: 100 });

/** The project's config. */
export const typed = project({ name: "typed", definitions: { accountState, largePayment, health } });

/** One row by column name. */
export type Row = Readonly<Record<string, Value>>;

const uuidOf = (number: number): string => `${String(number).padStart(8, "0")}-e89b-12d3-a456-426614174000`;
const FIRST = NOW - days(40);

/** The accounts' events: eight accounts, 25 each; balances whose float64 sum would not be exact. */
export const accountRows: readonly Row[] = Array.from({ length: 200 }, (_, number) => ({
  account: uuidOf(number % 8),
  since: 15_000 + (number % 8),
  seen: FIRST + BigInt(number) * hours(4),
  balance: number % 7 === 3 ? null : BigInt(number * 1013 + 1),
  score: Math.fround(number / 10),
  born: 4000 + ((number * 37) % 900),
  photo: number % 3 === 0 ? null : Uint8Array.of(number, 255, 0),
  tags: number % 5 === 0 ? [] : [`t${number % 3}`, null, `u${number % 4}`],
  spot: number % 11 === 0 ? null : { lat: number / 4, visits: number % 2 === 0 ? null : 2n ** 53n + BigInt(number) },
}));

/** The orders, one every two hours. */
export const orderRows: readonly Row[] = Array.from({ length: 480 }, (_, number) => ({
  id: `order-${number}`,
  asked: FIRST + BigInt(number) * hours(2) + 1n,
  account: uuidOf((number * 5) % 9),
  since: 15_000 + ((number * 5) % 9),
  price: BigInt((number * 7919) % 10_000),
  ratio: Math.fround(((number * 31) % 100) / 100),
  asked_on: 20_209 + Math.floor(number / 12),
  notes: number % 4 === 0 ? [] : [`n${number % 3}`],
  place: { lat: number / 8, seal: number % 2 === 0 ? null : Uint8Array.from({ length: number % 4 }, () => 7) },
}));

const outcomeRows: readonly Row[] = orderRows.map(({ id, asked, price }, number) => ({
  id: id as string,
  ended: (asked as bigint) + hours(1),
  // Mostly what was asked for, so that there is something to learn.
  paid: number % 10 === 0 ? 1n : (price as bigint),
}));

/** The project opened on a folder of its own, its view online. */
export async function typesWorld(): Promise<{ readonly platform: Platform; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), "slipway-types-"));
  const platform = await openPlatform({
    config: typed,
    engines: local({ threads: 1, memoryLimit: "1GB", durable: false }),
    root,
    stateDir: join(root, ".slipway"),
    cacheDir: fileURLToPath(new URL("../../node_modules/.cache/slipway", import.meta.url)),
    env: process.env,
    actor: "tester",
    clock: ({ clocks }) => clocks.replay(NOW),
  });
  const write = async (source: SourceSpec, path: string, rows: readonly Row[]): Promise<void> => {
    const { dialect } = platform.engines.offline;
    const row = (one: Row): string =>
      source.columns
        .map(({ name, type }) => {
          const value = dialect.expression({ kind: "literal", value: one[name] ?? null, type }, () => "");
          return `${value} AS ${dialect.identifier(name)}`;
        })
        .join(", ");
    const all = rows.map((one) => `SELECT ${row(one)}`).join(" UNION ALL ");
    await platform.engines.offline.writeParquet(all, join(root, path));
  };
  await write(specOf(accounts), "accounts.parquet", accountRows);
  await write(specOf(orders), "orders.parquet", orderRows);
  await write(specOf(outcomes), "outcomes.parquet", outcomeRows);
  writeFileSync(
    join(root, "slipway.config.ts"),
    `export { typed as default } from ${JSON.stringify(import.meta.url.replace("file://", ""))};\n`,
  );
  await applyDefinitions(platform);
  await materialize(platform);
  return {
    platform,
    async remove() {
      await platform.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
