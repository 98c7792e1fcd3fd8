// Scripts of every kind, good and bad, run by a real interpreter with nothing installed: the good one brings a model that another library made,
// with the answers that library gave. What real frameworks do with the rows is in test/peers/python-trainer.test.ts.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RecordBatchStreamReader } from "apache-arrow";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { OWNER_FILE, tableFrom } from "../../core/core.ts";
import type { ProgramSpec } from "../../define/define.ts";
import type { TrainedModel, TrainingJob, TrainingStep, TrainingWatch } from "../../ports/trainer.ts";
import { matrixRuntime, onnxRuntime } from "../onnx/onnx.ts";
import { pythonTrainer } from "./python.ts";

const model = fileURLToPath(new URL("../../../test/models/lightgbm_regression/", import.meta.url));
const [cells, scores] = ["input.json", "expected.json"].map((file) => {
  const document = JSON.parse(readFileSync(join(model, file), "utf8"));
  return (document.inputs ?? document.outputs)[0].data as number[];
}) as [number[], number[]];
const WIDTH = 8;
const names = Array.from({ length: WIDTH }, (_, place) => `x${place}`);
const rows = scores.map((_, row) => ({
  ...Object.fromEntries(names.map((name, place) => [name, cells[row * WIDTH + place] ?? null])),
  label: row % 3 === 0,
  weight: 1 + row,
}));
const schema = [
  ...names.map((name) => ({ name, type: "float64", optional: true }) as const),
  { name: "label", type: "bool", optional: false } as const,
  { name: "weight", type: "float64", optional: false } as const,
];

const folder = mkdtempSync(join(tmpdir(), "slipway-python-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [root, temporaryFolder] = [mkdtempSync(join(folder, "project-")), join(folder, "tmp")];
const trainer = pythonTrainer({
  root,
  env: process.env,
  temporaryFolder,
  mark: "this one",
  runtimes: [matrixRuntime(onnxRuntime())],
});

async function* batches() {
  yield tableFrom(schema, rows.slice(0, 5));
  yield tableFrom(schema, []);
  yield tableFrom(schema, rows.slice(5));
}

/** A script that does all that is asked, unless `instead` replaces a part. */
const GOOD = {
  head: "import json, os, shutil, sys, time\njob = json.load(open(os.environ['SLIPWAY_JOB']))\nout = job['output']\n",
  step: `print("hello")\nprint(json.dumps({"step": 1, "metrics": {"validate-logloss": 0.5}}))\n`,
  model: `shutil.copy(${JSON.stringify(join(model, "model.onnx"))}, out + "/model.onnx")\n`,
  scores: `scores = ${JSON.stringify(scores)}[:5]\n`,
  result: `json.dump({"scores": scores, "importance": {"x1": 2.5, "x0": 7}}, open(out + "/result.json", "w"))\n`,
  end: "",
};
const train = (
  instead: Partial<typeof GOOD> = {},
  program: Partial<ProgramSpec> = {},
  watch: TrainingWatch = {},
  more: Pick<TrainingJob, "group" | "upperBound"> = {},
): Promise<TrainedModel> => {
  writeFileSync(join(root, "train.py"), Object.values({ ...GOOD, ...instead }).join(""));
  return trainer.fit(
    {
      inputs: names.map((name) => ({ name, kind: "number" })),
      ...more,
      label: "label",
      weight: "weight",
      train: batches(),
      validate: batches(),
      parameters: { depth: 3 },
      rounds: 1,
      seed: 4,
      threads: 1,
      program: { script: "train.py", tolerance: 1e-4, ...program },
    },
    watch,
  );
};
const refusal = (...given: Parameters<typeof train>): Promise<{ readonly code?: string; readonly message: string }> =>
  train(...given).then(
    () => ({ message: "nothing was refused" }),
    (thrown) => thrown,
  );

describe("pythonTrainer", { timeout: 60_000 }, () => {
  beforeEach(() => {
    return () => expect(readdirSync(temporaryFolder)).toEqual([]);
  });

  it("takes the model that a script leaves, and tells of its steps", async () => {
    const steps: TrainingStep[] = [];
    const trained = await train({}, {}, { onStep: (step) => steps.push(step) });
    expect(steps).toEqual([{ round: 1, metrics: { "validate-logloss": 0.5 } }]);
    expect(trained).toMatchObject({
      format: "onnx",
      bestRound: 1,
      steps,
      importance: [
        { input: "x0", gain: 7 },
        { input: "x1", gain: 2.5 },
      ],
      engine: { name: "python", version: expect.stringMatching(/^3\.\d+\.\d+/), packages: expect.any(Array) },
    });
    expect(Buffer.from(trained.artifact).equals(readFileSync(join(model, "model.onnx")))).toBe(true);
  });

  it("hands over every row as the model will be asked, with what the job says", async () => {
    const copy = join(folder, "copy");
    await train({ end: `shutil.copytree(os.path.dirname(os.environ['SLIPWAY_JOB']), ${JSON.stringify(copy)})\n` });
    const job = JSON.parse(readFileSync(join(copy, "job.json"), "utf8"));
    // Whoever clears up asks whether that process still runs.
    expect(readFileSync(join(copy, OWNER_FILE), "utf8")).toBe("this one");
    expect(job).toMatchObject({ version: 1, label: "label", parameters: { depth: 3 }, seed: 4, threads: 1 });
    expect(job.rows).toEqual({ train: 12, validate: 12, sample: 5 });
    for (const [part, count] of [
      ["train", 12],
      ["validate", 12],
      ["sample", 5],
    ] as const) {
      const found = [...RecordBatchStreamReader.from(readFileSync(join(copy, `${part}.arrow`)))].flatMap((batch) =>
        batch.toArray().map((row) => ({ ...row.toJSON() })),
      );
      expect(found).toEqual(
        rows.slice(0, count).map((row) => ({
          ...Object.fromEntries(names.map((name) => [name, Math.fround((row as never)[name] ?? Number.NaN)])),
          label: Number(row.label),
          weight: row.weight,
        })),
      );
    }
  });

  it.each([
    ["fails", { step: "raise ValueError('no luck')\n" }, /ended with exit code 1.*no luck/s],
    ["is killed", { step: "os.kill(os.getpid(), 9)\n" }, /was ended by SIGKILL/],
    ["is no Python", { step: "this is no python\n" }, /SyntaxError/],
    ["leaves no model", { model: "" }, /left no model; it must write model\.onnx.*it left result\.json/],
    ["leaves two models", { end: "open(out + '/model.ubj', 'w').write('x')\n" }, /model\.onnx and model\.ubj/],
    ["leaves an empty model", { model: "open(out + '/model.onnx', 'w')\n" }, /model\.onnx is empty/],
    ["leaves what is no model", { model: "open(out + '/model.onnx', 'w').write('x' * 99)\n" }, /cannot be loaded/],
    ["leaves no scores", { result: "" }, /no result\.json/],
    ["leaves scores that are no JSON", { scores: "scores = [float('nan')] * 5\n" }, /result\.json is no JSON/],
    ["leaves too few scores", { scores: "scores = [0.1]\n" }, /has 1 scores, .* gives 5/],
    ["leaves texts as scores", { scores: "scores = ['a'] * 5\n" }, /is no list of numbers/],
    ["names an input that there is not", { result: GOOD.result.replace("x1", "x9") }, /"x9", which is no input/],
    [
      "measures another model than it saves",
      { end: "", scores: `scores = ${JSON.stringify(scores)}[:5]\nscores[3] += 0.01\n` },
      /another model than the one it measured: of row 4 of the sample/,
    ],
  ])("refuses a script that %s, and leaves nothing", async (_, instead, words) => {
    const { code, message } = await refusal(instead);
    expect(code).toBe("TRAINER_FAILED");
    expect(message).toMatch(words);
  });

  it("lets scores differ by what the definition allows", async () => {
    const scoresOff = `scores = [s + 0.01 for s in ${JSON.stringify(scores)}[:5]]\n`;
    expect((await train({ scores: scoresOff }, { tolerance: 0.02 })).format).toBe("onnx");
  });

  it("ends a script that takes too long, with the processes it started", async () => {
    const mark = join(folder, "late");
    const started = `import subprocess\nsubprocess.Popen([sys.executable, "-c", "import time; time.sleep(3); open(${JSON.stringify(mark).replaceAll('"', "'")}, 'w')"])\ntime.sleep(60)\n`;
    const { code, message } = await refusal({ step: started }, { timeLimit: 1_000_000n });
    expect([code, message]).toEqual(["TRAINER_FAILED", expect.stringContaining("after its time limit of 1 s")]);
    execFileSync("sleep", ["3"]);
    expect(readdirSync(folder)).not.toContain("late");
  });

  it("does not wait for the processes that a script left behind", async () => {
    // Ten times what this test may take.
    const left = `import subprocess\nsubprocess.Popen(["sleep", "600"])\n`;
    expect((await train({ end: left })).format).toBe("onnx");
  });

  it("is cancelled in the middle", async () => {
    const stop = new AbortController();
    const stopped = refusal({ end: "time.sleep(60)\n" }, {}, { signal: stop.signal, onStep: () => stop.abort() });
    expect((await stopped).code).toBe("CANCELLED");
  });

  it("says which interpreter or script there is not", async () => {
    expect(await refusal({}, { interpreter: "python9" })).toMatchObject({
      code: "ENGINE_NOT_INSTALLED",
      message: expect.stringContaining('no Python interpreter "python9"'),
    });
    expect(await refusal({}, { script: "missing.py" })).toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringContaining('no script "missing.py"'),
    });
    writeFileSync(join(folder, "outside.py"), "");
    symlinkSync(join(folder, "outside.py"), join(root, "inside.py"));
    for (const script of ["../outside.py", "inside.py"])
      expect(await refusal({}, { script })).toMatchObject({
        code: "INPUT_INVALID",
        message: expect.stringContaining("outside the project"),
      });
  });

  it("refuses what a script is not given, instead of leaving it out", async () => {
    for (const [given, words] of [
      [{ group: "query" }, "no groups"],
      [{ upperBound: "ended" }, "no upper bounds"],
    ] as const)
      expect(await refusal({}, {}, {}, given)).toMatchObject({
        code: "INPUT_INVALID",
        message: expect.stringContaining(words),
      });
  });

  it("ends the script with the module when its own process is killed", async () => {
    const mark = join(folder, "orphan");
    const script = `import sys, time\nfrom slipway_job import job\ntime.sleep(3)\nopen(${JSON.stringify(mark)}, "w")\n`;
    writeFileSync(join(root, "orphan.py"), script);
    writeFileSync(
      join(root, "job.json"),
      JSON.stringify({
        parameters: {},
        inputs: [],
        task: { kind: "binary" },
        seed: 0,
        threads: 1,
        files: {},
        output: root,
      }),
    );
    const parent = `
      const { spawn } = require("node:child_process");
      spawn("python3", [${JSON.stringify(join(root, "orphan.py"))}], {
        stdio: ["pipe", "ignore", "ignore"], detached: true,
        env: { ...process.env, SLIPWAY_JOB: ${JSON.stringify(join(root, "job.json"))},
               PYTHONPATH: ${JSON.stringify(fileURLToPath(new URL("../../../python", import.meta.url)))} },
      });
      setTimeout(() => process.kill(process.pid, "SIGKILL"), 1000);`;
    expect(() => execFileSync(process.execPath, ["-e", parent], { stdio: "ignore" })).toThrow();
    execFileSync("sleep", ["4"]);
    expect(readdirSync(folder)).not.toContain("orphan");
  });
});
