// What the records' commands tell: lists, one run, comparisons, differences, and versions by Git's names.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/program.ts";
import { applyDefinitions, tracking, trainModel } from "../../src/platform/platform.ts";
import { day, deliveriesWorld, type World } from "./deliveries.fixture.ts";
import { repository, type TestRepository } from "./repository.fixture.ts";

const EVIL = "night\u001b[2Jly \u202e<b>run</b>\n";
let world: World;
let code: TestRepository;
let second = "";

async function slipway(...words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  const sink = (name: keyof typeof said) => ({
    write(text: string): void {
      said[name] += text;
    },
  });
  const cache = fileURLToPath(new URL("../../node_modules/.cache/slipway", import.meta.url));
  const env = { PATH: process.env["PATH"], SLIPWAY_CACHE: cache, COLUMNS: "100" };
  const ended = await main(words, { stdout: sink("stdout"), stderr: sink("stderr"), env, cwd: world.root });
  return { code: ended, ...said };
}

async function told(...words: readonly string[]): Promise<string> {
  const { code: ended, stdout, stderr } = await slipway(...words);
  expect({ ended, stderr }).toEqual({ ended: 0, stderr: "" });
  return stdout;
}

const document = async (...words: readonly string[]): Promise<ReturnType<typeof JSON.parse>> =>
  JSON.parse(await told(...words, "--json"));

beforeAll(async () => {
  world = await deliveriesWorld();
  const fixture = JSON.stringify(fileURLToPath(new URL("./deliveries.fixture.ts", import.meta.url)));
  writeFileSync(
    join(world.root, "slipway.config.ts"),
    `import { deliveriesProject } from ${fixture};\nexport default deliveriesProject();\n`,
  );
  code = repository(world.root);
  const first = await world.open();
  await applyDefinitions(first);
  await trainModel(first, { model: "delivery_late" });
  const context = await tracking.openTracking(first.registry);
  const { id } = await tracking.beginRun(context, {
    experimentId: "0",
    user: "ada",
    name: EVIL,
    tags: [{ key: "mlflow.source.git.commit", value: "c".repeat(40) }],
  });
  await tracking.logToRun(context, id, {
    metrics: [{ key: "auc", value: 0.9, timestamp: 1, step: 0 }],
    params: [{ key: "depth", value: "3" }],
  });
  await first.close();
  writeFileSync(join(world.root, "notes.txt"), "second thoughts\n");
  second = code.commitAll("second");
  writeFileSync(join(world.root, "notes.txt"), "third thoughts\n");
  const then = await world.open({ changes: { seed: 8, maxDepth: 4 }, at: day(61) });
  await applyDefinitions(then);
  await trainModel(then, { model: "delivery_late" });
  await then.close();
}, 120_000);
afterAll(() => world.remove());

describe("slipway runs list", () => {
  test("tells of native runs and of a client's, with a client's words made harmless", async () => {
    const lines = (await told("runs", "list")).trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^run +name +experiment +status +started +took .*made +commit +by$/);
    expect(lines.join("\n")).toContain(`delivery_late@2  ${second.slice(0, 8)}*  tester`);
    const evil = lines.find((line) => line.includes("ada")) ?? "";
    expect(evil).toContain("night\\x1b[2Jly \\u202e<b>run</b>\\n");
    expect(evil).toContain("cccccccc");
  });

  test("takes filters, an order and a limit", async () => {
    const names = async (...words: string[]): Promise<string[]> =>
      (await document("runs", "list", ...words)).runs.map(({ versions, name }: never) => versions[0] ?? name);
    expect(await names("--model", "delivery_late")).toEqual(["delivery_late@2", "delivery_late@1"]);
    expect(await names("--filter", "metrics.auc > 0.8")).toEqual([EVIL]);
    expect(await names("--filter", "params.seed = '7'")).toEqual(["delivery_late@1"]);
    expect(await names("--order", "params.seed ASC", "--limit", "1")).toEqual(["delivery_late@1"]);
    expect(await names("--experiment", "Default")).toEqual([EVIL]);
    expect(await names("--status", "failed")).toEqual([]);
    expect(await told("runs", "list", "--limit", "1")).toContain("There are more");
  });

  test.each([
    [["--model", "delivery_lat"], "MODEL_NOT_FOUND", 'Did you mean "delivery_late"?'],
    [["--experiment", "Defaul"], "EXPERIMENT_NOT_FOUND", 'Did you mean "Default"?'],
    [["--status", "done"], "USAGE", "running, finished, failed, cancelled"],
    [["--filter", "metrics.auc >"], "INPUT_INVALID", "ends where a value is expected"],
    [["--filter", "'; drop table runs; --' = 1"], "INPUT_INVALID", "Invalid"],
    [["--limit", "0"], "USAGE", "above zero"],
  ])("refuses %j", async (words, error, message) => {
    const { code: ended, stdout, stderr } = await slipway("runs", "list", ...words);
    expect(ended).not.toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain(error);
    expect(stderr).toContain(message);
  });
});

describe("slipway runs show", () => {
  test("tells what came of it and what it was made with, with its curves in ASCII", async () => {
    const text = await told("runs", "show", "delivery_late@2");
    expect(text).toMatch(/^train delivery_late {2}[0-9a-f-]{36}\n/);
    expect(text).toMatch(new RegExp(`commit +${second} on main`));
    expect(text).toMatch(/uncommitted +notes\.txt; kept as slipway\/uncommitted\.patch/);
    expect(text).toMatch(/engines .*duckdb .*xgboost/);
    expect(text).toMatch(/packages +package-lock\.json [0-9a-f]{12}: 1 packages, 1 of them direct/);
    expect(text).toMatch(/validate-logloss +0\.\d+ +[_.,\-~=+#]{10,}/);
    expect(text).toContain("* train-logloss   o validate-logloss");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no colour where nobody watches.
    expect(text).not.toMatch(/\u001b|[^\x00-\x7f]/);
  });

  test("finds a run by the end of its id, and says what is near a metric that is none", async () => {
    const { runs } = await document("runs", "list", "--model", "delivery_late");
    const shown = await document("runs", "show", runs[0].id.slice(-8));
    expect(shown).toMatchObject({
      id: runs[0].id,
      versions: ["delivery_late@2"],
      provenance: { seeds: { trainer: 8 } },
    });
    expect(shown.datasets[0].columns.length).toBeGreaterThan(5);
    const wrong = await slipway("runs", "show", runs[0].id, "--plot", "validate-loglos");
    expect(wrong.stderr).toMatch(/METRIC_NOT_FOUND .*Did you mean "validate-logloss"/);
    expect((await slipway("runs", "show", "ffffffff")).stderr).toContain("RUN_NOT_FOUND");
    expect((await slipway("runs", "show", "train delivery_late")).stderr).toContain("Several runs are meant");
  });
});

describe("comparisons", () => {
  test("put what differs first and say how much is the same", async () => {
    const text = await told("runs", "compare", "delivery_late@1", "delivery_late@2", "--plot", "validate-logloss");
    expect(text).toMatch(/params \d+ the same\n +delivery_late@1 +delivery_late@2\nmax_depth +3 +4\nseed +7 +8/);
    expect(text).toMatch(/^delivery_late@1 {2}train delivery_late, .*\ndelivery_late@2 {2}train delivery_late, /);
    expect(text).toContain("o delivery_late@2");
    const { sections } = await document("runs", "compare", "delivery_late@1", "delivery_late@2");
    const params = sections.find(({ heading }: { heading: string }) => heading === "params").facts;
    expect(params[0]).toEqual({ name: "max_depth", values: ["3", "4"], differs: true });
    expect(params.slice(2).every(({ differs }: { differs: boolean }) => !differs)).toBe(true);
    expect((await slipway("runs", "compare", "delivery_late@1")).code).toBe(64);
  });

  test("of versions know their importance", async () => {
    const text = await told("models", "compare", "delivery_late", "1", "2", "--all");
    expect(text).toMatch(/importance\n[\s\S]*distance_km/);
    expect(await told("models", "show", "delivery_late", "champion")).toMatch(/distance_km +0\.\d+ +#+/);
  });

  test("as a diff hold the code against each other", async () => {
    for (const words of [
      ["runs", "diff", "delivery_late@1", "delivery_late@2"],
      ["models", "diff", "delivery_late", "1", "2"],
    ]) {
      const text = await told(...words);
      expect(text).toContain("-first thoughts\n+second thoughts");
      expect(text).toContain("uncommitted in delivery_late@2");
      expect(text).toContain("-second thoughts\n+third thoughts");
    }
  });
});

test("slipway reproduce tells what differs, and ends with its own code", async () => {
  const { code: ended, stdout, stderr } = await slipway("reproduce", "delivery_late@1");
  expect(ended).toBe(78);
  expect(stdout).toMatch(/commit .*matters/);
  expect(stderr).toContain("ENVIRONMENT_DIFFERS delivery_late@1 was not trained again");
  const { code: same, stdout: text } = await slipway("reproduce", "delivery_late@1", "--anyway", "--json");
  expect(same).toBe(0);
  expect(JSON.parse(text)).toMatchObject({ verdict: "identical", model: "delivery_late", version: 1 });
});

describe("versions by Git's names", () => {
  test("are found from a later commit and branch, with their content", async () => {
    const made = await document("git", "tag", "release-1", "--model", "delivery_late@1", "--at", code.commit);
    expect(made).toMatchObject({
      tag: "release-1",
      commit: code.commit,
      models: [{ model: "delivery_late", number: 1 }],
      warnings: [],
    });
    expect(code.git("cat-file", "-p", "release-1")).toContain(
      `Slipway-Model: sha256:${made.models[0].hash} delivery_late@1`,
    );
    expect(await document("models", "at", "HEAD")).toMatchObject({
      named: [{ model: "delivery_late", number: 1, tag: "release-1", distance: 1, here: ["delivery_late@1"] }],
      trained: ["delivery_late@2"],
    });
    code.git("branch", "side", code.commit);
    expect(await told("models", "at", "side")).toMatch(/delivery_late@1 +[0-9a-f]{12} +release-1 +0 +delivery_late@1/);
    expect(await document("datasets", "at", "side")).toMatchObject({ named: [{ model: "delivery_late", here: true }] });
    // The nearest tag wins.
    expect(await told("git", "tag", "release-2")).toContain("delivery_late@2");
    expect((await document("models", "at", "HEAD")).named).toMatchObject([{ number: 2, tag: "release-2" }]);
    expect((await document("models", "at", "side")).named).toMatchObject([{ number: 1 }]);
  });

  test("say of content that is not here that it is not", async () => {
    code.git(
      "tag",
      "-a",
      "-m",
      `other\n\nSlipway-Project: deliveries\nSlipway-Model: sha256:${"e".repeat(64)} far away@7\n`,
      "other",
    );
    expect((await document("models", "at", "HEAD")).named).toContainEqual(
      expect.objectContaining({ model: "far away", number: 7, here: [] }),
    );
  });

  test("are refused where there is nothing to name", async () => {
    expect((await slipway("git", "tag", "release-1")).stderr).toContain("ALREADY_EXISTS");
    expect((await slipway("git", "tag", "x", "--model", "delivery_late@9")).stderr).toContain("VERSION_NOT_FOUND");
    expect((await slipway("git", "tag", "x", "--dataset", "ffff")).stderr).toContain("DATASET_NOT_FOUND");
    expect((await slipway("models", "at", "nowhere")).stderr).toContain("REVISION_NOT_FOUND");
  });
});
