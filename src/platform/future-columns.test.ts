// Every way in which a training set could see the future is refused with the column named; what looks alike but is honest is not.

import { describe, expect, test } from "vitest";
import { days, hours, type SlipwayError } from "../core/core.ts";
import {
  auc,
  byTime,
  count,
  entity,
  featureView,
  latest,
  mean,
  model,
  parquet,
  specOf,
  t,
  xgboost,
} from "../define/define.ts";
import { refuseFutureColumns } from "./future-columns.ts";

const flights = parquet("flights", {
  path: "data/flights.parquet",
  columns: { id: t.string(), carrier: t.string(), gate: t.string(), planned: t.timestamp(), recorded: t.timestamp() },
  id: "id",
  eventTime: "planned",
});
const landings = {
  id: t.string(),
  carrier: t.string(),
  gate: t.string(),
  planned: t.timestamp(),
  delay: t.int32(),
  taxi: t.int32(),
  landed: t.timestamp(),
  reported: t.timestamp(),
};
const arrivals = parquet("arrivals", {
  path: "data/arrivals/*.parquet",
  columns: landings,
  id: "id",
  eventTime: "landed",
  createdAt: "reported",
});
const carrier = entity("carrier", { carrier: t.string() });
const rest = {
  label: arrivals.delay.gt(15),
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: days(1), test: days(1) }),
  metrics: [auc()],
};

/** The refusal of a model; undefined when it is taken. */
function refusal(definition: Parameters<typeof specOf>[0]): { message: string; column: unknown } | undefined {
  try {
    refuseFutureColumns(specOf(definition) as never, "/project");
    return undefined;
  } catch (thrown) {
    const { code, message, details } = thrown as SlipwayError;
    expect(code).toBe("DEFINITION_INVALID");
    expect(message).toContain(`"${String(details["column"])}"`);
    return { message, column: details["column"] };
  }
}

// Typed loosely, because half of these should not be written.
const leaky = (options: object): ReturnType<typeof refusal> =>
  refusal(model("m", { ...rest, rows: flights, features: [], ...options } as never) as never);
const view = (source: unknown, features: object, of: unknown = carrier): unknown =>
  featureView("v", { entity: of, source, features } as never);

describe("what is asked for", () => {
  const rows = parquet("rows", {
    path: "data/rows.parquet",
    columns: { ...landings, recorded: t.timestamp() },
    id: "id",
    eventTime: "planned",
    createdAt: "recorded",
  });

  test.each(["delay", "landed", "reported", "recorded"])("may not be %s", (column) => {
    const type = column === "delay" ? t.int32() : t.timestamp();
    expect(leaky({ rows, request: { [column]: type } })?.column).toBe(column);
  });

  test("may not bring it in by way of a derived value's context", () => {
    const found = leaky({
      rows,
      context: { reported: t.timestamp() },
      derived: { hour: ({ context }: never) => (context as { reported: typeof rows.reported }).reported.hourOfDay() },
    });
    expect(found?.column).toBe("reported");
  });

  test("may not be a key that the label is computed from", () => {
    const gates = view(flights, { flights_1d: count().over(days(1)) }, entity("gate", { gate: t.string() }));
    expect(leaky({ features: [gates], label: arrivals.gate.eq("A1") })?.column).toBe("gate");
  });

  test("may be another column of the label's source", () => {
    expect(leaky({ rows, request: { gate: t.string(), planned: t.timestamp() } })).toBeUndefined();
  });
});

describe("a view over the label's data", () => {
  const same = { path: "data/arrivals/2013.parquet", columns: landings };
  const declared = (changes: object): typeof arrivals => parquet("again", { ...same, ...changes } as never) as never;

  test.each(["data/arrivals/*.parquet", "./data/arrivals/2013.parquet", "/project/data/arrivals/2013.parquet"])(
    "may not be static, under the name of %s either",
    (path) => {
      const source = declared({ path });
      expect(leaky({ features: [view(source, { taxi: latest(source.taxi) })] })?.column).toBe("landed");
    },
  );

  test("may not leave out when rows became known, for windows either", () => {
    const source = declared({ eventTime: "landed" });
    const found = leaky({ features: [view(source, { delay_1d: mean(source.delay).over(days(1)) })] });
    expect(found?.column).toBe("reported");
    expect(found?.message).toContain('Give the source createdAt: "reported"');
  });

  test("may not have the outcome known at another time than the label's", () => {
    const source = declared({ eventTime: "planned", createdAt: "reported" });
    const features = { delay_1d: mean(source.taxi).where(source.delay.gt(0)).over(days(1)) };
    expect(leaky({ features: [view(source, features)] })?.column).toBe("delay");
    expect(leaky({ features: [view(source, { taxi_1d: mean(source.taxi).over(days(1)) })] })).toBeUndefined();
  });

  test("may not look up the row's own outcome by the row's id", () => {
    const found = leaky({
      features: [view(arrivals, { own: latest(arrivals.taxi) }, entity("flight", { id: t.string() }))],
    });
    expect(found?.column).toBe("taxi");
    expect(found?.message).toContain('looks up "taxi" with the outcome of the row itself');
  });

  test("may not take the newest outcome where outcomes are said to be known at the time of the prediction", () => {
    const both = parquet("both", { path: "both.parquet", columns: landings, id: "id", eventTime: "planned" });
    const options = (features: object): object => ({
      rows: both,
      label: both.delay.gt(15),
      features: [view(both, features)],
    });
    expect(leaky(options({ last: latest(both.delay) }))?.column).toBe("delay");
    expect(leaky(options({ last: latest(both.taxi), delay_1h: mean(both.delay).over(hours(1)) }))).toBeUndefined();
  });

  test("is fine with the label's own times, for newest values and windows of the outcome", () => {
    const features = { last: latest(arrivals.delay), late_1d: count().where(arrivals.delay.gt(15)).over(days(1)) };
    expect(leaky({ features: [view(arrivals, features)] })).toBeUndefined();
    const source = declared({ eventTime: "reported", createdAt: "landed" });
    const again = { last: latest(source.delay), late_1d: count().where(source.delay.gt(15)).over(days(1)) };
    expect(leaky({ features: [view(source, again)] })).toBeUndefined();
  });

  test("is only held to the features that the model uses", () => {
    const source = declared({ eventTime: "planned", createdAt: "reported" });
    const honest = featureView("v", {
      entity: carrier,
      source,
      features: { late_1d: mean(source.delay).over(days(1)), taxi_1d: mean(source.taxi).over(days(1)) },
    });
    expect(leaky({ features: [honest.features.taxi_1d] })).toBeUndefined();
    const derived = { late: () => honest.features.late_1d.gt(3) };
    expect(leaky({ features: [honest.features.taxi_1d], derived })?.column).toBe("delay");
  });
});

describe("a view over the rows' data", () => {
  const twin = (changes: object): typeof flights =>
    parquet("twin", {
      path: "data/fl*.parquet",
      columns: {
        id: t.string(),
        carrier: t.string(),
        gate: t.string(),
        planned: t.timestamp(),
        recorded: t.timestamp(),
      },
      ...changes,
    } as never) as never;

  test("may not be static", () => {
    const source = twin({});
    expect(leaky({ features: [view(source, { gate: latest(source.gate) })] })?.column).toBe("planned");
  });

  test("may not be known earlier than the rows say", () => {
    const source = twin({ eventTime: "planned" });
    const rows = parquet("rows", {
      path: "data/flights.parquet",
      columns: { id: t.string(), carrier: t.string(), planned: t.timestamp(), recorded: t.timestamp() },
      id: "id",
      eventTime: "planned",
      createdAt: "recorded",
    });
    expect(leaky({ rows, features: [view(source, { n: count().over(days(1)) })] })?.column).toBe("recorded");
    expect(leaky({ features: [view(source, { n: count().over(days(1)) })] })).toBeUndefined();
  });
});

test("a table of its own may be static", () => {
  const planes = parquet("planes", { path: "data/planes.parquet", columns: { carrier: t.string(), seats: t.int32() } });
  expect(leaky({ features: [view(planes, { seats: latest(planes.seats) })] })).toBeUndefined();
});
