// Online reads as a user makes them: over HTTP, with the typed client, by the platform's function and on the command line, held to what
// the rows themselves say.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/program.ts";
import { createClient } from "../../src/client/client.ts";
import { days, formatInstant, hours, type Value, windowTail } from "../../src/core/core.ts";
import { type Platform, readFeatures, startServing } from "../../src/platform/platform.ts";
import { createServer, type Server } from "../../src/server/server.ts";
import {
  driversWorld,
  driverTrip,
  driverWeek,
  NOW,
  offer,
  plainOffer,
  route,
  type Trip,
  trips,
} from "./drivers.fixture.ts";

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

const NOW_MS = Number(NOW / 1000n);

interface Answered {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

async function ask(body: unknown): Promise<Answered> {
  const answer = await fetch(`${server.url}/api/v1/features/read`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

/** The newest row of a driver, by looking at all of them. */
function newest(driver: bigint): Trip | undefined {
  return trips
    .filter((trip) => trip.driver_id === driver && trip.happened <= NOW)
    .reduce<Trip | undefined>((best, trip) => (best && best.happened >= trip.happened ? best : trip), undefined);
}

function within(driver: bigint, window: bigint): readonly Trip[] {
  const tail = windowTail(NOW, window);
  return trips.filter((trip) => trip.driver_id === driver && trip.happened >= tail && trip.happened < NOW);
}

/** What the rows say of one feature of one driver: value and status. */
function expected(feature: string, driver: bigint): readonly [Value, string] {
  const row = newest(driver);
  const of = (value: Value): readonly [Value, string] => [
    value,
    row ? (value === null ? "null" : "present") : "missing",
  ];
  const fares = within(driver, days(7)).flatMap(({ fare }) => (fare === null ? [] : [fare]));
  const week = within(driver, days(7)).map(({ meter }) => meter);
  if (feature === "trips_24h") return of(BigInt(within(driver, hours(24)).length));
  if (feature === "fare_mean_7d")
    return of(fares.length === 0 ? null : fares.reduce((a, b) => a + b, 0) / fares.length);
  if (feature === "meter_sum_7d") return of(week.length === 0 ? null : week.reduce((a, b) => a + b, 0n));
  if (row && NOW - row.happened > days(2)) return [null, "expired"];
  const column = feature === "last_fare" ? "fare" : feature;
  return of(row ? row[column as keyof Trip] : null);
}

const asJson = (value: Value, feature: string): unknown => {
  if (feature === "happened" && value !== null) return formatInstant(value as bigint);
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
};

const names = [
  ...["fare", "seats", "meter", "note", "shared", "happened"].map((name) => `driver_trip.${name}`),
  ...["trips_24h", "fare_mean_7d", "meter_sum_7d", "last_fare"].map((name) => `driver_week.${name}`),
];

describe("POST /api/v1/features/read", () => {
  it("gives every value, status and age that the rows say, for any choice of features and keys", async () => {
    const choice = fc.record({
      features: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
      keys: fc.array(fc.bigInt({ min: 0n, max: 44n }), { minLength: 1, maxLength: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(choice, async ({ features, keys }) => {
        const { status, body } = await ask({ features, keys: keys.map((driver) => ({ driver_id: Number(driver) })) });
        expect(status).toBe(200);
        expect(body.results).toHaveLength(keys.length);
        for (const name of features) {
          const [view = "", feature = ""] = name.split(".");
          const place = body.views[view].features.findIndex((each: { name: string }) => each.name === feature);
          keys.forEach((driver, index) => {
            const read = body.results[index][view];
            const [value, found] = expected(feature, driver);
            const row = newest(driver);
            const got = read.values[place];
            if (feature === "fare_mean_7d" && value !== null) expect(got).toBeCloseTo(value as number, 9);
            else expect(got, `${name} of ${driver}`).toEqual(asJson(value, feature));
            expect(read.statuses[place], `${name} of ${driver}`).toBe(found);
            expect(read.event_time).toBe(row ? formatInstant(row.happened) : null);
            expect(read.age_seconds).toBe(row ? Number(NOW - row.happened) / 1e6 : null);
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it("tells names and types once, in the order of the values, and up to when everything is in", async () => {
    const { body } = await ask({ features: ["driver_week.last_fare", "driver_week"], keys: [{ driver_id: 7 }] });
    expect(body.at).toBe("2025-06-10T12:00:00Z");
    expect(body.views).toEqual({
      driver_week: {
        features: [
          { name: "last_fare", type: "float64" },
          { name: "trips_24h", type: "int64" },
          { name: "fare_mean_7d", type: "float64" },
          { name: "meter_sum_7d", type: "int64" },
        ],
        materialized_through: "2025-06-10T12:00:00Z",
      },
    });
    expect(body.results[0].driver_week).toMatchObject({
      status: "expired",
      values: [null, 0, expect.any(Number), expect.any(Number)],
      statuses: ["expired", "present", "present", "present"],
    });
  });

  it("compares keys as tuples, and carries what JSON has no number for", async () => {
    const pairs = [
      { origin: "A", dest: "BC" },
      { origin: "AB", dest: "C" },
      { origin: "A", dest: "B" },
      { origin: "ABC", dest: "" },
      { origin: null, dest: "C" },
    ];
    const { body } = await ask({ features: ["route"], keys: pairs });
    expect(body.results.map((each: { route: unknown }) => each.route)).toEqual([
      {
        status: "present",
        event_time: null,
        age_seconds: null,
        values: [1.5, "2001-02-03T04:05:06.789012Z"],
        statuses: ["present", "present"],
      },
      {
        status: "present",
        event_time: null,
        age_seconds: null,
        values: ["NaN", "1969-12-31T23:59:59.5Z"],
        statuses: ["present", "present"],
      },
      ...Array.from({ length: 3 }, () => ({
        status: "missing",
        event_time: null,
        age_seconds: null,
        values: [null, null],
        statuses: ["missing", "missing"],
      })),
    ]);
    const twice = await ask({ features: ["driver_trip.meter"], keys: [{ driver_id: "0" }, { driver_id: 0 }] });
    expect(twice.body.results[0]).toEqual(twice.body.results[1]);
    expect(twice.body.results[0].driver_trip.values[0]).toMatch(/^9007199254740\d{3}$/);
  });

  it("says missing for a view that was never materialised, beside others that are", async () => {
    const { status, body } = await ask({ features: ["driver_never", "driver_trip.seats"], keys: [{ driver_id: 1 }] });
    expect(status).toBe(200);
    expect(body.views.driver_never.materialized_through).toBeNull();
    expect(body.results[0].driver_never).toMatchObject({ status: "missing", values: [null], statuses: ["missing"] });
    expect(body.results[0].driver_trip.status).not.toBe("missing");
  });

  it("answers no keys with no results", async () => {
    expect((await ask({ features: ["route"], keys: [] })).body.results).toEqual([]);
  });

  it.each([
    [{ features: ["driver_tripp"], keys: [] }, 404, 'no featureView "driver_tripp". It has: driver_never, driver_trip'],
    [{ features: ["driver_trip.fares"], keys: [] }, 404, 'no feature "fares". It has: fare, seats'],
    [{ features: ["a.b.c"], keys: [] }, 400, '"a.b.c" names no feature'],
    [{ features: [], keys: [] }, 400, "No feature is asked for"],
    [{ features: ["route"] }, 400, '"keys" is not a list'],
    [{ keys: [] }, 400, '"features" is not a list'],
    [{ features: [1], keys: [] }, 400, '"features" is not a list of names'],
    [{ features: ["route"], keys: [], more: 1 }, 400, 'unknown field "more"'],
    [{ features: ["route"], keys: [1] }, 400, "keys[0] is not an object"],
    [
      { features: ["driver_trip"], keys: [{ driver_id: 1 }, { driver_id: "x" }] },
      400,
      'keys[1]: "driver_id" is "x"; give a whole number',
    ],
    [{ features: ["driver_trip"], keys: [{ driver_id: 1.5 }] }, 400, 'keys[0]: "driver_id" is 1.5'],
    [{ features: ["driver_trip"], keys: [{}] }, 400, 'keys[0] has no "driver_id" (int64)'],
    [{ features: ["route"], keys: [{ origin: "A" }] }, 400, 'keys[0] has no "dest" (string)'],
    [{ features: ["route"], keys: [{ origin: "A", dest: "B", driver_id: 1 }] }, 400, '"driver_id" is not a field'],
    [
      { features: ["driver_trip"], keys: Array.from({ length: 10_000 }, () => ({ driver_id: 1 })) },
      400,
      "10000 keys are asked for at once; send up to 1000",
    ],
    ['{"features":["route"],"keys":[{"origin":NaN,"dest":"B"}]}', 400, "not JSON"],
  ])("refuses %j", async (body, status, problem) => {
    const answer = await ask(body);
    expect(answer.status).toBe(status);
    expect(answer.body.error.message).toContain(problem);
  });

  it("is described and counted", async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      readonly paths: Readonly<Record<string, unknown>>;
    };
    expect(document.paths["/api/v1/features/read"]).toBeDefined();
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/slipway_feature_reads_total\{view="driver_never",status="missing"\} 1\n/);
  });
});

describe("what is computed on demand", () => {
  const asked = { bid: 50, seats: "9007199254740993", until: "2025-06-11T08:00:00.25+02:00" };
  const usual = (driver: bigint): number | null => expected("fare", driver)[0] as number | null;

  it("takes request values beside the keys, and is made of what the stored views have now", async () => {
    const drivers = [1n, 4n, 7n, 99n];
    const { status, body } = await ask({
      features: ["offer", "driver_trip.fare", "plain_offer"],
      keys: drivers.map((driver) => ({ ...asked, driver_id: Number(driver), origin: "B", dest: "BB" })),
    });
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.views.offer).toEqual({
      features: [
        { name: "above", type: "float64" },
        { name: "per_km", type: "float64" },
        { name: "seats", type: "int64" },
        { name: "note", type: "string" },
        { name: "until", type: "timestamp" },
      ],
      materialized_through: "2025-06-10T12:00:00Z",
    });
    expect(body.views.plain_offer.materialized_through).toBeNull();
    const leg = (await ask({ features: ["leg.km"], keys: [{ origin: "B", dest: "BB" }] })).body.results[0].leg;
    drivers.forEach((driver, index) => {
      const { offer, driver_trip, plain_offer } = body.results[index];
      const fare = usual(driver);
      expect(driver_trip.values).toEqual([fare]);
      expect(offer.values).toEqual([
        fare === null ? null : 50 - fare,
        50 / leg.values[0],
        "9007199254740993",
        "none",
        "2025-06-11T06:00:00.25Z",
      ]);
      expect(plain_offer).toMatchObject({ status: "present", event_time: null, values: [100], statuses: ["present"] });
    });
  });

  it("has the same values for the client, the platform and the command line, typed where definitions are", async () => {
    const row = { ...asked, driver_id: 1n, origin: "A", dest: "AB", seats: 3n, until: new Date(NOW_MS), note: null };
    const client = createClient({ url: server.url });
    const remote = await client.read([offer, offer.features.above], [row]);
    const own = await readFeatures(platform, [offer, offer.features.above], [{ ...row, until: NOW }]);
    const [whole, above] = remote.rows[0] ?? [];
    expect(whole?.values).toEqual({ ...own.rows[0]?.[0].values, until: "2025-06-10T12:00:00Z" });
    expect(above?.value).toBe(50 - (usual(1n) ?? 0));
    expect(own.rows[0]?.[1].value).toBe(above?.value);
    expect((await readFeatures(platform, plainOffer, { bid: 4 })).values).toEqual({ doubled: 8 });
  });

  it.each([
    [{ driver_id: 1 }, ["offer.above"], 400, 'keys[0] has no "origin"'],
    [{ driver_id: 1, origin: "A", dest: "AB", ...asked, bid: null }, ["offer"], 400, '"bid" is missing'],
    [{ driver_id: 1, origin: "A", dest: "AB", ...asked, bid: "x" }, ["offer"], 400, 'keys[0]: "bid" is "x"'],
    [{ driver_id: 1, origin: "A", dest: "AB", ...asked, until: "2025-06-11T08:00" }, ["offer"], 400, '"until" is'],
    [{ driver_id: 1, origin: "A", dest: "AB", ...asked, until: 3 }, ["offer"], 400, '"until" is 3'],
    [{ bid: 1, driver_id: 1 }, ["plain_offer"], 400, '"driver_id" is not a field'],
    [{}, ["plain_offer"], 400, '"bid" is missing'],
  ])("refuses %j for %j", async (key, features, status, problem) => {
    const answer = await ask({ features, keys: [key] });
    expect(answer.body.error?.message).toContain(problem);
    expect(answer.status).toBe(status);
  });
});

describe("by definition", () => {
  it("the client and the platform give the same reads, each value with its own type", async () => {
    const client = createClient({ url: server.url });
    const keys = [
      { driver_id: 0n, origin: "A", dest: "BC" },
      { driver_id: 99n, origin: "x", dest: "y" },
    ];
    const wanted = [driverTrip, driverWeek.features.trips_24h, route.features.opened] as const;
    const over = await client.read(wanted, keys);
    const inside = await readFeatures(platform, wanted, keys);
    const [trip, count, opened] = over.rows[0] ?? [];
    expect(trip?.values.meter).toBe(newest(0n)?.meter);
    expect(count?.value).toBe(expected("trips_24h", 0n)[0]);
    expect(opened).toMatchObject({ value: "2001-02-03T04:05:06.789012Z", status: "present", event_time: null });
    inside.rows.forEach((row, index) => {
      const [there, counted] = over.rows[index] ?? [];
      expect(there?.values.meter).toBe(row[0].values.meter);
      expect(there?.statuses).toEqual(row[0].statuses);
      expect(counted?.value).toBe(row[1].value);
    });
    expect(over.rows[1]?.[0]).toMatchObject({ status: "missing", age_seconds: null, values: { meter: null } });
    const named = await client.read<[typeof driverTrip]>(["driver_trip"], [{ driver_id: 0n }]);
    expect(named.rows[0]?.[0]).toEqual(trip);
    await expect(client.read(["nothing"], [])).rejects.toMatchObject({ code: "DEFINITION_NOT_FOUND", status: 404 });
    const one = await readFeatures(platform, route, { origin: "AB", dest: "C" });
    expect(one).toMatchObject({ view: "route", status: "present", values: { km: Number.NaN } });
  });
});

describe("slipway features", () => {
  const slipway = (...words: readonly string[]): ReturnType<typeof features> => features("read", ...words);

  async function features(...words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const said = { stdout: "", stderr: "" };
    const sink = (name: keyof typeof said) => ({
      write(text: string): void {
        said[name] += text;
      },
    });
    const { root } = platform;
    writeFileSync(
      join(root, "slipway.config.ts"),
      `export { drivers as default } from ${JSON.stringify(new URL("./drivers.fixture.ts", import.meta.url).pathname)};\n`,
    );
    const env = { PATH: process.env["PATH"] };
    const code = await main(["features", ...words], {
      stdout: sink("stdout"),
      stderr: sink("stderr"),
      env,
      cwd: root,
    });
    return { code, ...said };
  }
  const AT = ["--at", "2025-06-10T12:00:00Z"];

  it("reads many keys of many views, also from a file", async () => {
    writeFileSync(join(platform.root, "keys.jsonl"), '{"driver_id":7}\n\n{"driver_id":"41"}\n');
    const { code, stdout } = await slipway(
      "driver_trip.meter",
      "driver_week",
      "driver_id=0",
      "driver_id=1",
      "--keys",
      "keys.jsonl",
      "--json",
      ...AT,
    );
    expect(code).toBe(0);
    const { reads } = JSON.parse(stdout);
    expect(reads.map(({ key, view }: Record<string, unknown>) => [key, view])).toEqual(
      ["0", "1", 7, "41"].flatMap((driver_id) => ["driver_trip", "driver_week"].map((view) => [{ driver_id }, view])),
    );
    expect(reads.slice(4).map(({ status }: Record<string, unknown>) => status)).toEqual([
      "expired",
      "expired",
      "missing",
      "missing",
    ]);
    expect(reads[0]).toMatchObject({ statuses: { meter: "present" }, values: { meter: String(newest(0n)?.meter) } });
    const people = await slipway("driver_trip.meter", "driver_never", "driver_id=41", ...AT);
    expect(people.stdout).toContain("driver_never: not online yet; run: slipway features materialize driver_never");
    expect(people.stdout).toMatch(/driver_id=41 +driver_trip\.meter +null +missing/);
  });

  it("takes a key as words and as an option, wherever one is asked for", async () => {
    const read = async (...words: readonly string[]): Promise<unknown> =>
      JSON.parse((await features(...words, "--json")).stdout);
    const asOf = ["--as-of", "2025-06-10T12:00:00Z"];
    const changes = ["--from", "2025-06-01", "--to", "2025-06-10"];
    for (const [command, rest] of [
      [["read", "driver_trip"], AT],
      [["show", "driver_trip"], asOf],
      [["history", "driver_trip"], changes],
    ] as const) {
      const words = await read(...command, "driver_id=1", ...rest);
      expect(words).not.toHaveProperty("error");
      expect(await read(...command, ...rest, "--key", "driver_id=1")).toEqual(words);
    }
    const { code, stderr } = await features("show", "driver_trip", "driver_id=1");
    expect([code, stderr]).toEqual([64, expect.stringContaining("--as-of and a key go together")]);
    const none = await features("history", "driver_trip");
    expect([none.code, none.stderr]).toEqual([64, expect.stringContaining("Add driver_id=…")]);
  });

  it.each([
    ['{"driver_id":7}\n\n{"driver_id":7\n', "keys.jsonl, line 3 is not JSON"],
    ['{"driver_id":7}\n[7]\n', "keys.jsonl, line 2 is [7], and no object"],
    ['[{"driver_id":7}, 8]', "key 2 of the list is 8, and no object"],
    ['[{"driver_id":7},', "keys.jsonl is not JSON"],
  ])("names the line of --keys that is wrong: %j", async (text, problem) => {
    writeFileSync(join(platform.root, "keys.jsonl"), text);
    const ended = await slipway("driver_trip", "--keys", "keys.jsonl", ...AT);
    expect([ended.code, ended.stderr]).toEqual([65, expect.stringContaining(problem)]);
  });

  it.each([
    [["driver_trip"], 64, "Add driver_id=…"],
    [["driver_trip", "=7"], 64, '"=7" is not a key'],
    [["nothing", "driver_id=7"], 64, 'no featureView "nothing"'],
    [["driver_trip", "driver_id=UA"], 65, '"driver_id" is "UA"'],
    [["driver_trip", "--keys", "none.jsonl"], 65, "cannot be read"],
  ])("refuses %j", async (words, code, problem) => {
    const ended = await slipway(...words, ...AT);
    expect(ended.stderr).toContain(problem);
    expect(ended.code).toBe(code);
  });
});
