// What aggregates build, and what is refused while a project is loaded. What they mean is tested in src/features.

import { describe, expect, test } from "vitest";
import { days, hours, minutes } from "../core/core.ts";
import {
  count,
  entity,
  featureView,
  lastK,
  mean,
  parquet,
  quantile,
  quantiles,
  rate,
  specOf,
  t,
  timeSinceLast,
  topK,
} from "./define.ts";

const clicks = parquet("clicks", {
  path: "clicks.parquet",
  columns: { user: t.string(), at: t.timestamp(), ms: t.int32(), ok: t.bool(), seen: t.list(t.string()) },
  eventTime: "at",
});
const others = parquet("others", { path: "others.parquet", columns: { ok: t.bool() } });
const user = entity("user", { user: t.string() });

describe("an aggregate", () => {
  test("over several windows makes a feature of each, the same as one by one", () => {
    const slow = mean(clicks.ms).where(clicks.ok);
    expect(slow.over({ h1: hours(1), d7: days(7) })).toEqual({ h1: slow.over(hours(1)), d7: slow.over(days(7)) });
  });

  test("narrowed twice looks only at what both conditions are true for", () => {
    const twice = count().where(clicks.ok).where(clicks.ms.gt(3)).over(hours(1));
    expect(twice).toEqual(
      count()
        .where(clicks.ok.and(clicks.ms.gt(3)))
        .over(hours(1)),
    );
  });

  test("refuses windows and units that are not above zero, and names the feature that was not spread", () => {
    expect(() => count().over(0n)).toThrow("use a window above zero");
    expect(() => count().over({ a: hours(1), b: -1n })).toThrow("use a window above zero");
    expect(() => rate(0n)).toThrow("rate() needs a unit above zero");
    expect(() => timeSinceLast(-minutes(1))).toThrow("timeSinceLast() needs a unit above zero");
    expect(() => quantile(clicks.ms, 95)).toThrow("quantile(95): use a rank from 0 to 1");
    expect(() => quantiles(clicks.ms, { p50: Number.NaN })).toThrow("use a rank from 0 to 1");
    expect(() => lastK(clicks.ms, 0)).toThrow("lastK(…, 0): use a whole number of values from 1 to 1000");
    expect(() => topK(clicks.ms, 2.5)).toThrow("topK(…, 2.5)");
    expect(() => topK(clicks.seen as never, 3)).toThrow("topK does not count a list");
    expect(() => count().where(clicks.ms as never)).toThrow("count.where() needs a condition, not int32");
    const features = { counts: count().over({ a: hours(1) }) } as never;
    expect(() => featureView("v", { entity: user, source: clicks, features })).toThrow('feature "v.counts" is neither');
  });

  test("reads columns of its view's source only, in a filter too", () => {
    const features = { n: count().where(others.ok).over(hours(1)) };
    expect(() => featureView("v", { entity: user, source: clicks, features })).toThrow('feature "v.n" uses "ok"');
    const { rule } = specOf(
      featureView("v", { entity: user, source: clicks, features: { n: count().where(clicks.ok).over(hours(1)) } }),
    ).features[0] ?? { rule: undefined };
    expect(rule).toEqual({ kind: "window", aggregate: "count", where: clicks.ok.node, window: hours(1) });
  });
});
