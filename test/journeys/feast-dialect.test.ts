// Feast's dialect held to what Feast's own server answered over the same rows (feast-recorded.json; test/peers/feast.test.ts records it).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { materialize, type Platform, readFeatures, startServing } from "../../src/platform/platform.ts";
import { createServer, type Server } from "../../src/server/server.ts";
import { driverNever, driversWorld, driverWeek } from "./drivers.fixture.ts";
import { askFeast, expiredRequest, type FeastAnswer, feastRequests } from "./feast-requests.fixture.ts";

const { recorded } = JSON.parse(readFileSync(join(import.meta.dirname, "feast-recorded.json"), "utf8")) as {
  readonly recorded: Readonly<Record<string, FeastAnswer>>;
};

let world: Awaited<ReturnType<typeof driversWorld>>;
let platform: Platform;
let server: Server;
beforeAll(async () => {
  world = await driversWorld();
  ({ platform } = world);
  server = await createServer({
    serving: await startServing(platform),
    models: [],
    features: platform.features,
    materialize: (request) => materialize(platform, request),
    version: "1",
    now: () => platform.engines.clock.now(),
    host: "127.0.0.1",
    port: 0,
  });
});
afterAll(async () => {
  await server?.close();
  await world?.remove();
});

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const answered = async (answer: Response): Promise<ReturnType<typeof JSON.parse>> => JSON.parse(await answer.text());

describe("POST /get-online-features", () => {
  it.each(feastRequests)("answers $name as Feast does", async (request) => {
    expect(await askFeast(server.url, request)).toEqual(recorded[request.name]);
  });

  it("says OUTSIDE_MAX_AGE where Feast goes on answering with what has expired", async () => {
    const feast = recorded[expiredRequest.name]?.body as {
      readonly results: Record<string, { event_timestamps: string[] }>;
    };
    const own = (await askFeast(server.url, expiredRequest)).body as typeof feast;
    for (const name of ["fare", "seats", "meter", "note", "shared"]) {
      expect(feast.results[name]).toMatchObject({ statuses: ["PRESENT"] });
      expect(own.results[name]).toEqual({ ...feast.results[name], statuses: ["OUTSIDE_MAX_AGE"], values: [null] });
    }
  });

  it("answers windows with the values that training would get, also for a key that nobody knows", async () => {
    const features = ["driver_week:trips_24h", "driver_week:fare_mean_7d"];
    const body = await answered(await post("/get-online-features", { entities: { driver: [1, 99] }, features }));
    const { rows } = await readFeatures(platform, [driverWeek], [{ driver_id: 1n }]);
    const { trips_24h, fare_mean_7d } = rows[0]?.[0].values ?? {};
    expect(body.metadata.feature_names).toEqual(["driver_id", "trips_24h", "fare_mean_7d"]);
    expect(body.results[1]).toMatchObject({ values: [Number(trips_24h), 0], statuses: ["PRESENT", "NOT_FOUND"] });
    expect(body.results[2]).toMatchObject({ values: [fare_mean_7d, null], statuses: ["PRESENT", "NOT_FOUND"] });
  });

  it("writes whole numbers of any size as numbers, times as seconds, and says null for a null key", async () => {
    const features = ["driver_trip:meter", "driver_trip:happened", "route:km", "route:opened"];
    const entities = { driver_id: [0, null], origin: ["AB", "A"], dest: ["C", "BC"] };
    const text = await (await post("/get-online-features", { entities, features })).text();
    expect(text).toMatch(/"values":\[9007199254740\d{3},null\]/);
    const { results, metadata } = JSON.parse(text);
    const of = (name: string): Record<string, unknown> => results[metadata.feature_names.indexOf(name)];
    expect(of("driver_id")).toMatchObject({ values: [0, null] });
    expect(of("happened")["values"]).toEqual([Date.parse("2025-06-10T11:59:00Z") / 1000, null]);
    expect(of("opened")["values"]).toEqual([-1, Date.parse("2001-02-03T04:05:06Z") / 1000]);
    expect(of("km")).toMatchObject({ values: ["NaN", 1.5], event_timestamps: Array(2).fill("1970-01-01T00:00:00Z") });
  });

  it.each([
    [{ entities: { driver_id: ["x"] }, features: ["driver_trip:fare"] }, 400, '"driver_id" is "x"'],
    [
      { entities: { origin: ["A"] }, features: ["leg:km"] },
      500,
      "Missing join key values for keys: ['dest', 'driver_id']",
    ],
    [{ entities: { driver_id: Array(1001).fill(1) }, features: ["driver_trip:fare"] }, 400, "1001 keys are asked for"],
    [{ entities: { driver_id: [1] } }, 500, "Provide the features to read"],
  ])("refuses %j with a JSON text", async (body, status, problem) => {
    const answer = await post("/get-online-features", body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual(expect.stringContaining(problem));
  });
});

describe("materialize", () => {
  const range = { start_ts: "2025-06-01T00:00:00+00:00", end_ts: "2025-06-10T12:00:00+00:00" };
  const isOnline = async (): Promise<boolean> => {
    const { rows } = await readFeatures(platform, [driverNever], [{ driver_id: 1n }]);
    return rows[0]?.[0].through !== null;
  };

  it.each([
    [{}, 500, "start_ts and end_ts are required"],
    [{ start_ts: "x", end_ts: "y" }, 500, "Invalid timestamp format"],
    [{ start_ts: range.end_ts, end_ts: range.start_ts }, 500, "must be before end_ts"],
    [{ ...range, feature_views: ["nothing"] }, 404, "Feature view nothing does not exist"],
    [{ ...range, version: "v2" }, 500, "names exactly one view"],
  ])("refuses %j and brings nothing online", async (body, status, problem) => {
    const answer = await post("/materialize", body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual(expect.stringContaining(problem));
    expect((await post("/materialize-incremental", {})).status).toBe(422);
    expect(await isOnline()).toBe(false);
  });

  it("brings views online, at once or in the background", async () => {
    const answer = await post("/materialize", { ...range, feature_views: ["driver_never"] });
    expect([answer.status, await answer.text()]).toEqual([200, "null"]);
    expect(await isOnline()).toBe(true);
    const accepted = await post("/materialize-incremental?async=true", { end_ts: range.end_ts });
    expect(accepted.status).toBe(202);
    expect(await accepted.json()).toMatchObject({ status: "accepted", feature_views: expect.arrayContaining(["leg"]) });
  });
});

describe("the other routes", () => {
  it("/health is well", async () => {
    // Clients look at the status alone; the word is what MLflow's want of the same route.
    const answer = await fetch(`${server.url}/health`);
    expect([answer.status, await answer.text()]).toEqual([200, "OK"]);
  });

  it.each(["/retrieve-online-documents", "/search"])(
    "%s says that it is not there, as an error of Feast's",
    async (path) => {
      const answer = await post(path, { features: [] });
      expect(answer.status).toBe(501);
      expect(JSON.parse(await answered(answer))).toMatchObject({ module: "feast.errors", class: "FeastError" });
    },
  );
});
