// MLflow's scoring dialect over HTTP. What is expected are answers of the models' own libraries (test/models), in the forms that mlflow.pyfunc and
// its scoring server give them; test/peers asks both and compares.

import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importedModels, importModelFile, moveAlias, tracking } from "../platform/platform.ts";
import { buildApp } from "./app.ts";
import { fakeNow, fakeServing } from "./fake-serving.fixture.ts";
import { importedPlatform, testModels } from "./imported.fixture.ts";
import type { AskedModel } from "./invocations.ts";
import { type OpenTracking, openTestTracking } from "./mlflow/mlflow.fixture.ts";

const SLOW = 60_000;

let open: OpenTracking;
let app: FastifyInstance;
const apps: FastifyInstance[] = [];

function appFor(invoked?: AskedModel): FastifyInstance {
  const made = buildApp({
    serving: fakeServing(),
    models: [],
    imported: importedModels(importedPlatform(open.tracking)),
    ...(invoked ? { invoked } : {}),
    tracking: open.tracking,
    version: "test",
    now: () => fakeNow,
    logger: { level: "silent" },
  });
  apps.push(made);
  return made;
}

async function logged(model: string, file: string, signature: readonly object[] | undefined): Promise<void> {
  const { tracking: context } = open;
  const run = await tracking.beginRun(context, { experimentId: "0", user: "", tags: [] });
  const root = tracking.pathOfUri(tracking.runArtifacts(run)) ?? "";
  const name = file.slice(file.lastIndexOf("/") + 1);
  const mlmodel = signature ? `signature:\n  inputs: '${JSON.stringify(signature)}'\n` : "flavors: {}\n";
  for (const [path, content] of [
    [name, await readFile(new URL(file, testModels))],
    ["MLmodel", Buffer.from(mlmodel)],
  ] as const)
    await tracking.putArtifact(context, `${root}/model/${path}`, Readable.from([content]));
  await tracking.newRegisteredModel(context, { name: model, tags: [] });
  await tracking.newModelVersion(context, { model, source: `runs:/${run.id}/model`, runId: run.id, tags: [] });
  await moveAlias(context, { model, alias: "champion", version: 1, reason: "test" });
}

const tensor = (shape: readonly number[], name?: string): object => ({
  type: "tensor",
  "tensor-spec": { dtype: "float32", shape },
  ...(name === undefined ? {} : { name }),
});
const column = (name: string, type = "float"): object => ({ name, type, required: true });
const widths = Array.from({ length: 16 }, (_, place) => `c${place}`);

beforeAll(async () => {
  open = await openTestTracking();
  app = appFor();
  const late = fileURLToPath(new URL("sklearn_mixed/model.onnx", testModels));
  await importModelFile(importedPlatform(open.tracking), { file: late, model: "late" });
  await moveAlias(open.tracking, { model: "late", alias: "champion", version: 1, reason: "test" });
  const bare = fileURLToPath(new URL("xgboost_categorical/model.ubj", testModels));
  await importModelFile(importedPlatform(open.tracking), { file: bare, model: "bare_trees" });
  await moveAlias(open.tracking, { model: "bare_trees", alias: "champion", version: 1, reason: "test" });
  await logged("unsigned_trees", "xgboost_categorical/model.ubj", undefined);
  const mixed = [column("distance"), column("delay"), column("carrier", "string")];
  await logged("zipped", "sklearn_mixed_zipmap/model.onnx", mixed);
  await logged("zipped_bare", "sklearn_mixed_zipmap/model.onnx", undefined);
  await logged("mlp", "mlp/model.onnx", [tensor([-1, 16])]);
  await logged("mlp_named", "mlp/model.onnx", [tensor([-1, 16], "x")]);
  await logged("mlp_bare", "mlp/model.onnx", undefined);
  await logged(
    "mlp_columns",
    "mlp/model.onnx",
    widths.map((name) => column(name)),
  );
  await logged(
    "trees",
    "xgboost_categorical/model.ubj",
    ["f0", "f1", "f2", "f3", "f4", "f5", "c0", "c1"].map((name) => column(name, "double")),
  );
  await logged("trees_tensor", "xgboost_categorical/model.ubj", [tensor([-1, 8])]);
  await logged("whole", "identity/int64.onnx", [tensor([-1, 1])]);
  await logged("whole_column", "identity/int64.onnx", [column("x", "long")]);
  await logged("whole_float", "identity/fp32.onnx", [column("x", "long")]);
  await logged("whole_double", "identity/fp64.onnx", [column("x", "integer")]);
  await logged(
    "counts",
    "xgboost_categorical/model.ubj",
    ["f0", "f1", "f2", "f3", "f4", "f5", "c0", "c1"].map((name) => column(name, name === "f1" ? "long" : "double")),
  );
  await logged("half", "identity/fp16.onnx", undefined);
}, SLOW);
afterAll(async () => {
  for (const each of apps) await each.close();
  await open.close();
});

async function invoke(
  model: string | undefined,
  body: unknown,
  { type = "application/json", on = app } = {},
): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const answer = await on.inject({
    method: "POST",
    url: model === undefined ? "/invocations" : `/api/v1/models/${model}/invocations`,
    headers: { "content-type": type },
    payload: typeof body === "string" && type === "text/csv" ? body : JSON.stringify(body),
  });
  return { status: answer.statusCode, body: answer.json() };
}
const csv = (model: string | undefined, text: string) => invoke(model, text, { type: "text/csv" });
const json = async (path: string) => JSON.parse(await readFile(new URL(path, testModels), "utf8"));
const chunks = (data: readonly number[], width: number): number[][] =>
  Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width));
function close(found: unknown, expected: unknown): void {
  if (typeof expected === "number") expect(found).toBeCloseTo(expected, 5);
  else if (Array.isArray(expected)) {
    expect(found).toHaveLength(expected.length);
    expected.forEach((each, place) => {
      close((found as unknown[])[place], each);
    });
  } else if (typeof expected === "object" && expected !== null) {
    expect(Object.keys(found as object).sort()).toEqual(Object.keys(expected).sort());
    for (const [key, each] of Object.entries(expected)) close((found as Record<string, unknown>)[key], each);
  } else expect(found).toEqual(expected);
}

describe("a model with a signature of a tensor", { timeout: SLOW }, () => {
  it.each(["mlp", "mlp_named", "mlp_bare"])("(%s) takes bare lists and gives its outputs by name", async (model) => {
    const x = chunks((await json("mlp/input.json")).inputs[0].data, 16);
    const { data, name } = (await json("mlp/expected.json")).outputs[0];
    const expected = { predictions: { [name]: chunks(data, 4) } };
    for (const body of [
      { inputs: x },
      { instances: x },
      { inputs: { x } },
      { instances: x.map((row) => ({ x: row })) },
    ]) {
      const answer = await invoke(model, body);
      expect(answer.status).toBe(200);
      close(answer.body, expected);
    }
  });

  it("takes a table as its one matrix", async () => {
    const x = chunks((await json("mlp/input.json")).inputs[0].data, 16);
    const { data, name } = (await json("mlp/expected.json")).outputs[0];
    close((await invoke("mlp", { dataframe_split: { columns: widths, data: x } })).body, {
      predictions: { [name]: chunks(data, 4) },
    });
    close((await csv("mlp", `${widths.join(",")}\n${x.map((row) => row.join(",")).join("\n")}\n`)).body, {
      predictions: { [name]: chunks(data, 4) },
    });
    // A column of lists is the tensor of its name.
    close((await invoke("mlp_named", { dataframe_split: { columns: ["x"], data: x.map((row) => [row]) } })).body, {
      predictions: { [name]: chunks(data, 4) },
    });
  });

  it("of XGBoost answers with its list", async () => {
    const rows = chunks((await json("xgboost_categorical/input.json")).inputs[0].data, 8);
    const expected = (await json("xgboost_categorical/expected.json")).outputs[0].data;
    close((await invoke("trees_tensor", { inputs: rows })).body, { predictions: expected });
  });

  it("keeps whole numbers whole", async () => {
    const most = String(2n ** 63n - 1n);
    expect((await invoke("whole", { inputs: [[most], [-5]] })).body).toEqual({ predictions: { y: [[most], [-5]] } });
    // A list of values is a column of an input of [rows, 1].
    expect((await invoke("whole", { inputs: [1, 2] })).body).toEqual({ predictions: { y: [[1], [2]] } });
    expect((await csv("whole", `x\n${most}\n-5\n`)).body).toEqual({ predictions: { y: [[most], [-5]] } });
  });

  it("is refused in words", async () => {
    const refused = async (model: string, body: object, reason: RegExp) => {
      const { status, body: found } = await invoke(model, body);
      expect([status, found.error.code]).toEqual([400, "INPUT_INVALID"]);
      expect(found.error.message).toMatch(reason);
    };
    await refused("mlp", { inputs: [[1, 2]] }, /shape \[1,2\]; the model takes \[-1,16\]/);
    await refused("mlp", { inputs: [1, 2] }, /shape \[2\]/);
    await refused("mlp", { inputs: 7 }, /shape \[\]/);
    await refused("mlp", { inputs: [[1, 2], [3]] }, /uneven/);
    await refused("mlp", { inputs: [[1, [2]]] }, /uneven/);
    await refused("mlp", { inputs: { z: [[1]] } }, /"z".*x FP32 \[-1,16\]/);
    await refused("mlp", { instances: [] }, /1 to 10000/);
    await refused("mlp", { inputs: {} }, /nothing in inputs/);
    await refused("mlp", { inputs: [Array.from(widths, () => "a")] }, /not a number/);
    await refused("whole", { inputs: [[1.5]] }, /whole number/);
    await refused("mlp_named", { dataframe_split: { columns: ["y"], data: [[1]] } }, /"x"/);
    await refused("zipped_bare", { inputs: [[1]] }, /signature of named columns/);
    let deep: unknown = 1;
    for (let depth = 0; depth < 40; depth += 1) deep = [deep];
    await refused("mlp", { inputs: deep }, /nested too deep/);
  });
});

describe("a model with a signature of columns", { timeout: SLOW }, () => {
  it("is answered row by row, scores by class, in every form", async () => {
    const [distance, delay, carrier] = (await json("sklearn_mixed_zipmap/input.json")).inputs.map(
      ({ data }: { data: unknown[] }) => data,
    );
    const [label, scores] = (await json("sklearn_mixed_zipmap/expected.json")).outputs;
    const rows = carrier.map((_: unknown, row: number) => [distance[row], delay[row], carrier[row]]);
    const columns = ["distance", "delay", "carrier"];
    const records = rows.map((row: unknown[]) => Object.fromEntries(columns.map((name, place) => [name, row[place]])));
    const expected = label.data.map((output_label: string, row: number) => ({
      output_label,
      output_probability: { late: scores.data[row * 2], "on time": scores.data[row * 2 + 1] },
    }));
    const lines = [columns, ...rows].map((row) => row.map((cell: unknown) => `"${cell}"`).join(","));
    const indexed = lines.map((line, place) => `${place === 0 ? "" : place},${line}`);
    for (const answer of [
      await invoke("zipped", {
        dataframe_split: { columns, data: rows, index: rows.map((_: unknown, n: number) => n) },
      }),
      await invoke("zipped", { dataframe_records: records.map((record: object) => ({ ...record, other: 1 })) }),
      await invoke("zipped", { instances: records }),
      await invoke("zipped", { inputs: records }),
      await invoke("zipped", { inputs: { distance, delay, carrier } }),
      await invoke("zipped", { inputs: rows }),
      await csv("zipped", lines.join("\n")),
      await csv("zipped", indexed.join("\r\n")),
    ]) {
      expect(answer.status).toBe(200);
      close(answer.body, { predictions: expected });
    }
    // Without a signature MLflow hands tensors through, and so the outputs come by name.
    close((await invoke("zipped_bare", { inputs: { distance: chunks(distance, 1), delay, carrier } })).body, {
      predictions: {
        output_label: label.data,
        output_probability: expected.map((row: { output_probability: object }) => row.output_probability),
      },
    });
  });

  it("may have one column a cell of its matrix", async () => {
    const x = chunks((await json("mlp/input.json")).inputs[0].data, 16);
    const { data, name } = (await json("mlp/expected.json")).outputs[0];
    const rows = chunks(data, 4).map((row) => ({ [name]: row }));
    close((await invoke("mlp_columns", { dataframe_split: { columns: widths, data: x } })).body, { predictions: rows });
    close((await invoke("mlp_columns", { inputs: x })).body, { predictions: rows });
  });

  it("of XGBoost answers one value a row, and reads a missing one in any of pandas' words", async () => {
    const names = ["f0", "f1", "f2", "f3", "f4", "f5", "c0", "c1"];
    const rows = chunks((await json("xgboost_categorical/input.json")).inputs[0].data, 8);
    const expected = (await json("xgboost_categorical/expected.json")).outputs[0].data;
    expect(rows.flat()).toContain(null);
    close((await invoke("trees", { dataframe_split: { columns: names, data: rows } })).body, { predictions: expected });
    for (const missing of ["", "NaN", "NA"]) {
      const lines = rows.map((row) => row.map((cell) => cell ?? missing).join(","));
      close((await csv("trees", [names.join(","), ...lines].join("\n"))).body, { predictions: expected });
    }
  });

  it.each(["bare_trees", "unsigned_trees"])(
    "(%s) without one, of XGBoost, asks for every name that the booster has, and may have no value for it",
    async (model) => {
      const names = ["f0", "f1", "f2", "f3", "f4", "f5", "carrier", "airport"];
      const rows = chunks((await json("xgboost_categorical/input.json")).inputs[0].data, 8);
      const expected = { predictions: (await json("xgboost_categorical/expected.json")).outputs[0].data };
      const lines = rows.map((row) => row.map((cell) => cell ?? "").join(","));
      close((await invoke(model, { dataframe_split: { columns: names, data: rows } })).body, expected);
      close((await csv(model, [names.join(","), ...lines].join("\n"))).body, expected);
      const records = rows.map((row) => Object.fromEntries(names.map((name, place) => [name, row[place]])));
      close((await invoke(model, { dataframe_records: records })).body, expected);

      const misspelt = names.with(6, "carier");
      for (const { status, body } of [
        await invoke(model, { dataframe_split: { columns: misspelt, data: rows } }),
        await invoke(model, {
          dataframe_records: records.map(({ carrier: carier, ...rest }) => ({ ...rest, carier })),
        }),
        await csv(model, [misspelt.join(","), ...lines].join("\n")),
      ]) {
        expect([status, body.error?.code]).toEqual([400, "INPUT_INVALID"]);
        expect(body.error.message).toMatch(/no column "carrier".*carier/);
      }
      const headless = await csv(model, "1,2,3,4,5,6,0,7\n2,3,4,5,6,7,0,1\n");
      expect([headless.status, headless.body.error?.message]).toEqual([400, expect.stringMatching(/no column "f0"/)]);
    },
  );

  it("of whole numbers takes those that its model can hold, and none that MLflow would cut or round", async () => {
    const split = (value: unknown) => ({ dataframe_split: { columns: ["x"], data: [[value]] } });
    const taken: readonly (readonly [model: string, text: string, y: unknown])[] = [
      ["whole_float", "16777216", 16777216],
      ["whole_float", "16777218.0", 16777218],
      ["whole_float", "-1e3", -1000],
      ["whole_float", "true", 1],
      ["whole_double", "9007199254740991", 9007199254740991],
      ["whole_column", "9007199254740993.0", "9007199254740993"],
      ["whole_column", "9007199254740991", 9007199254740991],
    ];
    for (const [model, text, y] of taken) {
      expect((await csv(model, `x\n${text}`)).body).toEqual({ predictions: [{ y }] });
      if (Number.isSafeInteger(y)) expect((await invoke(model, split(y))).body).toEqual({ predictions: [{ y }] });
    }
    const refused = async (
      answer: Promise<{ status: number; body: ReturnType<typeof JSON.parse> }>,
      reason: RegExp,
    ) => {
      const { status, body } = await answer;
      expect([status, body.error?.message]).toEqual([400, expect.stringMatching(reason)]);
    };
    for (const text of ["16777217", "1.5", "16777216.0000000001", "9007199254740993", "1e39"]) {
      await refused(csv("whole_float", `x\n${text}`), /"x" of row 0 is .* long.* whole number that FP32 holds/);
      await refused(invoke("whole_float", split(Number(text) + (text.includes("000") ? 0.5 : 0))), /FP32 holds/);
    }
    await refused(csv("whole_double", "x\n9007199254740991.4"), /integer.* whole number that FP64 holds/);
    await refused(invoke("whole_double", split(9007199254740992)), /FP64 holds/);
    for (const text of ["9007199254740991.4", "1.5", "1e-1", "9223372036854775808"])
      await refused(csv("whole_column", `x\n${text}`), /"x" of row 0 is not a whole number/);
    await refused(csv("whole", "x\n9007199254740991.4"), /whole number/);
    // Beside columns of other types, and over rows by name.
    const names = ["f0", "f1", "f2", "f3", "f4", "f5", "c0", "c1"];
    await refused(
      invoke("counts", { dataframe_split: { columns: names, data: [[1.5, 1.5, 1, 1, 1, 1, 0, 1]] } }),
      /"f1"/,
    );
    const { status } = await invoke("counts", {
      dataframe_split: { columns: names, data: [[1.5, 1, 1, 1, 1, 1, 0, null]] },
    });
    expect(status).toBe(200);
  });

  it("is refused by the row that has too many values or too few", async () => {
    for (const values of [
      [
        [1, 2, "UA"],
        [1, 2],
      ],
      [
        [1, 2, "UA"],
        [1, 2, "UA", 9],
      ],
    ])
      for (const body of [{ inputs: values }, { instances: values }, { dataframe_split: { data: values } }]) {
        const { status, body: found } = await invoke("zipped", body);
        expect([status, found.error?.message]).toEqual([400, expect.stringMatching(/[Rr]ow 1 /)]);
      }
  });

  it("is refused by the column that stands twice, in JSON and CSV alike, also one that is not taken or a tensor's", async () => {
    const twice = async (answer: Promise<{ status: number; body: { error?: { message: string } } }>, name: string) => {
      const { status, body } = await answer;
      expect([status, body.error?.message]).toEqual([400, expect.stringContaining(`"${name}" twice`)]);
    };
    const columns = ["distance", "delay", "carrier", "delay"];
    await twice(invoke("zipped", { dataframe_split: { columns, data: [[1, 2, "UA", 3]] } }), "delay");
    await twice(csv("zipped", `${columns.join(",")}\n1,2,UA,3`), "delay");
    await twice(csv("zipped", "distance,delay,carrier,x,x\n1,2,UA,3,4"), "x");
    const same = widths.with(3, "c0");
    await twice(invoke("mlp", { dataframe_split: { columns: same, data: [widths.map(() => 1)] } }), "c0");
    await twice(csv("mlp", `${same.join(",")}\n${widths.map(() => 1).join(",")}`), "c0");
  });

  it("imported as a file it has the names of its own", async () => {
    const row = { distance: 1174.797119140625, delay: 9.119209289550781, carrier: "UA" };
    for (const body of [
      { dataframe_records: [row] },
      { instances: [row] },
      { inputs: { distance: [row.distance], delay: [row.delay], carrier: [[row.carrier]] } },
    ]) {
      const { predictions } = (await invoke("late", body)).body;
      expect(predictions[0].label).toBe("late");
      expect(predictions[0].probabilities[0]).toBeCloseTo(0.73084, 4);
    }
  });

  it("is refused in words", async () => {
    const refusals: readonly (readonly [body: unknown, reason: RegExp])[] = [
      [[], /not a JSON object/],
      ["text", /not a JSON object/],
      [{}, /Send one of/],
      [{ instances: [{ delay: 1 }], inputs: {} }, /Send one of/],
      [{ dataframe_split: {} }, /no "data"/],
      [{ dataframe_split: { columns: ["a"], data: [[1, 2]] } }, /Row 0/],
      [{ dataframe_split: { data: [[1, 2]] } }, /its columns are 3/],
      [{ dataframe_records: [[1]] }, /Row 0/],
      [{ dataframe_records: [{ distance: 1, delay: 1 }] }, /no "carrier"/],
      [{ inputs: { distance: [1, 2], delay: [1], carrier: ["UA"] } }, /one length/],
    ];
    for (const [body, reason] of refusals) {
      const { status, body: found } = await invoke("zipped", body);
      expect(status).toBe(400);
      expect(found.error.message).toMatch(reason);
    }
    for (const [text, reason] of [
      ["", /empty/],
      ["distance,delay\n1,2", /no "carrier"/],
      ["distance,delay,carrier\n1,x,UA", /"delay" of row 0 is not a number/],
    ] as const) {
      const { status, body: found } = await csv("zipped", text);
      expect(status).toBe(400);
      expect(found.error.message).toMatch(reason);
    }
    expect((await invoke("zipped", "<a/>", { type: "application/xml" })).status).toBe(400);
  });
});

it("gives halves as numbers", { timeout: SLOW }, async () => {
  const { status, body } = await invoke("half", { inputs: [[1]] });
  // They have no form in a request of JSON.
  expect([status, body.error.message]).toEqual([400, expect.stringMatching(/FP16/)]);
});

describe("the bare route", { timeout: SLOW }, () => {
  const x = [Array.from(widths, () => 1)];

  it("asks the model that the server was started for, by alias or number", async () => {
    const expected = (await invoke("mlp", { inputs: x })).body;
    for (const invoked of [{ model: "mlp" }, { model: "mlp", version: 1 }, { model: "mlp", version: "champion" }])
      expect((await invoke(undefined, { inputs: x }, { on: appFor(invoked) })).body).toEqual(expected);
    const none = await invoke(undefined, { inputs: x }, { on: appFor({ model: "mlp", version: "none" }) });
    expect([none.status, none.body.error.message]).toEqual([503, expect.stringMatching(/no none/)]);
  });

  it("says which there are when there are several, and how to choose", async () => {
    const { status, body } = await invoke(undefined, { inputs: x });
    expect([status, body.error.message]).toEqual([400, expect.stringMatching(/mlp.*--invocations/)]);
    expect((await app.inject("/ping")).statusCode).toBe(200);
  });

  it("asks the only one there is", async () => {
    const alone = await openTestTracking();
    const other = buildApp({
      serving: fakeServing(),
      models: [],
      imported: importedModels(importedPlatform(alone.tracking)),
      version: "test",
      now: () => fakeNow,
      logger: { level: "silent" },
    });
    expect((await invoke(undefined, { inputs: x }, { on: other })).status).toBe(503);
    const file = fileURLToPath(new URL("mlp/model.onnx", testModels));
    await importModelFile(importedPlatform(alone.tracking), { file, model: "only" });
    await moveAlias(alone.tracking, { model: "only", alias: "champion", version: 1, reason: "test" });
    expect((await invoke(undefined, { inputs: x }, { on: other })).status).toBe(200);
    await other.close();
    await alone.close();
  });
});
