// Pushes as Feast's clients make them: rows of a data frame, seen online by the next read, once however often they are sent.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Instant, parseInstant } from "../../src/core/core.ts";
import { entity, featureView, latest, onDemand, parquet, project, pushSource, t } from "../../src/index.ts";
import {
  applyDefinitions,
  openPlatform,
  openPushing,
  type Platform,
  pushSources,
  startServing,
} from "../../src/platform/platform.ts";
import { local } from "../../src/presets/presets.ts";
import { createServer, type Server } from "../../src/server/server.ts";

const NOW: Instant = parseInstant("2025-06-10T12:00:00Z");
const driver = entity("driver", { driver_id: t.int64() });
const trips = pushSource("trips", {
  columns: {
    row_id: t.string(),
    driver_id: t.int64(),
    happened: t.timestamp(),
    fare: t.float64().optional(),
    seats: t.int32().optional(),
  },
  eventTime: "happened",
  id: "row_id",
});
const files = parquet("files", {
  path: "files.parquet",
  columns: { driver_id: t.int64(), at: t.timestamp(), x: t.int64() },
  eventTime: "at",
});
const definitions = {
  fares: featureView("fares", { entity: driver, source: trips, features: { fare: latest(trips.fare) } }),
  places: featureView("places", { entity: driver, source: trips, features: { seats: latest(trips.seats) } }),
  filed: featureView("filed", { entity: driver, source: files, features: { x: latest(files.x) } }),
};

const offers = {
  tip: onDemand("tip", {
    inputs: { fare: definitions.fares.features.fare },
    request: { share: t.float64(), note: t.string().optional() },
    features: {
      euros: ({ request, features }) => request.share.times(features.fare),
      noted: ({ request }) => request.note.orElse("-"),
    },
  }),
};

let root: string;
let platform: Platform;
let server: Server;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-feast-push-"));
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(
    `COPY (SELECT 1::BIGINT AS driver_id, TIMESTAMP '2025-01-01' AS at, 1::BIGINT AS x) TO '${join(root, "files.parquet")}'`,
  );
  connection.closeSync();
  platform = await openPlatform({
    config: project({ name: "pushed", definitions: { ...definitions, ...offers } }),
    engines: local({ threads: 1, memoryLimit: "1GB", durable: false }),
    root,
    stateDir: join(root, ".slipway"),
    cacheDir: join(root, "cache"),
    env: {},
    actor: "tester",
    startAt: NOW,
  });
  await applyDefinitions(platform);
  server = await createServer({
    serving: await startServing(platform),
    models: [],
    features: platform.features,
    push: { intake: await openPushing(platform), sources: pushSources(platform) },
    version: "1",
    now: () => platform.engines.clock.now(),
    host: "127.0.0.1",
    port: 0,
  });
});
afterAll(async () => {
  await server?.close();
  await platform?.close();
  await rm(root, { recursive: true, force: true });
});

async function post(path: string, body: unknown): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

async function online(driver_id: number): Promise<readonly unknown[]> {
  const body = { entities: { driver_id: [driver_id] }, features: ["fares:fare", "places:seats"] };
  const { results } = JSON.parse((await post("/get-online-features", body)).text);

  return results.slice(1).flatMap(({ values }: { values: unknown[] }) => values);
}

const history = async (): Promise<number> => {
  const [state] = (await openPushing(platform)).states();
  return state?.lag ?? 0;
};

const feastError = (name: string) => (text: string) => JSON.parse(JSON.parse(text)).class === name;

describe("POST /push", () => {
  const df = {
    driver_id: [1, 2],
    happened: ["2025-06-10T10:00:00", "2025-06-10T10:30:00Z"],
    fare: [7.5, null],
    seats: [3, 4],
    unknown: [1, 2],
  };

  it("is online at once, and the same rows again change nothing", async () => {
    for (let time = 0; time < 2; time += 1)
      expect(await post("/push", { push_source_name: "trips", df, to: "online_and_offline" })).toEqual({
        status: 200,
        text: "",
      });
    await (await openPushing(platform)).settle();
    expect(await online(1)).toEqual([7.5, 3]);
    expect(await online(2)).toEqual([null, 4]);
    expect(await history()).toBe(0);
  });

  it("takes rows for a view over the source, with Feast's name of the event time", async () => {
    const own = {
      driver_id: [1],
      event_timestamp: ["2025-06-10T11:00:00"],
      fare: [9],
      seats: [5],
      created: ["2025-06-10T11:00:01"],
    };
    expect(await post("/write-to-online-store", { feature_view_name: "fares", df: own })).toEqual({
      status: 200,
      text: "null",
    });
    await (await openPushing(platform)).settle();
    expect(await online(1)).toEqual([9, 5]);
  });

  it.each([
    ["/push", { push_source_name: "nothing", df }, 422, feastError("PushSourceNotFoundException")],
    ["/push", { push_source_name: "trips", df, to: "offline" }, 501, feastError("FeastError")],
    [
      "/push",
      { push_source_name: "trips", df, to: "offline" },
      501,
      /offline alone is not possible.*Nothing was taken/,
    ],
    ["/push", { push_source_name: "trips", df, to: "moon" }, 500, /moon is not a supported push format/],
    ["/push", { push_source_name: "trips" }, 422, /"loc":\["body","df"\]/],
    ["/push", { push_source_name: "trips", df: { driver_id: [1, 2], happened: ["2025-06-10"] } }, 500, /same length/],
    [
      "/push",
      { push_source_name: "trips", df: { driver_id: ["x"], happened: ["2025-06-10T00:00:00"] } },
      400,
      /driver_id/,
    ],
    [
      "/push",
      { push_source_name: "trips", df: { driver_id: [1], happened: ["2099-01-01T00:00:00"] } },
      400,
      /1 rows were refused, 0 were taken/,
    ],
    ["/write-to-online-store", { feature_view_name: "nothing", df }, 404, feastError("FeatureViewNotFoundException")],
    ["/write-to-online-store", { feature_view_name: "filed", df: {} }, 501, /not over a push source/],
    [
      "/write-to-online-store",
      { feature_view_name: "fares", df: { driver_id: [1], event_timestamp: ["2025-06-10T11:30:00"], fare: [1] } },
      501,
      /no \\\\\\"seats/,
    ],
  ])("%s refuses %j and takes nothing", async (path, body, status, problem) => {
    const answer = await post(path, body);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.text).toSatisfy((text: string) => (problem instanceof RegExp ? problem.test(text) : problem(text)));
    expect(await online(1)).toEqual([9, 5]);
  });
});

describe("on-demand views", () => {
  it("take their request data among the entities, and do not give it back", async () => {
    const body = {
      features: ["tip:euros", "tip:noted", "fares:fare"],
      entities: { driver_id: [1, 2], share: [0.5, 2], note: ["ok", null], unknown: [1, 2] },
    };
    const { status, text } = await post("/get-online-features", body);
    expect(status, text).toBe(200);
    const { metadata, results } = JSON.parse(text);
    const column = (name: string): unknown[] => results[metadata.feature_names.indexOf(name)].values;
    const fare = column("fare") as (number | null)[];
    expect(fare[0]).toBe(9);
    expect(metadata.feature_names.toSorted()).toEqual(["driver_id", "euros", "fare", "noted"]);
    expect(column("euros")).toEqual([4.5, null]);
    expect(column("noted")).toEqual(["ok", "-"]);
  });

  it("refuse what has no request data as Feast does", async () => {
    const { status, text } = await post("/get-online-features", {
      features: ["tip:euros"],
      entities: { driver_id: [1] },
    });
    expect(status).toBe(404);
    expect(feastError("RequestDataNotFoundInEntityRowsException")(text)).toBe(true);
    expect(text).toContain("['share'] not found in the entity rows");
  });
});
