// Two whole servers, as `slipway serve` starts them, on one Postgres and one state folder: an alias that is moved at one is what the other serves,
// and no write that either acknowledged is lost, also when one of them is killed. With SQLite the second one is told that there is a first.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noPostgres, type PostgresServer, startPostgres } from "../../src/engines/postgres/server.fixture.ts";
import {
  ended,
  type RunningServer,
  removeFolder,
  serve,
  shopFolder,
  slipway,
  slipwayAnswer,
} from "./workers.fixture.ts";

const SLOW = 240_000;
const source = (path: string): string => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));
const modelFile = (path: string): string => fileURLToPath(new URL(`../models/${path}`, import.meta.url));

interface Answer {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

async function ask({ url }: RunningServer, method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    ...(body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {}),
  });
  return { status: answer.status, body: await answer.json() };
}
const API = "/api/2.0/mlflow";

describe.skipIf(noPostgres !== undefined)(`two slipway serve on one Postgres (${noPostgres ?? "a real one"})`, () => {
  let postgres: PostgresServer;
  let root: string;
  let servers: readonly [RunningServer, RunningServer];

  beforeAll(async () => {
    postgres = await startPostgres();
    process.env["SLIPWAY_TEST_PG"] = postgres.url();
    root = mkdtempSync(join(tmpdir(), "slipway-serves-"));
    writeFileSync(
      join(root, "slipway.config.ts"),
      `import { env, project } from ${source("index.ts")};
import { local, postgres } from ${source("presets/presets.ts")};
export default project({ name: "two", definitions: {}, engines: local({ records: postgres({ url: env("SLIPWAY_TEST_PG") }) }) });
`,
    );
    for (const file of ["identity/fp32.onnx", "identity/int64.onnx"])
      await slipwayAnswer(root, "models", "import", modelFile(file), "--as", "same");
    servers = await Promise.all([serve(root, "--workers", "1"), serve(root, "--workers", "1")]);
  }, SLOW);
  afterAll(async () => {
    for (const { child, end } of servers ?? []) {
      child.kill("SIGKILL");
      await end;
    }
    delete process.env["SLIPWAY_TEST_PG"];
    postgres?.remove();
    removeFolder(root);
  });

  test("an alias that is moved at one is served by the other with the next request", { timeout: SLOW }, async () => {
    const asks: Readonly<Record<string, object>> = {
      "1": { inputs: [{ name: "x", datatype: "FP32", shape: [1, 1], data: [0.5] }] },
      "2": { inputs: [{ name: "x", datatype: "INT64", shape: [1, 1], data: [7] }] },
    };
    for (let move = 0; move < 6; move += 1) {
      const version = String((move % 2) + 1);
      const [at, other] = move % 3 === 0 ? servers : [servers[1], servers[0]];
      const moved = await ask(at, "POST", `${API}/registered-models/alias`, {
        name: "same",
        alias: "champion",
        version,
      });
      expect(moved.status).toBe(200);
      for (const server of [other, at]) {
        const { status, body } = await ask(server, "POST", "/v2/models/same/infer", asks[version]);
        expect([status, body.model_version]).toEqual([200, version]);
      }
    }
  });

  test("both log runs, and every acknowledged write is there when one of them is killed", {
    timeout: SLOW,
  }, async () => {
    const told: { readonly id: string; readonly acknowledged: string[] }[] = [];
    const written = ({ step, value }: { readonly step: number; readonly value: number }): string => `${step}: ${value}`;
    let isKilled = false;
    const log = async (server: RunningServer): Promise<void> => {
      for (let n = 0; n < 15; n += 1) {
        const made = await ask(server, "POST", `${API}/runs/create`, { experiment_id: "0" }).catch(() => undefined);
        if (made?.status !== 200) return;
        const run = { id: made.body.run.info.run_id as string, acknowledged: [] as string[] };
        told.push(run);
        // Of one run, half is told at either.
        for (let step = 0; step < 4; step += 1) {
          const to = isKilled ? servers[0] : (servers[step % 2] as RunningServer);
          // A value of its own, so that none of another run or step passes for it.
          const metric = { key: "m", value: told.length + step / 8, timestamp: 1, step };
          const answer = await ask(to, "POST", `${API}/runs/log-batch`, { run_id: run.id, metrics: [metric] }).catch(
            () => undefined,
          );
          if (answer?.status === 200) run.acknowledged.push(written(metric));
        }
      }
    };
    const working = Promise.all([log(servers[0]), log(servers[1]), log(servers[0]), log(servers[1])]);
    while (told.length < 30) await new Promise((resolve) => setTimeout(resolve, 10));
    isKilled = true;
    servers[1].child.kill("SIGKILL");
    await working;
    expect(told.length).toBeGreaterThanOrEqual(30);
    expect(told.flatMap(({ acknowledged }) => acknowledged).length).toBeGreaterThanOrEqual(30);
    for (const { id, acknowledged } of told) {
      const { body } = await ask(servers[0], "GET", `${API}/metrics/get-history?run_id=${id}&metric_key=m`);
      // One that was under way when the server died may be there without having been acknowledged.
      expect((body.metrics ?? []).map(written)).toEqual(expect.arrayContaining(acknowledged));
    }
    const { body } = await ask(servers[0], "POST", `${API}/runs/search`, { experiment_ids: ["0"], max_results: 1000 });
    const known = new Set(body.runs.map((run: { info: { run_id: string } }) => run.info.run_id));
    expect(told.filter(({ id }) => !known.has(id))).toEqual([]);
  });
});

test("with SQLite a second server is told of the first, and the first goes on", { timeout: SLOW }, async () => {
  const root = shopFolder();
  await slipwayAnswer(root, "apply");
  const first = await serve(root, "--workers", "1");
  try {
    const { code, complaints } = await ended(slipway(root, "serve", "--port", "0"));
    expect(code).toBe(75);
    expect(complaints).toContain(String(first.child.pid));
    expect((await ask(first, "POST", `${API}/runs/create`, { experiment_id: "0" })).status).toBe(200);
  } finally {
    first.child.kill("SIGKILL");
    await first.end;
    removeFolder(root);
  }
});
