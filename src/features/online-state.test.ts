// How large a key's state becomes. That its values are right is in online.test.ts and the journeys.

import { expect, test } from "vitest";
import { days, hours, type Instant, parseInstant, type Value, windowTail } from "../core/core.ts";
import {
  count,
  entity,
  featureView,
  latest,
  max,
  mean,
  min,
  pushSource,
  specOf,
  sum,
  t,
  variance,
} from "../define/define.ts";
import { eventTable, onlineView } from "./features.ts";
import { emptyState, prune, pruningAt } from "./online-state.ts";
import { encodeState, loadState, viewState } from "./state-bytes.ts";

const clicks = pushSource("clicks", {
  columns: { click: t.string(), page: t.string(), amount: t.float64(), at: t.timestamp() },
  id: "click",
  eventTime: "at",
});
const busy = onlineView(
  specOf(
    featureView("busy", {
      entity: entity("page", { page: t.string() }),
      source: clicks,
      features: {
        last: latest(clicks.click),
        hour: count().over(hours(1)),
        least: min(clicks.amount).over(days(1)),
        month: mean(clicks.amount).over(days(30)),
      },
    }),
  ),
);
const START = parseInstant("2025-02-01T12:00:00Z");

/** Adds an event at each of some times to what is stored, as one batch that is known `through`. */
function after(stored: Uint8Array | undefined, times: readonly Instant[], through: Instant): Uint8Array {
  const { columns } = busy.spec.source;
  const rows = times.map((time, n): readonly Value[] =>
    columns.map(({ type }) => (type === "float64" ? n / 8 : type === "timestamp" ? time : "p")),
  );
  const table = eventTable(columns, rows, times, times);
  const state = emptyState(busy.shape);
  loadState(busy.shape, state, stored);
  for (let index = 0; index < times.length; index += 1) busy.apply(state, { table, index });
  prune(busy.shape, state, pruningAt(busy.shape, through));
  return encodeState(busy.shape, state);
}

test("does not grow with the number of events, and every window still ends at any later moment", () => {
  let stored: Uint8Array | undefined;
  let largest = 0;
  const all: Instant[] = [];
  // 40 events a second for ten minutes, where the newest tile is a day long; every tenth is late, by an hour and more.
  for (let second = 1; second <= 600; second += 1) {
    const through = START + BigInt(second) * 1_000_000n;
    const times = Array.from({ length: 40 }, (_, n) => {
      const time = through - BigInt(n * 25_000) - 1n;
      return n % 10 === 9 ? time - hours(1) * BigInt(1 + (second % 3)) : time;
    });
    all.push(...times);
    stored = after(stored, times, through);
    largest = Math.max(largest, stored.length);
  }
  expect(largest).toBeLessThan(8192);
  const through = START + 600_000_000n;
  for (const at of [through, through + 1n, through + 299_000_000n, through + 300_000_000n, through + hours(1)]) {
    const within = all.filter((time) => time >= windowTail(at, hours(1)) && time < at);
    const [, hour, , month] = busy.read(viewState(busy.shape, stored as Uint8Array), at).values;
    expect(hour).toBe(BigInt(within.length));
    // The amounts of a batch are 0, 1/8, ... 39/8.
    expect(month).toBe(39 / 16);
  }
});

test("keeps a moment at the watermark apart, because a read at the watermark does not see it", () => {
  const stored = after(after(undefined, [START + 1n, START + 2n], START + 2n), [START + 5n, START + 7n], START + 7n);
  const counted = (at: Instant): Value | undefined => busy.read(viewState(busy.shape, stored), at).values[1];
  expect(counted(START + 7n)).toBe(3n);
  expect(counted(START + 8n)).toBe(4n);
});

test("keeps no sign of a zero, which would tell the order of events", () => {
  const signs = onlineView(
    specOf(
      featureView("signs", {
        entity: entity("page", { page: t.string() }),
        source: clicks,
        features: {
          least: min(clicks.amount).over(days(30)),
          most: max(clicks.amount).over(days(30)),
          middle: mean(clicks.amount).over(days(30)),
          all: sum(clicks.amount).over(days(30)),
          spread: variance(clicks.amount).over(days(30)),
        },
      }),
    ),
  );
  const { columns } = signs.spec.source;
  const stateOf = (amount: number): Uint8Array => {
    const row = columns.map(({ type }): Value => (type === "float64" ? amount : type === "timestamp" ? START : "p"));
    const state = emptyState(signs.shape);
    signs.apply(state, { table: eventTable(columns, [row], [START], [START]), index: 0 });
    // Its newest row is kept as it came, if a feature needs it; none does here.
    return encodeState(signs.shape, state);
  };
  expect(stateOf(-0)).toEqual(stateOf(0));
});
