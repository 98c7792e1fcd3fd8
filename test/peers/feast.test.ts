// Feast's own server and Slipway's dialect of it, asked the same over the same Parquet files; and Feast's own client, unchanged, reading from
// Slipway. SLIPWAY_RECORD=1 writes down what Feast answers, for the tests that run without it.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Platform, readFeatures, startServing } from "../../src/platform/platform.ts";
import { createServer, type Server } from "../../src/server/server.ts";
import { driversWorld, driverTrip, leg } from "../journeys/drivers.fixture.ts";
import { askFeast, expiredRequest, type FeastAnswer, feastRequests } from "../journeys/feast-requests.fixture.ts";
import { type FeastServer, feastVersion, python, serveFeast, writeFeastRepo } from "./feast.fixture.ts";

const version = feastVersion();

const client = `
import json
from feast import FeatureStore
from feast.errors import FeatureViewNotFoundException
import definitions as d
store = FeatureStore(".")
store.apply([d.driver, d.origin, d.dest, d.driver_trip, d.leg, d.far_flown])
trip = ["driver_trip:fare", "driver_trip:meter", "driver_trip:note", "driver_trip:shared"]
answer = store.get_online_features(features=trip, entity_rows=[{"driver_id": 0}, {"driver_id": 2}, {"driver_id": 99}])
columns = answer.to_dict()
columns["meter"] = [None if each is None else str(each) for each in columns["meter"]]
names = list(answer.proto.metadata.feature_names.val)
statuses = [{1: "PRESENT", 3: "NOT_FOUND", 4: "OUTSIDE_MAX_AGE"}[each] for each in answer.proto.results[names.index("fare")].statuses]
service = store.get_online_features(features=store.get_feature_service("far_flown"), entity_rows=[{"driver_id": 0, "origin": "A", "dest": "AB"}])
full = store.get_online_features(features=["driver_trip:seats"], entity_rows=[{"driver_id": 1}], full_feature_names=True)
try:
    store.get_online_features(features=["nothing:seats"], entity_rows=[{"driver_id": 1}])
    refused = None
except FeatureViewNotFoundException as problem:
    refused = [type(problem).__name__, str(problem)]
print(json.dumps({"columns": columns, "service": service.to_dict(), "full": full.to_dict(), "statuses": statuses, "refused": refused}))
`;

describe.skipIf(version === undefined)("Feast (skipped where python3 cannot import feast)", () => {
  let world: Awaited<ReturnType<typeof driversWorld>>;
  let platform: Platform;
  let server: Server;
  let feast: FeastServer;
  beforeAll(async () => {
    world = await driversWorld();
    ({ platform } = world);
    server = await createServer({
      serving: await startServing(platform),
      models: [],
      features: platform.features,
      version: "1",
      now: () => platform.engines.clock.now(),
      host: "127.0.0.1",
      port: 0,
    });
    feast = await serveFeast(platform.root, "2025-06-10T12:00:00+00:00");
  }, 300_000);
  afterAll(async () => {
    await feast?.stop();
    await server?.close();
    await world?.remove();
  });

  it("answers as Slipway does, but for what has expired", { timeout: 300_000 }, async () => {
    const recorded: Record<string, FeastAnswer> = {};
    for (const request of [...feastRequests, expiredRequest])
      recorded[request.name] = await askFeast(feast.url, request);
    if (process.env["SLIPWAY_RECORD"])
      writeFileSync(
        join(import.meta.dirname, "../journeys/feast-recorded.json"),
        `${JSON.stringify({ version, recorded }, null, 2)}\n`,
      );
    for (const request of feastRequests)
      expect.soft(await askFeast(server.url, request), request.name).toEqual(recorded[request.name]);
    expect(recorded[expiredRequest.name]).toMatchObject({ body: { results: { fare: { statuses: ["PRESENT"] } } } });
  });

  it("its client, unchanged, reads from Slipway", { timeout: 300_000 }, async () => {
    const folder = join(platform.root, "client");
    writeFeastRepo(folder, `  type: remote\n  path: ${server.url}\n`);
    const said = JSON.parse(await python(client, folder)) as Readonly<
      Record<string, Readonly<Record<string, unknown>>>
    >;
    const trip = await readFeatures(platform, [driverTrip, leg], [{ driver_id: 0n, origin: "A", dest: "AB" }]);
    const [first] = trip.rows;
    expect(said["columns"]).toEqual({
      driver_id: [0, 2, 99],
      fare: [first?.[0].values.fare, null, null],
      meter: [String(first?.[0].values.meter), null, null],
      note: [first?.[0].values.note, null, null],
      shared: [first?.[0].values.shared, null, null],
    });
    expect(said["service"]).toEqual({
      driver_id: [0],
      origin: ["A"],
      dest: ["AB"],
      fare: [first?.[0].values.fare],
      meter: [Number(first?.[0].values.meter)],
      crew: [Number(first?.[1].values.crew)],
    });
    expect(said["full"]).toEqual({ driver_id: [1], driver_trip__seats: [-3] });
    expect(said["statuses"]).toEqual(["PRESENT", "OUTSIDE_MAX_AGE", "NOT_FOUND"]);
    expect(said["refused"]).toEqual([
      "FeatureViewNotFoundException",
      "Feature view nothing does not exist in project drivers",
    ]);
  });
});
