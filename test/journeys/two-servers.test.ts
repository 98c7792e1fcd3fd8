// Two servers on one Postgres: what one acknowledged the other knows, and of two that want the same thing one gets it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noPostgres, type PostgresServer, startPostgres } from "../../src/engines/postgres/server.fixture.ts";
import { endOf } from "./child-process.fixture.ts";
import { startRecordsServer } from "./records-server.fixture.ts";

describe.skipIf(noPostgres !== undefined)(`two servers on one Postgres (${noPostgres ?? "a real one"})`, () => {
  let postgres: PostgresServer;
  let folder: string;
  let children: ReturnType<typeof startRecordsServer>[];
  let urls: string[];

  beforeAll(async () => {
    postgres = await startPostgres();
    folder = mkdtempSync(join(tmpdir(), "slipway-two-servers-"));
    // At once, on a database without a table.
    children = [startRecordsServer(folder, postgres.url()), startRecordsServer(folder, postgres.url())];
    urls = await Promise.all(
      children.map(
        (child) =>
          new Promise<string>((resolve, reject) => {
            void endOf(child, (line) => line.startsWith("url ") && resolve(line.slice(4))).then(({ complaints }) =>
              reject(new Error(complaints)),
            );
          }),
      ),
    );
  }, 120_000);
  afterAll(() => {
    for (const child of children ?? []) child.kill("SIGKILL");
    postgres?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  type Answer = { readonly status: number; readonly body: ReturnType<typeof JSON.parse> };
  async function ask(server: number, method: string, path: string, body?: object): Promise<Answer> {
    const answer = await fetch(`${urls[server]}/api/2.0/mlflow/${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {}),
    });
    return { status: answer.status, body: await answer.json() };
  }
  const both = (method: string, path: string, body: (server: number) => object): Promise<Answer[]> =>
    Promise.all([0, 1].map((server) => ask(server, method, path, body(server))));

  test("the tables were made once", async () => {
    const rows = await postgres.run("select version, count(*)::int as times from slipway_migrations group by version");
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.every(({ times }) => times === 1)).toBe(true);
  });

  test("a run that is made and told at one is there at the other at once", async () => {
    const { body } = await ask(0, "POST", "runs/create", { experiment_id: "0", run_name: "shared" });
    const run_id = body.run.info.run_id;
    for (let step = 0; step < 10; step += 1)
      await ask(step % 2, "POST", "runs/log-batch", {
        run_id,
        metrics: [{ key: "m", value: step, timestamp: 1, step }],
      });
    for (const server of [0, 1]) {
      const { body: found } = await ask(server, "GET", `runs/get?run_id=${run_id}`);
      expect(found.run.data.metrics).toEqual([expect.objectContaining({ key: "m", value: 9, step: 9 })]);
      const { body: history } = await ask(server, "GET", `metrics/get-history?run_id=${run_id}&metric_key=m`);
      expect(history.metrics).toHaveLength(10);
    }
  });

  test("of two that want one name, or give one parameter two values, one wins", async () => {
    for (let n = 0; n < 10; n += 1) {
      const made = await both("POST", "experiments/create", () => ({ name: `e${n}` }));
      expect(made.map(({ status }) => status).sort()).toEqual([200, 400]);
      const models = await both("POST", "registered-models/create", () => ({ name: `m${n}` }));
      expect(models.map(({ status }) => status).sort()).toEqual([200, 400]);
      const { body } = await ask(n % 2, "POST", "runs/create", { experiment_id: "0" });
      const run_id = body.run.info.run_id;
      const params = await both("POST", "runs/log-parameter", (server) => ({
        run_id,
        key: "p",
        value: String(server),
      }));
      expect(params.map(({ status }) => status).sort()).toEqual([200, 400]);
      const winner = params.findIndex(({ status }) => status === 200);
      const { body: found } = await ask(n % 2, "GET", `runs/get?run_id=${run_id}`);
      expect(found.run.data.params).toEqual([{ key: "p", value: String(winner) }]);
    }
  });

  test("versions get numbers without gaps or twins, and an alias that both move tells one story", async () => {
    await ask(0, "POST", "registered-models/create", { name: "racing" });
    const { body } = await ask(0, "POST", "runs/create", { experiment_id: "0" });
    const run_id = body.run.info.run_id;
    const source = `runs:/${run_id}/model`;
    const racer = async (server: number): Promise<number[]> => {
      const numbers: number[] = [];
      for (let n = 0; n < 15; n += 1) {
        const made = await ask(server, "POST", "model-versions/create", { name: "racing", source, run_id });
        const version = made.body.model_version.version;
        numbers.push(Number(version));
        expect(
          (await ask(server, "POST", "registered-models/alias", { name: "racing", alias: "champion", version })).status,
        ).toBe(200);
      }
      return numbers;
    };
    const numbers = (await Promise.all([racer(0), racer(0), racer(1), racer(1)])).flat().sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
    const moves = (await postgres.run(
      "select details::json->>'from' as \"from\", details::json->>'to' as \"to\" from audit where subject = 'racing@champion' order by seq",
    )) as { from: string | null; to: string }[];
    moves.forEach(({ from }, n) => {
      expect(from).toBe(moves[n - 1]?.to ?? null);
    });
    for (const server of [0, 1]) {
      const found = await ask(server, "GET", "registered-models/alias?name=racing&alias=champion");
      expect(found.body.model_version.version).toBe(moves.at(-1)?.to);
    }
  });

  test("when one is killed the other goes on", async () => {
    const writing = Promise.allSettled(
      Array.from({ length: 20 }, () => ask(1, "POST", "runs/create", { experiment_id: "0", run_name: "doomed" })),
    );
    children[1]?.kill("SIGKILL");
    await writing;
    expect((await ask(0, "POST", "runs/create", { experiment_id: "0", run_name: "after" })).status).toBe(200);
  });
});
