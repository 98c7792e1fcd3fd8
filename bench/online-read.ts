// One online read on the store that a year of flights filled: one view, and all views that a prediction needs, against the bare lmdb
// get of the same stored bytes. The store is the default one; the reads are of keys that are there, in a random order.

import { join } from "node:path";
import { open } from "lmdb";
import { materialize, type Platform, readFeatures } from "slipway/platform";
import { flightsYear, openFlights, temporaryFolder } from "./support/project.ts";
import { type Bench, type Line, median, newSamples, quantile, runIfMain } from "./support/report.ts";

const VIEW_KEYS: Readonly<Record<string, readonly string[]>> = {
  carrier_departures: ["carrier"],
  origin_departures: ["origin"],
  route_arrivals: ["origin", "dest"],
  aircraft_departure: ["tailnum"],
  aircraft_arrival: ["tailnum"],
  origin_weather: ["origin"],
  plane: ["tailnum"],
};

type Row = Readonly<Record<string, unknown>>;

/** Both kinds of read, in turn with bare gets. */
export const onlineRead: Bench = async (quick) => {
  await flightsYear();
  const state = temporaryFolder();
  const platform = await openFlights(state, false);
  await materialize(platform);
  const rows = await someRows(platform, quick ? 200 : 2000);
  const tree = open<Uint8Array, Uint8Array>(join(state, "online"), {
    encoding: "binary",
    keyEncoding: "binary",
    noSubdir: false,
    readOnly: true,
  });
  const stored = storedKeys(tree.getKeys() as Iterable<Uint8Array>);
  const views = Object.keys(VIEW_KEYS);
  const keyOf = (view: string, row: Row): Row =>
    Object.fromEntries((VIEW_KEYS[view] ?? []).map((name) => [name, row[name]]));
  const readOne = async (view: string, row: Row): Promise<void> =>
    void (await readFeatures(platform, view, keyOf(view, row)));
  const readAll = async (row: Row): Promise<void> => {
    for (const view of views) await readOne(view, row);
  };
  const bare = (view: string, place: number): void => {
    const keys = stored.get(view) ?? [];
    const key = keys[(place * 7919) % keys.length];
    if (!key || !tree.getBinary(key)) throw new Error(`Nothing is stored for ${view}.`);
  };
  const sides = {
    one: (row: Row) => readOne("carrier_departures", row),
    "one bare": async (_: Row, place: number) => bare("carrier_departures", place),
    all: readAll,
    "all bare": async (_: Row, place: number) => {
      for (const view of views) bare(view, place);
    },
  };
  const rounds = quick ? 1 : 7;
  const samples = newSamples();
  for (let round = -1; round < rounds; round += 1)
    for (const [name, read] of Object.entries(sides)) {
      const times = await timesOf(rows, read);
      if (round < 0) continue;
      samples.keep(`${name} p50`, quantile(times, 0.5));
      samples.keep(`${name} p99`, quantile(times, 0.99));
    }
  const bytes = (view: string): number => tree.getBinary((stored.get(view) ?? [])[0] as Uint8Array)?.length ?? 0;
  const sizes = views.map((view) => `${view} ${bytes(view)}`).join(", ");
  await tree.close();
  await platform.close();
  const line = (what: string, side: string, figure: string): Line => {
    const [slipway, value] = [median(samples.of(`${side} ${figure}`)), median(samples.of(`${side} bare ${figure}`))];
    return { what, unit: "µs", slipway, other: { name: "bare lmdb get", value }, ratio: slipway / value };
  };
  return {
    name: "online-read",
    rounds,
    lines: [
      line("one view (9 features), p50", "one", "p50"),
      line("one view (9 features), p99", "one", "p99"),
      line("all 7 views one after the other, p50", "all", "p50"),
      line("all 7 views one after the other, p99", "all", "p99"),
    ],
    notes: [
      `${rows.length} reads a round and side; a read checks the key, takes a fresh snapshot, merges window tiles up to now and gives values with age and status.`,
      `Stored bytes of a key: ${sizes}.`,
    ],
    samples: samples.all,
  };
};

async function timesOf(
  rows: readonly Row[],
  read: (row: Row, place: number) => Promise<void>,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (const [place, row] of rows.entries()) {
    const start = performance.now();
    await read(row, place);
    times.push((performance.now() - start) * 1e3);
  }
  return times;
}

async function someRows({ engines: { offline } }: Platform, count: number): Promise<readonly Row[]> {
  const file = join(import.meta.dirname, "../examples/flights/data/scheduled_flights.parquet").replaceAll("'", "''");
  const names = ["carrier", "origin", "dest", "tailnum"];
  const sql = `SELECT ${names.join(", ")} FROM read_parquet('${file}') WHERE tailnum IS NOT NULL AND t >= '2013-12-30' ORDER BY hash(key) LIMIT ${count}`;
  const rows: Row[] = [];
  for await (const { columns, rowCount } of offline.stream(sql))
    for (let row = 0; row < rowCount; row += 1)
      rows.push(Object.fromEntries(columns.map(({ name, values }) => [name, values[row]])));
  return Array.from({ length: count }, (_, place) => rows[place % rows.length] ?? {});
}

/** The keys that the store holds, by view: a stored key is `<view>@<hash>`, a zero byte and the entity's key. */
function storedKeys(keys: Iterable<Uint8Array>): ReadonlyMap<string, readonly Uint8Array[]> {
  const found = new Map<string, Uint8Array[]>();
  for (const key of keys) {
    const end = key.indexOf(0);
    const view = Buffer.from(key.subarray(0, end)).toString("latin1").split("@")[0] ?? "";
    // One byte is the view's own entry, how far it is materialised.
    if (key.length > end + 2) found.set(view, [...(found.get(view) ?? []), Uint8Array.from(key)]);
  }
  return found;
}

await runIfMain(import.meta.url, onlineRead);
