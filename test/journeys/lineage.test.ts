// What a project tells of what it does to data, as OpenLineage events; and that telling never stands in the way of doing.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { env } from "../../src/index.ts";
import { listVersions } from "../../src/platform/platform.ts";
import { openLineage } from "../../src/presets/presets.ts";
import { deliveriesProject, deliveriesWorld } from "./deliveries.fixture.ts";
import { toldByDeliveries, work } from "./lineage.fixture.ts";

interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly inputFacets?: Readonly<Record<string, unknown>>;
  readonly outputFacets?: Readonly<Record<string, unknown>>;
}
interface Told {
  readonly eventType: string;
  readonly run: { readonly runId: string; readonly facets: Readonly<Record<string, unknown>> };
  readonly job: { readonly namespace: string; readonly name: string };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

const eventsIn = async (file: string): Promise<readonly Told[]> =>
  (await readFile(file, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Told);

test("training sets, trainings, registrations and materialisations begin and end, each under one run", async () => {
  const { world, file } = await toldByDeliveries();
  const events = await eventsIn(file);
  expect(events.map(({ job, eventType }) => `${job.name} ${eventType}`)).toEqual([
    ...["city_facts", "city_record", "courier_last", "courier_record"].flatMap((view) => [
      `materialize.${view} START`,
      `materialize.${view} COMPLETE`,
    ]),
    "training_set.delivery_late START",
    "training_set.delivery_late COMPLETE",
    "train.delivery_late START",
    "register.delivery_late START",
    "register.delivery_late COMPLETE",
    "train.delivery_late COMPLETE",
    "training_set.delivery_late START",
    "training_set.delivery_late COMPLETE",
    "training_set.delivery_late START",
    "training_set.delivery_late FAIL",
  ]);
  const runs = new Map<string, string[]>();
  for (const { run, eventType } of events) runs.set(run.runId, [...(runs.get(run.runId) ?? []), eventType]);
  for (const states of runs.values()) expect(states).toEqual(["START", expect.stringMatching(/COMPLETE|FAIL/)]);

  const ended = (job: string): Told | undefined =>
    events.find((event) => event.job.name === job && event.eventType === "COMPLETE");
  const [set, trained, registered] = ["training_set", "train", "register"].map((kind) =>
    ended(`${kind}.delivery_late`),
  );
  expect(set?.inputs.map(({ namespace, name }) => [namespace, name])).toEqual(
    (["orders", "deliveries", "cities"] as const).map((table) => ["file", world.file(table)]),
  );
  const [dataset] = set?.outputs ?? [];
  expect(dataset).toMatchObject({ namespace: "slipway://deliveries", name: "datasets/delivery_late" });
  expect(trained?.inputs[0]).toMatchObject({ name: dataset?.name, facets: { version: dataset?.facets["version"] } });
  expect(trained?.outputs[0]).toMatchObject({
    name: "models/delivery_late",
    facets: { version: { datasetVersion: "1" } },
  });
  expect(registered?.run.facets["parent"]).toMatchObject({
    run: { runId: trained?.run.runId },
    job: { name: "train.delivery_late" },
  });
  const platform = await world.open();
  const [version] = await listVersions(platform.registry, "delivery_late");
  expect(trained?.run.runId).toBe(version?.runId);
});

test("each column is told with the source columns it is made from, and as what", async () => {
  const { world, file } = await toldByDeliveries();
  const set = (await eventsIn(file)).find(({ job }) => job.name === "training_set.delivery_late");
  const { fields } = (set?.outputs[0]?.facets["columnLineage"] ?? { fields: {} }) as {
    readonly fields: Readonly<
      Record<
        string,
        {
          readonly inputFields: readonly {
            readonly name: string;
            readonly field: string;
            readonly transformations: readonly { readonly type: string; readonly subtype: string }[];
          }[];
        }
      >
    >;
  };
  const madeFrom = (column: string) =>
    fields[column]?.inputFields.map(({ name, field, transformations: [how] }) => [
      name === world.file("orders") ? "orders" : name === world.file("deliveries") ? "deliveries" : "cities",
      field,
      how?.subtype,
    ]);
  expect(madeFrom("distance_km")).toEqual([["orders", "distance_km", "TRANSFORMATION"]]);
  expect(madeFrom("minutes_late_mean_24h")).toEqual([
    ["deliveries", "minutes_late", "TRANSFORMATION"],
    ["deliveries", "courier", "JOIN"],
    ["deliveries", "delivered_at", "WINDOW"],
    ["deliveries", "reported_at", "WINDOW"],
    ["orders", "courier", "JOIN"],
  ]);
  expect(madeFrom("courier_years")).toEqual([
    ["orders", "founded", "TRANSFORMATION"],
    ["cities", "opened", "TRANSFORMATION"],
    ["cities", "city", "JOIN"],
    ["orders", "city", "JOIN"],
  ]);
  expect(madeFrom("label")).toEqual([
    ["deliveries", "minutes_late", "TRANSFORMATION"],
    ["deliveries", "order_id", "JOIN"],
    ["orders", "order_id", "JOIN"],
  ]);
});

test("a server that nobody runs stops nothing: everything is done, and what was lost is counted", async () => {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const config = { ...deliveriesProject(), lineage: openLineage({ url: "http://127.0.0.1:9" }) };
  const platform = await world.open({ config });
  await work(platform, join(world.root, "set"));
  expect(await listVersions(platform.registry, "delivery_late")).toHaveLength(1);
  expect(await platform.lineage.sink?.flush()).toMatchObject({ delivered: 0, lost: 18 });
});

test("a project whose variable is not set says so when it is opened, and a key is never shown", async () => {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const lineage = openLineage({ url: env("NO_SUCH_LINEAGE_URL") });
  await expect(world.open({ config: { ...deliveriesProject(), lineage } })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("NO_SUCH_LINEAGE_URL is not set"),
  });
});
