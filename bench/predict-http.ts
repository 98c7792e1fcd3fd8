// Predictions over HTTP, features looked up and every prediction logged durably, at 32 keep-alive connections that ask again as soon as
// they are answered. Beside it the same server without waiting for the disk, and one bare Fastify route that answers a constant of the
// same size. Each server, and the load, is a process of its own; the three take turns.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { materialize, type Platform, trainModel } from "slipway/platform";
import { generator, type Load, loadOn } from "./support/load.ts";
import { start } from "./support/own-server.ts";
import { flightsYear, openFlights, temporaryFolder } from "./support/project.ts";
import { type Bench, compared, median, runIfMain } from "./support/report.ts";

const CONNECTIONS = 32;
const MODEL = "flight_delay";
const PATH = `/api/v1/models/${MODEL}/predict`;

interface Spell extends Load {
  readonly cpuMicros: number;
}

/** Slipway durable, Slipway not waiting for the disk, and Fastify alone. */
export const predictHttp: Bench = async (quick) => {
  await flightsYear();
  const state = temporaryFolder();
  const bodies = join(state, "bodies.jsonl");
  const platform = await openFlights(state, false);
  await materialize(platform);
  await trainModel(platform, { model: MODEL });
  const asked = await someBodies(platform, 1000);
  writeFileSync(bodies, `${asked.join("\n")}\n`);
  await platform.close();

  const durable = await start({ kind: "slipway", state, durable: true });
  const answer = await fetch(durable.url + PATH, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: asked[0] ?? "",
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The server answers ${answer.status}: ${text}`);
  const sides = {
    durable,
    quick: await start({ kind: "slipway", state, durable: false }),
    constant: await start({ kind: "constant", answer: text }),
  };
  const seconds = quick ? 2 : 10;
  const rounds = quick ? 1 : 5;
  const spells: Record<keyof typeof sides, Spell[]> = { durable: [], quick: [], constant: [] };
  const names = Object.keys(sides) as (keyof typeof sides)[];
  // Each side warms up first, uncounted.
  for (const name of names) await loadOn(sides[name].url + PATH, bodies, CONNECTIONS, quick ? 1 : 5);
  for (let round = 0; round < rounds; round += 1)
    for (const name of names) {
      const { url, cpu } = sides[name];
      const before = await cpu();
      const load = await loadOn(url + PATH, bodies, CONNECTIONS, seconds);
      spells[name].push({ ...load, cpuMicros: (((await cpu()) - before) * 1e6) / load.requests });
    }
  for (const side of Object.values(sides)) side.stop();
  const of = (name: keyof typeof sides, figure: (spell: Spell) => number): readonly number[] =>
    spells[name].map(figure);
  const rate = (spell: Spell): number => spell.requests / spell.seconds;
  const figures = {
    "requests a second": ["req/s", rate],
    "latency p50": ["ms", (spell: Spell) => spell.p50Ms],
    "latency p99": ["ms", (spell: Spell) => spell.p99Ms],
    "server's processor time a request": ["µs", (spell: Spell) => spell.cpuMicros],
  } as const;
  return {
    name: "predict-http",
    rounds,
    lines: Object.entries(figures).flatMap(([what, [unit, figure]]) => [
      compared(`${what}, durable log`, unit, of("durable", figure), "Fastify, constant", of("constant", figure)),
      compared(`${what}, durable log`, unit, of("durable", figure), "Slipway, no fsync", of("quick", figure)),
    ]),
    notes: [
      `${CONNECTIONS} keep-alive connections, ${seconds} s a round and side, load from ${generator} on the same machine; latency is at full load.`,
      `A request carries ${median(asked.map((body) => body.length)).toFixed(0)} bytes, an answer ${text.length}; it reads 7 views and scores one row.`,
    ],
    samples: Object.fromEntries(
      names.flatMap((name) =>
        Object.entries(figures).map(([what, [, figure]]) => [`${name} ${what}`, of(name, figure)]),
      ),
    ),
  };
};

/** Request bodies of flights of the last days, in a random order. */
async function someBodies({ engines: { offline } }: Platform, count: number): Promise<readonly string[]> {
  const file = join(import.meta.dirname, "../examples/flights/data/scheduled_flights.parquet").replaceAll("'", "''");
  const keys = ["carrier", "origin", "dest", "tailnum"];
  const request = ["distance", "sched_elapsed_min", "hour_local", "minute_of_day_local", "dow", "year"];
  const sql = `SELECT ${[...keys, ...request].join(", ")} FROM read_parquet('${file}') WHERE tailnum IS NOT NULL AND t >= '2013-12-29' ORDER BY hash(key) LIMIT ${count}`;
  const bodies: string[] = [];
  for await (const { columns, rowCount } of offline.stream(sql))
    for (let row = 0; row < rowCount; row += 1) {
      const cells = columns.map(({ name, values }) => [name, values[row]] as const);
      const part = (names: readonly string[]): object =>
        Object.fromEntries(cells.filter(([name]) => names.includes(name)));
      bodies.push(JSON.stringify({ keys: part(keys), request: part(request) }));
    }
  return bodies;
}

await runIfMain(import.meta.url, predictHttp);
