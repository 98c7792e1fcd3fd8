// Random sources, views and questions that meet at the edges all the time: few keys, few values, and times on a small grid around hop
// boundaries, give or take a microsecond. Columns are called what the planners call their own, so that a name that leaks is found.

import fc from "fast-check";
import { type DataType, days, hours, minutes, seconds, type Value } from "../core/core.ts";
import {
  type Aggregate,
  age,
  approxCountDistinct,
  count,
  countDistinct,
  type Expression,
  entity,
  type FeatureDefinition,
  type FeatureViewSpec,
  featureView,
  first,
  last,
  lastK,
  latest,
  max,
  mean,
  min,
  parquet,
  quantile,
  rate,
  share,
  specOf,
  stddev,
  sum,
  t,
  timeSinceLast,
  topK,
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
  float32: fc.constantFrom(0, -0, 0.5, Math.fround(0.1), Math.fround(3e38), Number.NaN, -Infinity),
  decimal: fc.constantFrom(0n, 1n, -1n, 1234n, 999_999_999_999n, -999_999_999_999n),
  wideDecimal: fc.constantFrom(0n, 1n, 10n ** 18n - 1n, -(10n ** 18n) + 1n, 2n ** 53n + 1n),
  date: fc.constantFrom(0, 0, -1, 15_887, -2_147_483_646),
  uuid: fc.constantFrom("00000000-0000-0000-0000-000000000000", "f0000000-0000-4000-8000-000000000001"),
  bytes: fc.constantFrom([], [0], [0, 255], [255]).map((bytes) => Uint8Array.from(bytes)),
};
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: fc.constant(null) });

const lists = fc.array(orNull(cells.string), { maxLength: 2 });
const structs = fc.record({
  n: orNull(cells.int64),
  at: cells.date,
  of: orNull(fc.array(cells.float64, { maxLength: 2 })),
});

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
  real: t.float32().optional(),
  price: t.decimal(12, 2).optional(),
  units: t.decimal(18, 0),
  day: t.date().optional(),
  u: t.uuid().optional(),
  raw: t.bytes().optional(),
  tags: t.list(t.string()).optional(),
  spot: t.struct({ n: t.int64().optional(), at: t.date(), of: t.list(t.float64()).optional() }).optional(),
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
      keys: fc.constantFrom("one", "two", "typed"),
      ttl: fc.constantFrom(...ttls),
      window: fc.uniqueArray(fc.constantFrom(...windows), { minLength: 1, maxLength: 3 }),
    })
    .chain((chosen) =>
      instantsBy([...chosen.window, ...chosen.window.map((window) => -window), chosen.ttl ?? 0n]).map((instant) => ({
        ...chosen,
        instant,
      })),
    )
    .chain(({ kind, instant, keys, ttl, window }) =>
      fc
        .record({
          rows: fc.array(rowOf(instant), { maxLength: 40, size: "max" }),
          chosen: fc.array(
            fc.record({
              pick: fc.nat(),
              // Some of these are no place in the list of conditions: no filter.
              filter: fc.nat({ max: 10 }),
              windows: fc.uniqueArray(fc.constantFrom(...window), { minLength: 1, maxLength: 2 }),
            }),
            { minLength: 1, maxLength: 12, size: "max" },
          ),
        })
        .map(({ rows, chosen }): Scenario => {
          const view = viewOf(kind, keys, ttl, chosen, path());
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
    real: orNull(cells.float32),
    price: orNull(cells.decimal),
    units: cells.wideDecimal,
    day: orNull(cells.date),
    u: orNull(cells.uuid),
    raw: orNull(cells.bytes),
    tags: orNull(lists),
    spot: orNull(structs),
  }) as fc.Arbitrary<Record<string, Value>>;
}

const keyShapes = {
  one: { k: t.string() },
  two: { t: t.int32(), k: t.string() },
  typed: { u: t.uuid(), day: t.date() },
} as const;

function viewOf(
  kind: Kind,
  keys: keyof typeof keyShapes,
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
  const { real, price, units, day, u, raw, tags, spot } = source;
  const newest: readonly (FeatureDefinition | Expression)[] = [
    ...Object.keys(columns).map((name) => latest(source[name as keyof typeof columns] as Expression)),
    v0.plus(idx),
    when(cutoff, moment).otherwise(place),
    price.plus(price),
    day.daysSince("2013-07-01"),
    tags.at(0),
    spot.field("of"),
  ];
  const counted = [v0, idx, moment, place, cutoff, created, text, place.plus(v0), real, price, units, day, u, raw];
  const aggregates: readonly Aggregate<DataType>[] = [
    ...[count(), count(idx), count(v0), count(v0.times(2n ** 62n)), count(moment.gt(0))],
    ...[sum(v0), sum(idx), sum(moment), sum(place), sum(v0.minus(idx))],
    ...[mean(v0), mean(idx), mean(moment), mean(place), mean(v0.times(2n ** 62n))],
    ...[share(cutoff), share(place.gt(0)), share(v0.eq(1)), share(cutoff.or(v0.gt(0)))],
    ...[min(v0), max(v0), min(idx), max(idx), min(moment), max(moment), min(place), max(e)],
    ...[variance(v0), stddev(v0), variance(idx), variance(moment), stddev(place), variance(v0.minus(idx))],
    ...[sum(real), mean(real), min(real), max(real), variance(real), sum(price), mean(price), min(price)],
    ...[
      sum(units),
      mean(units),
      max(units),
      stddev(price),
      min(day),
      max(day),
      count(u),
      count(tags),
      sum(tags.length()),
    ],
    ...([e, tags, spot, ...counted] as readonly Expression[]).flatMap((each) => [first(each), last(each)]),
    ...(counted as readonly Expression<"string">[]).flatMap((each) => [countDistinct(each), approxCountDistinct(each)]),
    ...([e, tags, spot, ...counted] as readonly Expression[]).flatMap((each) => [lastK(each, 1), lastK(each, 3)]),
    ...(counted as readonly Expression<"string">[]).flatMap((each) => [topK(each, 1), topK(each, 3)]),
    ...[0, 0.3, 0.5, 0.99, 1].flatMap((rank) =>
      ([v0, idx, moment, place, real, price] as readonly Expression<"int32">[]).map((each) => quantile(each, rank)),
    ),
    ...[rate(1n), rate(hours(1)), timeSinceLast(1n), timeSinceLast(minutes(7))],
  ];
  const conditions = [
    cutoff,
    v0.gt(0),
    place.isNaN(),
    e.gt(created),
    text.eq("a").and(cutoff),
    price.gt("0.01"),
    raw.length().gt(0),
  ];
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
  const key = entity("thing", keyShapes[keys]);
  const view = featureView("things", {
    entity: key,
    source: source as never,
    ...(ttl === undefined ? {} : { ttl }),
    features: Object.fromEntries(features) as Record<string, FeatureDefinition>,
  });
  return specOf(view);
}

const keyCells = { string: cells.key, int32: fc.constantFrom(0, 1, 2), uuid: cells.uuid, date: cells.date } as const;

/** Keys to ask for: those of the rows, others, and nulls. */
export function keysOf(view: FeatureViewSpec): fc.Arbitrary<readonly Value[]> {
  return fc.tuple(
    ...view.keys.map(({ type }): fc.Arbitrary<Value> => orNull<Value>(keyCells[type as keyof typeof keyCells])),
  );
}
