// kill -9 of a server under load. Several clients write runs, batches, files, versions and aliases; what was acknowledged must be there in the
// next life, and of what was under way all or nothing. SLIPWAY_TEST_KILLS sets how often.

import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { noPostgres, startPostgres } from "../../src/engines/postgres/server.fixture.ts";
import { endOf } from "./child-process.fixture.ts";
import { startRecordsServer } from "./records-server.fixture.ts";

const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 4);
const CLIENTS = 4;
const BATCH = 6;

/** What a client knows: `undefined` where it was not told whether a write happened. */
interface Written {
  readonly runs: Map<
    string,
    { readonly name: string; readonly batches: Map<number, boolean>; readonly files: Map<string, string> }
  >;
  readonly versions: Map<string, Set<number>>;
  /** The last acknowledged version of each alias, and the one that was under way. */
  readonly aliases: Map<string, { acknowledged: number; tried: number }>;
  acknowledged: number;
}

type Ask = (method: string, path: string, body?: unknown) => Promise<ReturnType<typeof JSON.parse>>;

/** Asks over connections of its own; rejects when the server goes away before the whole answer is there. */
function client(url: string): Ask & { end(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string, path: string, body?: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const isText = typeof body === "string";
      const sent = request(
        `${url}/api/2.0/${path}`,
        { method, agent, headers: isText || body === undefined ? {} : { "content-type": "application/json" } },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (chunk) => {
            text += chunk;
          });
          answer.on("error", reject);
          answer.on("end", () => {
            if (!answer.complete) reject(new Error("cut off"));
            else if (answer.statusCode !== 200) reject(new Refused(`${method} ${path}: ${answer.statusCode} ${text}`));
            else resolve(path.startsWith("mlflow-artifacts/artifacts/") && method === "GET" ? text : JSON.parse(text));
          });
        },
      );
      sent.on("error", reject);
      sent.end(isText ? body : body === undefined ? undefined : JSON.stringify(body));
    });
  return Object.assign(ask as Ask, { end: () => agent.destroy() });
}

class Refused extends Error {}

const contentOf = (run: string, n: number): string => `${run} ${n} `.repeat(400 + n);

/** Writes until the server goes away. */
async function load(ask: Ask, who: string, written: Written): Promise<void> {
  for (let n = 0; ; n += 1) {
    const name = `${who} ${n}`;
    const { run } = await ask("POST", "mlflow/runs/create", {
      experiment_id: "0",
      run_name: name,
      tags: [{ key: "who", value: who }],
    });
    const id: string = run.info.run_id;
    const own = { name, batches: new Map<number, boolean>(), files: new Map<string, string>() };
    written.runs.set(id, own);
    written.acknowledged += 1;
    for (let batch = 0; batch < 3; batch += 1) {
      own.batches.set(batch, false);
      await ask("POST", "mlflow/runs/log-batch", {
        run_id: id,
        metrics: Array.from({ length: BATCH }, (_, m) => ({ key: `b${batch}.${m}`, value: m, timestamp: 1, step: n })),
        params: Array.from({ length: BATCH }, (_, p) => ({ key: `b${batch}.${p}`, value: String(p) })),
        tags: [{ key: `b${batch}`, value: "whole" }],
      });
      own.batches.set(batch, true);
      written.acknowledged += 1;
    }
    const path = `0/${id}/artifacts/model/f.txt`;
    const content = contentOf(id, n);
    await ask("PUT", `mlflow-artifacts/artifacts/${path}`, content);
    own.files.set(path, content);
    const { model_version: version } = await ask("POST", "mlflow/model-versions/create", {
      name: "shared",
      source: `mlflow-artifacts:/${path.slice(0, -"/f.txt".length)}`,
      run_id: id,
      tags: [{ key: "who", value: who }],
    });
    const number = Number(version.version);
    (written.versions.get("shared") ?? written.versions.set("shared", new Set()).get("shared"))?.add(number);
    const alias = written.aliases.get(who) ?? { acknowledged: 0, tried: 0 };
    written.aliases.set(who, alias);
    alias.tried = number;
    await ask("POST", "mlflow/registered-models/alias", { name: "shared", alias: who, version: String(number) });
    alias.acknowledged = number;
    written.acknowledged += 3;
  }
}

/** Holds a server to what clients of earlier lives were told. */
async function check(ask: Ask, written: Written): Promise<void> {
  for (const [id, { name, batches, files }] of written.runs) {
    const { run } = await ask("GET", `mlflow/runs/get?run_id=${id}`);
    expect(run.info.run_name).toBe(name);
    const keys = (list: readonly { key: string }[] = []): string[] => list.map(({ key }) => key);
    const [metrics, params, tags] = [keys(run.data.metrics), keys(run.data.params), keys(run.data.tags)];
    for (const [batch, isAcknowledged] of batches) {
      const parts = Array.from({ length: BATCH }, (_, part) => `b${batch}.${part}`);
      const found = [
        ...parts.map((part) => metrics.includes(part)),
        ...parts.map((part) => params.includes(part)),
        tags.includes(`b${batch}`),
      ];
      expect(new Set(found).size, `batch ${batch} of ${name} is there by half`).toBe(1);
      if (isAcknowledged) expect(found[0], `batch ${batch} of ${name} is lost`).toBe(true);
    }
    for (const [path, content] of files) expect(await ask("GET", `mlflow-artifacts/artifacts/${path}`)).toBe(content);
  }
  for (const number of written.versions.get("shared") ?? []) {
    const { model_version: version } = await ask("GET", `mlflow/model-versions/get?name=shared&version=${number}`);
    expect(version.tags).toEqual([expect.objectContaining({ key: "who" })]);
    const path = String(version.source).replace("mlflow-artifacts:/", "");
    expect(await ask("GET", `mlflow-artifacts/artifacts/${path}/f.txt`)).toContain(version.run_id);
  }
  if (written.aliases.size === 0) return;
  const { registered_model: model } = await ask("GET", "mlflow/registered-models/get?name=shared");
  const aliases = new Map(
    (model.aliases ?? []).map((each: { alias: string; version: string }) => [each.alias, Number(each.version)]),
  );
  for (const [who, { acknowledged, tried }] of written.aliases)
    if (acknowledged > 0 || aliases.has(who)) expect([acknowledged, tried], `alias ${who}`).toContain(aliases.get(who));
}

const nothing = (): Written => ({ runs: new Map(), versions: new Map(), aliases: new Map(), acknowledged: 0 });

/** Kills servers on one folder again and again, and gives how many writes were acknowledged. */
async function killing(kills: number, postgres?: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-records-kill-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let last = nothing();
  const sampled = nothing();
  let acknowledged = 0;
  let lives = 0;
  for (let kill = 0; kill <= kills; kill += 1) {
    const child = startRecordsServer(folder, postgres);
    // The golden ratio spreads the moments without chance; some fall before the server listens, also in the middle of making tables.
    const wait = Math.round(((kill * 0.618_034) % 1) * 400);
    const isEarly = kill % 10 === 1;
    if (isEarly) setTimeout(() => child.kill("SIGKILL"), 150 + 2 * wait);
    let failure: unknown;
    let isLife = false;
    const end = await endOf(child, (line) => {
      const url = /^url (.*)$/.exec(line)?.[1];
      if (url === undefined || isEarly) return;
      lives += 1;
      isLife = true;
      const before = last;
      last = nothing();
      const live = async (): Promise<void> => {
        const clients = Array.from({ length: CLIENTS }, () => client(url));
        try {
          const [first] = clients;
          if (!first) return;
          await check(first, before);
          if (kill % 25 === 0 || kill === kills) await check(first, { ...sampled, aliases: new Map() });
          // One run of each life is looked at again and again.
          for (const [id, run] of [...before.runs].slice(0, 1)) if (kill % 5 === 0) sampled.runs.set(id, run);
          await first("POST", "mlflow/registered-models/create", { name: "shared" }).catch((thrown) => {
            if (!(thrown instanceof Refused)) throw thrown;
          });
          setTimeout(() => child.kill("SIGKILL"), 20 + wait);
          const ends = await Promise.allSettled(
            clients.map((ask, place) => load(ask, `client-${kill}-${place}`, last)),
          );
          for (const each of ends)
            if (each.status === "rejected" && (each.reason instanceof Refused || each.reason instanceof TypeError))
              throw each.reason;
        } finally {
          for (const each of clients) each.end();
        }
      };
      void live().catch((thrown) => {
        failure = thrown;
        child.kill("SIGKILL");
      });
    });
    if (failure) throw failure;
    if (end.signal !== "SIGKILL")
      throw new Error(`The server ended by itself: ${end.complaints || end.lines.join("\n")}`);
    // The aborted requests have told their clients by now.
    await new Promise((resolve) => setImmediate(resolve));
    if (isLife) acknowledged += last.acknowledged;
  }
  expect(lives).toBeGreaterThan(0);
  return acknowledged;
}

describe("what a server acknowledged is there after kill -9, and nothing by half", () => {
  test("with records in SQLite", { timeout: 120_000 + KILLS * 15_000 }, async () => {
    const acknowledged = await killing(KILLS);
    console.log(`${KILLS} kills, ${acknowledged} acknowledged writes, 0 lost`);
    expect(acknowledged).toBeGreaterThan(0);
  });

  test.skipIf(noPostgres !== undefined)(
    `with records in Postgres (${noPostgres ?? "on a real server"})`,
    { timeout: 120_000 + KILLS * 15_000 },
    async () => {
      const server = await startPostgres();
      onTestFinished(() => server.remove());
      const acknowledged = await killing(KILLS, server.url());
      console.log(`${KILLS} kills, ${acknowledged} acknowledged writes, 0 lost`);
      expect(acknowledged).toBeGreaterThan(0);
    },
  );
});
