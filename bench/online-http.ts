// Features over HTTP at 32 keep-alive connections: 1 and 100 keys with 50 features of 5 views, from Slipway's own API, from Slipway in Feast's
// dialect, and from Feast itself (`feast serve -w 2`) over the same Parquet files. Slipway is asked as one process and with two workers, as many
// as Feast has; the processor time of a request tells what each costs. Answers are compared before anything is timed.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseInstant } from "slipway";
import { materialize } from "slipway/platform";
import { feastOrReason } from "./support/feast.ts";
import { type LoadedServer, serveFeast } from "./support/feast-server.ts";
import { generator, type Load, loadOn } from "./support/load.ts";
import { END, KEYS, openOnline, references, writeOnlineRows } from "./support/online-project.ts";
import { type OwnServer, start } from "./support/own-server.ts";
import { temporaryFolder } from "./support/project.ts";
import { type Bench, compared, type Line, median, runIfMain } from "./support/report.ts";
import { serveWorkers } from "./support/worker-server.ts";

const CONNECTIONS = 32;
const SHAPES = [1, 100] as const;
const WORKERS = 2;
const OWN = "/api/v1/features/read";
const FEAST = "/get-online-features";

interface Spell extends Load {
  readonly cpuMillis: number;
}

interface Side {
  readonly name: string;
  readonly path: string;
  readonly server: LoadedServer | OwnServer;
}

/** Slipway's own API and its Feast dialect, beside Feast. */
export const onlineHttp: Bench = async (quick) => {
  const root = temporaryFolder();
  await writeOnlineRows(root);
  const platform = await openOnline(root);
  await materialize(platform, { to: parseInstant(END) });
  await platform.close();
  const python = await feastOrReason();
  const slipway = await start({ kind: "online", root });
  const workers = await serveWorkers(root, WORKERS);
  const feast =
    "file" in python ? await serveFeast(python.file, root, 6100 + Math.floor(Math.random() * 900)) : undefined;
  const own: readonly Side[] = [
    { name: "", path: OWN, server: slipway },
    { name: `${WORKERS} workers, `, path: OWN, server: workers },
    { name: "Feast's dialect, ", path: FEAST, server: slipway },
  ];
  const sides: readonly Side[] = [...own, ...(feast ? [{ name: "Feast -w 2", path: FEAST, server: feast }] : [])];
  const seconds = quick ? 2 : 10;
  const rounds = quick ? 1 : 3;
  const spells = new Map<string, Spell[]>();
  const halves: Line[] = [];
  try {
    if (feast) for (const { url } of [slipway, workers]) await compareAnswers(url, feast.url);
    for (const keys of SHAPES) {
      const files = { [OWN]: join(root, `own-${keys}.jsonl`), [FEAST]: join(root, `feast-${keys}.jsonl`) };
      writeFileSync(files[OWN], bodies(keys, ownBody));
      writeFileSync(files[FEAST], bodies(keys, feastBody));
      const load = async ({ path, server }: Side, length: number, rate?: number): Promise<Spell> => {
        const before = await server.cpu();
        const done = await loadOn(server.url + path, files[path as typeof OWN], CONNECTIONS, length, rate);
        return { ...done, cpuMillis: (((await server.cpu()) - before) * 1e3) / done.requests };
      };
      // Each side warms up first, uncounted: every worker compiles for itself, and a busy machine gives it little time to.
      for (const side of sides) await load(side, quick ? 4 : 10);
      for (let round = 0; round < rounds; round += 1)
        for (const side of sides) {
          const name = `${keys} ${side.name}`;
          spells.set(name, [...(spells.get(name) ?? []), await load(side, seconds)]);
        }
      const floor = await bareServer(slipway.url, files[OWN]);
      try {
        for (const side of own.slice(0, 2)) {
          const rate = median((spells.get(`${keys} ${side.name}`) ?? []).map(rateOf)) / 2;
          await load(floor, quick ? 1 : 3, rate);
          const bare = (await load(floor, seconds, rate)).p99Ms;
          const { p99Ms } = await load(side, seconds, rate);
          halves.push({
            what: `${keys} × 50, ${side.name}p99 at ${Math.round(rate)} req/s, half of the most`,
            unit: "ms",
            slipway: p99Ms,
            other: { name: "bare Fastify route", value: bare },
            ratio: p99Ms / bare,
            target: { text: "< 5 ms", met: p99Ms < 5 },
          });
        }
      } finally {
        floor.server.stop();
      }
    }
  } finally {
    slipway.stop();
    await workers.stop();
    await feast?.stop();
  }
  const of = (keys: number, side: string, figure: (spell: Spell) => number): readonly number[] =>
    (spells.get(`${keys} ${side}`) ?? []).map(figure);
  const figures = {
    "requests a second": ["req/s", rateOf],
    "processor time a request": ["ms", cpuOf],
    p99: ["ms", p99Of],
  } as const;
  const target = (what: string) => (ratio: number) =>
    what === "requests a second" ? { text: "≥ 20×", met: ratio >= 20 } : { text: "", met: true };
  return {
    name: "online-http",
    rounds,
    lines: [
      ...SHAPES.flatMap((keys) =>
        own.flatMap(({ name }) =>
          Object.entries(figures).map(([what, [unit, figure]]): Line => {
            const label = `${keys} × 50, ${name}${what}`;
            const line = compared(label, unit, of(keys, name, figure), "Feast -w 2", of(keys, "Feast -w 2", figure));
            if (!feast) return { what: label, unit, slipway: line.slipway };
            return what === "requests a second" ? { ...line, target: target(what)(line.ratio ?? 0) } : line;
          }),
        ),
      ),
      ...halves,
    ],
    notes: [
      `${CONNECTIONS} keep-alive connections, ${seconds} s a round and side, load from ${generator} on the same machine; ${KEYS} keys, 5 views of 10 int64.`,
      `Slipway is one process, or ${WORKERS} workers and the main process; Feast has two workers on its default online store (SQLite).`,
      "Beside p99 at half of the most stands a bare Fastify route that answers the same bytes at the same rate: what harness and machine alone take.",
      ...("reason" in python ? [`Feast is missing here: ${python.reason}`] : []),
    ],
    samples: Object.fromEntries(
      [...spells].flatMap(([name, all]) =>
        Object.entries(figures).map(([what, [, figure]]) => [`${name} ${what}`, all.map(figure)]),
      ),
    ),
  };
};

const rateOf = (spell: Spell): number => spell.requests / spell.seconds;
const cpuOf = (spell: Spell): number => spell.cpuMillis;
const p99Of = (spell: Spell): number => spell.p99Ms;

/** A bare Fastify route that answers what Slipway answered once: how fast this harness, on this machine, can see an answer. */
async function bareServer(url: string, file: string): Promise<Side & { readonly server: OwnServer }> {
  const [body = ""] = readFileSync(file, "utf8").split("\n");
  const headers = { "content-type": "application/json" };
  const answer = await (await fetch(url + OWN, { method: "POST", headers, body })).text();
  return { name: "bare", path: OWN, server: await start({ kind: "constant", answer }) };
}

type Body = (ids: readonly number[]) => unknown;
const ownBody: Body = (ids) => ({
  features: references.map((reference) => reference.replace(":", ".")),
  keys: ids.map((user_id) => ({ user_id })),
});
const feastBody: Body = (ids) => ({ features: references, entities: { user_id: ids } });

function bodies(keys: number, body: Body): string {
  const lines = Array.from({ length: 500 }, (_, line) =>
    JSON.stringify(body(Array.from({ length: keys }, (__, place) => ((line * keys + place) * 7919) % KEYS))),
  );
  return `${lines.join("\n")}\n`;
}

/** Holds Slipway's answer in Feast's dialect against Feast's own, by feature name. */
async function compareAnswers(own: string, feast: string): Promise<void> {
  const body = JSON.stringify(feastBody([0, 1, 4711, 9999]));
  const answers = await Promise.all(
    [own, feast].map(async (url) => {
      const headers = { "content-type": "application/json" };
      const answer = await (await fetch(url + FEAST, { method: "POST", headers, body })).json();
      const { metadata, results } = answer as { metadata: { feature_names: string[] }; results: unknown[] };
      const named = metadata.feature_names.map((name, index) => [name, results[index]] as const);
      return JSON.stringify(named.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, result]) => [name, sorted(result)]));
    }),
  );
  if (answers[0] !== answers[1])
    throw new Error(`The answers differ:\n${answers.map((text) => text.slice(0, 1000)).join("\n")}`);
}

function sorted(result: unknown): unknown {
  return Object.entries(result as object).sort(([a], [b]) => (a < b ? -1 : 1));
}

await runIfMain(import.meta.url, onlineHttp);
