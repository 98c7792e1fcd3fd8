// What must not compile: an expectation about a column that is not there, or of a type that it can't be about.

import { test } from "vitest";
import { days, hours } from "../core/core.ts";
import {
  between,
  entity,
  featureView,
  freshWithin,
  holds,
  matches,
  mean,
  notNull,
  oneOf,
  parquet,
  references,
  rowCount,
  t,
  unique,
} from "./define.ts";

const airports = parquet("airports", { path: "a.parquet", columns: { faa: t.string(), number: t.int64() } });
const columns = {
  id: t.string(),
  carrier: t.string().optional(),
  delay: t.int32(),
  left_at: t.timestamp(),
  landed_at: t.timestamp(),
} as const;
const path = "flights.parquet";

const flights = parquet("flights", {
  path,
  columns,
  eventTime: "left_at",
  expect: [
    notNull("carrier"),
    between("delay", -120, 2000).orWarn(),
    oneOf("carrier", ["UA", "AA"]),
    matches("id", /^[A-Z]{2}-/),
    (row) => holds("lands after it leaves", row.landed_at.gt(row.left_at)).orWarn(),
    unique(["id"]),
    freshWithin(hours(6)),
    rowCount({ within: 0.3, per: days(1) }),
    references("carrier", airports.faa),
  ],
});
const delays = mean(flights.delay).over(hours(24));
const carrier = entity("carrier", { carrier: t.string() });

test("expectations are typed by the columns or features they are about", () => {
  // @ts-expect-error there is no column "carier"
  parquet("p", { path, columns, expect: [notNull("carier")] });
  // @ts-expect-error text is not between numbers
  parquet("p", { path, columns, expect: [between("carrier", 0, 1)] });
  // @ts-expect-error a number matches no pattern
  parquet("p", { path, columns, expect: [matches("delay", /1/)] });
  // @ts-expect-error a number is not one of some texts
  parquet("p", { path, columns, expect: [oneOf("delay", ["1"])] });
  // @ts-expect-error text refers to no int64
  parquet("p", { path, columns, expect: [references("carrier", airports.number)] });
  // @ts-expect-error there is no column "landed"
  parquet("p", { path, columns, expect: [(row) => holds("x", row.landed.isNull())] });
  featureView("v", { entity: carrier, source: flights, features: { delays }, expect: [between("delays", 0, 1)] });
  // @ts-expect-error there is no feature "delay"
  featureView("v", { entity: carrier, source: flights, features: { delays }, expect: [between("delay", 0, 1)] });
  // @ts-expect-error a view's expectations are about values
  featureView("v", { entity: carrier, source: flights, features: { delays }, expect: [freshWithin(hours(1))] });
});
