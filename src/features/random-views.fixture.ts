// Random sources, views and questions that meet at the edges all the time: few keys, few values, and times on a small grid around hop
// boundaries, give or take a microsecond. Columns are called what the planners call their own, so that a name that leaks is found.

import fc from "fast-check";
import { type DataType, days, hours, minutes, seconds, type Value } from "../core/core.ts";
import {
  type Aggregate,
  age,
  count,
  type Expression,
  entity,
  type FeatureDefinition,
  type FeatureViewSpec,
  featureView,
  latest,
  max,
  mean,
  min,
  parquet,
  rate,
  share,
  specOf,
  stddev,
  sum,
  t,
  timeSinceLast,
  variance,
  when,
} from "../define/define.ts";
import type { OracleRow } from "./oracle.fixture.ts";

const origins = [Date.UTC(2024, 1, 29), Date.UTC(1969, 11, 25), Date.UTC(1582, 9, 1)].map((at) => BigInt(at) * 1000n);

/** An instant on the grid of hops from an origin. */
const gridInstant = (origin: bigint): fc.Arbitrary<bigint> =>
  fc
    .tuple(
      fc.constantFrom(0n, 0n, 0n, 1n, 12n, 13n),
      fc.constantFrom(0n, 0n, 0n, 1n, 11n, 12n),
      fc.constantFrom(0n, 0n, 5n, 7n, 10n),
    )
    .map(([day, hour, minute]) => origin + day * days(1) + hour * hours(1) + minute * minutes(1));

/** A few instants, and what is a microsecond or one of `gaps` away from them: everything meets everything. */
const instantsBy = (gaps: readonly bigint[]): fc.Arbitrary<fc.Arbitrary<bigint>> =>
  fc
    .constantFrom(...origins)
    .chain((origin) => fc.array(gridInstant(origin), { minLength: 1, maxLength: 4 }))
    .map((pool) =>
      fc
        .tuple(
          fc.constantFrom(...pool),
          fc.constantFrom(0n, 0n, 0n, 0n, ...gaps),
          fc.constantFrom(0n, 0n, 0n, 0n, -1n, 1n),
        )
        .map(([at, gap, micro]) => at + gap + micro),
    );

const windows = [
  1n,
  seconds(1),
  minutes(1),
  minutes(5),
  minutes(7),
  hours(1),
  hours(12) - 1n,
  hours(12),
  hours(13) + 7n,
].concat([days(1), days(12) - 1n, days(12), days(12) + hours(7), days(30)]);
const ttls = [undefined, undefined, 0n, 1n, minutes(5), hours(1), days(1), days(13)];

const INT64 = 2n ** 63n;
const cells = {
  key: fc.constantFrom("a", "a", "a", "b", "ab", ""),
  int32: fc.constantFrom(0, 1, -1, 7, 2 ** 31 - 1, -(2 ** 31)),
  int64: fc.oneof(
    fc.constantFrom(0n, 1n, -3n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, INT64 - 1n, -INT64),
    fc.bigInt({ min: INT64 - 2n ** 60n, max: INT64 - 1n }),
  ),
  float64: fc.constantFrom(0, -0, 0.5, -3000, 0.1, 3, 2 ** 20, Number.NaN, Infinity, -Infinity),
  string: fc.constantFrom("", "a", "é", "\uffff", "😀", "a\0b", "'"),
};
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: fc.constant(null) });

const columns = {
  k: t.string().optional(),
  t: t.int32().optional(),
  e: t.timestamp().optional(),
  created: t.timestamp().optional(),
  v0: t.int32(),
  idx: t.int64().optional(),
  moment: t.float64().optional(),
  place: t.float64(),
  cutoff: t.bool().optional(),
  'the "x"': t.string().optional(),
};

/** A view over a source at `path`, its rows, and when its questions may be. */
export interface Scenario {
  readonly view: FeatureViewSpec;
  readonly rows: readonly OracleRow[];
  /** Draws times near the rows' own. */
  readonly instant: fc.Arbitrary<bigint>;
}

type Kind = "static" | "timely" | "late";

/** Random scenarios. `path` names the file that the rows will be written to. */
export function scenarios(path: () => string, kinds: readonly Kind[] = ["static", "timely", "timely", "late", "late"]) {
  return fc
    .record({
      kind: fc.constantFrom(...kinds),
      isWide: fc.boolean(),
      ttl: fc.constantFrom(...ttls),
      window: fc.uniqueArray(fc.constantFrom(...windows), { minLength: 1, maxLength: 3 }),
    })
    .chain((chosen) =>
      instantsBy([...chosen.window, ...chosen.window.map((window) => -window), chosen.ttl ?? 0n]).map((instant) => ({
        ...chosen,
        instant,
      })),
    )
    .chain(({ kind, instant, isWide, ttl, window }) =>
      fc
        .record({
          rows: fc.array(rowOf(instant), { maxLength: 40, size: "max" }),
          chosen: fc.array(
            fc.record({
              pick: fc.nat(),
              // Some of these are no place in the list of conditions: no filter.
              filter: fc.nat({ max: 8 }),
              windows: fc.uniqueArray(fc.constantFrom(...window), { minLength: 1, maxLength: 2 }),
            }),
            { minLength: 1, maxLength: 12, size: "max" },
          ),
        })
        .map(({ rows, chosen }): Scenario => {
          const view = viewOf(kind, isWide, ttl, chosen, path());
          return { view, rows, instant };
        }),
    );
}

function rowOf(instant: fc.Arbitrary<bigint>): fc.Arbitrary<OracleRow> {
  return fc.record({
    k: orNull(cells.key),
    t: orNull(fc.constantFrom(0, 0, 1)),
    e: fc.oneof({ weight: 12, arbitrary: instant }, { weight: 1, arbitrary: fc.constant(null) }),
    created: orNull(instant),
    v0: cells.int32,
    idx: orNull(cells.int64),
    moment: orNull(cells.float64),
    place: cells.float64,
    cutoff: orNull(fc.boolean()),
    'the "x"': orNull(cells.string),
  }) as fc.Arbitrary<Record<string, Value>>;
}

function viewOf(
  kind: Kind,
  isWide: boolean,
  ttl: bigint | undefined,
  chosen: readonly { readonly pick: number; readonly filter: number; readonly windows: readonly bigint[] }[],
  path: string,
): FeatureViewSpec {
  const source = parquet("rows", {
    path,
    columns,
    ...(kind === "static" ? {} : { eventTime: "e" as const }),
    ...(kind === "late" ? { createdAt: "created" as const } : {}),
  });
  const { v0, idx, moment, place, cutoff, e, created, 'the "x"': text } = source;
  const newest: readonly (FeatureDefinition | Expression)[] = [
    ...Object.keys(columns).map((name) => latest(source[name as keyof typeof columns] as Expression)),
    v0.plus(idx),
    when(cutoff, moment).otherwise(place),
  ];
  const aggregates: readonly Aggregate<DataType>[] = [
    ...[count(), count(idx), count(v0), count(v0.times(2n ** 62n)), count(moment.gt(0))],
    ...[sum(v0), sum(idx), sum(moment), sum(place), sum(v0.minus(idx))],
    ...[mean(v0), mean(idx), mean(moment), mean(place), mean(v0.times(2n ** 62n))],
    ...[share(cutoff), share(place.gt(0)), share(v0.eq(1)), share(cutoff.or(v0.gt(0)))],
    ...[min(v0), max(v0), min(idx), max(idx), min(moment), max(moment), min(place), max(e)],
    ...[variance(v0), stddev(v0), variance(idx), variance(moment), stddev(place), variance(v0.minus(idx))],
    ...[rate(1n), rate(hours(1)), timeSinceLast(1n), timeSinceLast(minutes(7))],
  ];
  const conditions = [cutoff, v0.gt(0), place.isNaN(), e.gt(created), text.eq("a").and(cutoff)];
  const newestAndAge = [...newest, age(1n), age(minutes(7))];
  const features = chosen.flatMap(
    ({ pick, filter, windows: own }, index): [string, FeatureDefinition | Expression][] => {
      const offered = newestAndAge.slice(0, kind === "static" ? newest.length : undefined);
      const plain = offered[pick % offered.length] as FeatureDefinition | Expression;
      if (kind === "static" || index % 3 === 0) return [[`f${index}`, plain]];
      const whole = aggregates[pick % aggregates.length] as Aggregate<DataType>;
      const condition = conditions[filter];
      const aggregate = condition === undefined ? whole : whole.where(condition);
      return Object.entries(
        aggregate.over(Object.fromEntries(own.map((window, each) => [`f${index}_${each}`, window]))),
      );
    },
  );
  const key = entity("thing", isWide ? { t: t.int32(), k: t.string() } : { k: t.string() });
  const view = featureView("things", {
    entity: key,
    source: source as never,
    ...(ttl === undefined ? {} : { ttl }),
    features: Object.fromEntries(features) as Record<string, FeatureDefinition>,
  });
  return specOf(view);
}

/** Keys to ask for: those of the rows, others, and nulls. */
export function keysOf(view: FeatureViewSpec): fc.Arbitrary<readonly Value[]> {
  return fc.tuple(
    ...view.keys.map(
      ({ type }): fc.Arbitrary<Value> => orNull<Value>(type === "string" ? cells.key : fc.constantFrom(0, 1, 2)),
    ),
  );
}
