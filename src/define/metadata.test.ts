// What is said about a definition is kept with it and changes nothing that it means.

import { expect, test } from "vitest";
import { days, hours } from "../core/core.ts";
import {
  auc,
  byTime,
  count,
  definitionHash,
  described,
  entity,
  featureView,
  latest,
  type Metadata,
  mean,
  model,
  monitor,
  parquet,
  retrain,
  specOf,
  t,
  xgboost,
} from "./define.ts";

const about = { owner: "pricing", description: "What a ride costs", tags: { domain: "fares" } };

function everything(metadata: Metadata) {
  const rides = parquet("rides", {
    path: "rides.parquet",
    columns: { ride: t.string(), driver: t.string(), fare: t.float64(), at: t.timestamp() },
    id: "ride",
    eventTime: "at",
    ...metadata,
  });
  const driver = entity("driver", { driver: t.string() }, metadata);
  const view = featureView("driver_fares", {
    entity: driver,
    source: rides,
    features: {
      mean_fare: described(mean(rides.fare).over(days(7)), metadata),
      high: described(rides.fare.gt(20), metadata),
      plain: count().over(days(1)),
    },
    ...metadata,
  });
  const long = model("long_ride", {
    rows: rides,
    features: [view],
    label: rides.fare.gt(30),
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: days(1), test: days(1) }),
    metrics: [auc()],
    ...metadata,
  });
  const health = monitor("health", { model: long, every: hours(24), ...metadata });
  const again = retrain("again", { model: long, when: [], promote: { better: "auc" }, ...metadata });
  return [rides, driver, view, long, health, again].map((each) => specOf<ReturnType<typeof specOf>>(each));
}

test("every kind of definition, and a single feature, keeps its owner, description and tags", () => {
  const specs = everything(about);
  for (const spec of specs) expect(spec).toMatchObject(about);
  const features = (specs[2] as unknown as { readonly features: readonly object[] }).features;
  expect(features[0]).toMatchObject({ name: "mean_fare", ...about });
  expect(features[1]).toMatchObject({ name: "high", rule: { kind: "latest" }, ...about });
  expect(features[2]).not.toHaveProperty("owner");
});

test("metadata changes no hash, however deep it lies", () => {
  const plain = everything({}).map(definitionHash);
  expect(everything(about).map(definitionHash)).toEqual(plain);
  expect(everything({ owner: "somebody else" }).map(definitionHash)).toEqual(plain);
});

test("a tag that is no text, or cannot be asked for as name=value, is refused with the definition named", () => {
  for (const tags of [{ domain: 7 }, { "a=b": "c" }, { "": "c" }])
    expect(() => entity("driver", { driver: t.string() }, { tags: tags as never })).toThrow(/entity "driver": tag/);
  expect(() => entity("driver", { driver: t.string() }, { owner: 7 as never })).toThrow(/owner must be a text/);
});

test("a second version of a view has a name and a hash of its own; the first keeps the plain name", () => {
  const source = parquet("rides", {
    path: "rides.parquet",
    columns: { driver: t.string(), fare: t.float64(), at: t.timestamp() },
    eventTime: "at",
  });
  const view = (version?: number) =>
    featureView("fares", {
      entity: entity("driver", { driver: t.string() }),
      source,
      features: { fare: latest(source.fare) },
      ...(version === undefined ? {} : { version }),
    });
  expect(view().name).toBe("fares");
  expect(specOf(view(1))).toEqual(specOf(view()));
  expect(specOf(view(2)).name).toBe("fares@2");
  expect(view(2).features.fare.node).toMatchObject({ kind: "feature", view: "fares@2", name: "fare" });
  expect(() => view(0)).toThrow(/has version 0/);
  expect(() => view(1.5)).toThrow(/has version 1.5/);
});
