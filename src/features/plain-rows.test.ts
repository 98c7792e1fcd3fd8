// What is read straight from stored bytes against the reading of a whole state, which knows every kind of view; random columns, values, wanted
// features and times to live.

import fc from "fast-check";
import { expect, it } from "vitest";
import type { Value } from "../core/core.ts";
import { entity, type FeatureViewSpec, featureView, latest, parquet, specOf, t } from "../define/define.ts";
import { encodeRow } from "./online-row.ts";
import { emptyState } from "./online-state.ts";
import { onlineView } from "./online-view.ts";
import { plainReader } from "./plain-rows.ts";
import { encodeState, viewState } from "./state-bytes.ts";

const whole = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const edge = fc.constantFrom(0n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 1n - 2n ** 53n, 2n ** 32n, -1n);
const columns = {
  truth: { type: t.bool(), some: fc.boolean() },
  small: { type: t.int32(), some: fc.integer() },
  whole: { type: t.int64(), some: fc.oneof(whole, edge) },
  text: { type: t.string(), some: fc.oneof(fc.string({ unit: "grapheme" }), fc.constant("\uFEFFmarked")) },
  float: { type: t.float64(), some: fc.double() },
  bytes: { type: t.bytes(), some: fc.uint8Array({ maxLength: 20 }) },
  day: { type: t.date(), some: fc.integer({ min: -100_000, max: 100_000 }) },
  moment: { type: t.timestamp(), some: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }) },
  money: { type: t.decimal(18, 2), some: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }) },
} as const;
const names = Object.keys(columns) as (keyof typeof columns)[];

function viewOf(order: readonly (keyof typeof columns)[], ttl: bigint | undefined): FeatureViewSpec {
  const source = parquet("rows", {
    path: "rows.parquet",
    columns: {
      id: t.int64(),
      at: t.timestamp(),
      ...Object.fromEntries(order.map((name) => [name, columns[name].type.optional()])),
    },
    eventTime: "at",
  });
  const faces = source as unknown as Record<string, Parameters<typeof latest>[0]>;
  const features = Object.fromEntries(order.map((name) => [`${name}_now`, latest(faces[name] as never)]));
  const owner = entity("owner", { id: t.int64() });
  return specOf(featureView("rows_now", { entity: owner, source: source as never, features, ...(ttl ? { ttl } : {}) }));
}

const cases = fc
  .record({
    order: fc.shuffledSubarray(names, { minLength: 1 }),
    ttl: fc.option(fc.bigInt({ min: 1n, max: 100n }), { nil: undefined }),
    event: fc.bigInt({ min: 0n, max: 200n }),
  })
  .chain(({ order, ttl, event }) =>
    fc.record({
      order: fc.constant(order),
      ttl: fc.constant(ttl),
      event: fc.constant(event),
      values: fc.tuple(...order.map((name) => fc.option(columns[name].some as fc.Arbitrary<Value>))),
      wanted: fc.option(fc.shuffledSubarray([...order.keys()]), { nil: undefined }),
    }),
  );

it("reads the same from stored bytes as from a whole state, and an int64 as a number where one holds it", () => {
  fc.assert(
    fc.property(cases, ({ order, values, wanted, ttl, event }) => {
      const spec = viewOf(order, ttl);
      const view = onlineView(spec);
      const state = emptyState(view.shape);
      state.lastEvent = event;
      state.row = encodeRow(spec.source.columns, { event, created: event, values: [1n, event, ...values] });
      const stored = encodeState(view.shape, state);
      const at = 200n;
      const expected = view.read(viewState(view.shape, stored), at, wanted);
      // A store's room is longer than what is in it, and begins anywhere.
      const room = new Uint8Array(stored.length + 12).fill(255).subarray(5);
      room.set(stored);
      const over = new DataView(room.buffer, room.byteOffset, room.byteLength);
      for (const asNumbers of [false, true]) {
        const read = plainReader(spec, wanted, asNumbers)?.(room, over, stored.length, at);
        const isOld = ttl !== undefined && at - event > ttl;
        expect(read).toMatchObject({ status: isOld ? "expired" : "present", event: expected.newest });
        expect(read?.values).toEqual(
          expected.values.map((value, slot) => {
            const name = order[(wanted ?? [...order.keys()])[slot] ?? -1];
            return asNumbers && name === "whole" && Number.isSafeInteger(Number(value)) && value !== null
              ? Number(value)
              : value;
          }),
        );
      }
    }),
    { numRuns: 500 },
  );
});

it("leaves to the reading of whole states what is more than columns", () => {
  const source = parquet("rows", { path: "rows.parquet", columns: { id: t.int64(), n: t.int64() } });
  const owner = entity("owner", { id: t.int64() });
  const view = specOf(featureView("sums", { entity: owner, source, features: { plus: latest(source.n.plus(1n)) } }));
  expect(plainReader(view, undefined, true)).toBeUndefined();
});
