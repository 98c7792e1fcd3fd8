// The dialect over HTTP: the shapes and codes that MLflow's clients look at, and what they must not be able to do.

import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildApp } from "../app.ts";
import { fakeNow, fakeServing } from "../fake-serving.fixture.ts";
import { type OpenTracking, openTestTracking } from "./mlflow.fixture.ts";

let open: OpenTracking;
let app: FastifyInstance;
beforeEach(async () => {
  open = await openTestTracking();
  app = buildApp({
    serving: fakeServing(),
    models: [],
    version: "1.2.3",
    now: () => fakeNow,
    tracking: open.tracking,
    logger: { level: "silent" },
  });
});
afterEach(async () => {
  await app.close();
  await open.close();
});

type Method = "GET" | "POST" | "PATCH" | "DELETE" | "PUT";
type Answer = {
  readonly status: number;
  readonly body: ReturnType<typeof JSON.parse>;
  readonly headers: Record<string, unknown>;
};

async function call(method: Method, path: string, given: unknown = {}, prefix = "/api/2.0/mlflow"): Promise<Answer> {
  const isQuery = method === "GET";
  const query = isQuery ? `?${new URLSearchParams(given as Record<string, string>)}` : "";
  const answer = await app.inject({
    method,
    url: `${prefix}${path}${query}`,
    ...(isQuery ? {} : { payload: given as object }),
  });
  const isJson = String(answer.headers["content-type"]).includes("json");
  return { status: answer.statusCode, body: isJson ? answer.json() : answer.body, headers: answer.headers };
}

async function newRun(more: object = {}): Promise<string> {
  return (await call("POST", "/runs/create", { experiment_id: "0", user_id: "ann", start_time: 1000, ...more })).body
    .run.info.run_id;
}

describe("shapes", () => {
  test("a run has both names of its id, times as numbers, and nothing that is empty", async () => {
    const { body } = await call("POST", "/runs/create", {
      experiment_id: "0",
      user_id: "ann",
      start_time: "1000",
      tags: [{ key: "k", value: "v" }],
    });
    const { info, data } = body.run;
    expect(info).toEqual({
      run_id: info.run_id,
      run_uuid: info.run_id,
      run_name: expect.stringMatching(/^[a-z]+-[a-z]+-\d+$/),
      experiment_id: "0",
      user_id: "ann",
      status: "RUNNING",
      start_time: 1000,
      artifact_uri: `mlflow-artifacts:/0/${info.run_id}/artifacts`,
      lifecycle_stage: "active",
    });
    expect(data).toEqual({
      tags: [
        { key: "k", value: "v" },
        { key: "mlflow.runName", value: info.run_name },
      ],
    });
    expect((await call("POST", "/runs/search", { experiment_ids: ["99"] })).body).toEqual({});
  });

  test("NaN and the infinities go out as text, and come in as text", async () => {
    const run_id = await newRun();
    for (const [step, value] of ["NaN", "Infinity", "-Infinity", 1.5].entries())
      expect(
        (await call("POST", "/runs/log-metric", { run_id, run_uuid: run_id, key: "m", value, timestamp: 1, step }))
          .body,
      ).toEqual({});
    const { body } = await call("GET", "/metrics/get-history", { run_id, metric_key: "m" });
    expect(body.metrics.map(({ value }: { value: unknown }) => value)).toEqual(["NaN", "Infinity", "-Infinity", 1.5]);
  });

  test("long values are cut, unknown fields passed over, and null is left out", async () => {
    const run_id = await newRun({ run_name: null, unknown: { deep: 1 } });
    await call("POST", "/runs/log-parameter", { run_id, key: "p", value: "x".repeat(7000) });
    await call("POST", "/runs/set-tag", { run_id, key: "t", value: "x".repeat(9000) });
    const { data } = (await call("GET", "/runs/get", { run_id })).body.run;
    expect(data.params[0].value).toHaveLength(6000);
    expect(data.tags.find(({ key }: { key: string }) => key === "t").value).toHaveLength(8000);
  });

  test("keys may have letters of any script, and are found by them", async () => {
    const run_id = await newRun();
    for (const key of ["größe", "精度/訓練", "ошибка"]) {
      await call("POST", "/runs/log-metric", { run_id, key, value: 2, timestamp: 1, step: 0 });
      const found = await call("POST", "/runs/search", { experiment_ids: ["0"], filter: `metrics."${key}" > 1` });
      expect(found.body.runs.map(({ info }: { info: { run_id: string } }) => info.run_id)).toEqual([run_id]);
    }
    const wrong = await call("POST", "/runs/log-metric", { run_id, key: "a→b", value: 2, timestamp: 1, step: 0 });
    expect(wrong.body.error_code).toBe("INVALID_PARAMETER_VALUE");
  });

  test("every route is there for pages too, and the one without its slash", async () => {
    expect((await call("GET", "/experiments/get", { experiment_id: "0" }, "/ajax-api/2.0/mlflow")).status).toBe(200);
    expect(
      (await call("POST", "mlflow/experiments/search-datasets", { experiment_ids: ["0"] }, "/api/2.0")).body,
    ).toEqual({});
    expect((await call("GET", "/server-info", {}, "/api/3.0/mlflow")).body).toMatchObject({ store_type: "SqlStore" });
    expect((await app.inject("/health")).body).toBe("OK");
    expect((await app.inject("/version")).body).toMatch(/^3\.\d+\.\d+$/);
  });
});

describe("refusals", () => {
  const cases: readonly (readonly [Method, string, object, number, string, string])[] = [
    ["GET", "/runs/get", { run_id: "abc" }, 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=abc not found"],
    ["GET", "/runs/get", {}, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'."],
    ["GET", "/runs/get", { run_id: "../x" }, 400, "INVALID_PARAMETER_VALUE", "Invalid run ID"],
    [
      "GET",
      "/experiments/get",
      { experiment_id: "99999" },
      404,
      "RESOURCE_DOES_NOT_EXIST",
      "No Experiment with id=99999 exists",
    ],
    [
      "GET",
      "/experiments/get-by-name",
      { experiment_name: "no" },
      404,
      "RESOURCE_DOES_NOT_EXIST",
      "Could not find experiment with name 'no'",
    ],
    ["POST", "/experiments/create", { name: "Default" }, 400, "RESOURCE_ALREADY_EXISTS", "already exists"],
    [
      "POST",
      "/experiments/create",
      { name: 123 },
      400,
      "INVALID_PARAMETER_VALUE",
      "Invalid value 123 for parameter 'name' supplied:  Hint: Value was of type 'int'. See the API docs",
    ],
    [
      "POST",
      "/experiments/create",
      { name: "x", artifact_location: "file:///etc" },
      400,
      "INVALID_PARAMETER_VALUE",
      "artifact location",
    ],
    ["POST", "/experiments/search", {}, 400, "INVALID_PARAMETER_VALUE", "max_results"],
    [
      "POST",
      "/experiments/delete-experiment-tag",
      { experiment_id: "0", key: "no" },
      404,
      "RESOURCE_DOES_NOT_EXIST",
      "No tag",
    ],
    ["POST", "/runs/create", { experiment_id: "99" }, 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment"],
    [
      "POST",
      "/runs/search",
      { experiment_ids: ["0"], max_results: 50_001 },
      400,
      "INVALID_PARAMETER_VALUE",
      "max_results",
    ],
    [
      "POST",
      "/runs/search",
      { experiment_ids: ["0"], filter: "metrics.a > 'x'" },
      400,
      "INVALID_PARAMETER_VALUE",
      "numeric",
    ],
    [
      "POST",
      "/runs/search",
      { experiment_ids: ["0"], page_token: "abc" },
      400,
      "INVALID_PARAMETER_VALUE",
      "page token",
    ],
    [
      "GET",
      "/registered-models/get",
      { name: "no" },
      404,
      "RESOURCE_DOES_NOT_EXIST",
      "Registered Model with name=no not found",
    ],
    ["GET", "/registered-models/alias", { name: "no", alias: "a" }, 404, "RESOURCE_DOES_NOT_EXIST", "not found"],
    [
      "POST",
      "/registered-models/create",
      { name: "a/b" },
      400,
      "INVALID_PARAMETER_VALUE",
      "Names cannot contain '/' or ':'.",
    ],
    ["GET", "/model-versions/get", { name: "no", version: "1" }, 404, "RESOURCE_DOES_NOT_EXIST", "not found"],
    ["GET", "/model-versions/get", { name: "no", version: "x" }, 400, "INVALID_PARAMETER_VALUE", "must be an integer"],
    ["GET", "/logged-models/m-1", {}, 404, "RESOURCE_DOES_NOT_EXIST", "not found"],
    ["GET", "/nothing/here", {}, 404, "ENDPOINT_NOT_FOUND", "no GET"],
    ["POST", "/traces", {}, 404, "ENDPOINT_NOT_FOUND", "no traces"],
    ["POST", "/datasets/create", {}, 404, "ENDPOINT_NOT_FOUND", "no evaluation datasets"],
    [
      "POST",
      "/registered-models/create",
      { name: "greeting", tags: [{ key: "mlflow.prompt.is_prompt", value: "true" }] },
      501,
      "NOT_IMPLEMENTED",
      "no prompts",
    ],
  ];
  test.each(cases)("%s %s %j is %i %s", async (method, path, given, status, code, words) => {
    const answer = await call(method, path, given);
    expect(answer).toMatchObject({ status, body: { error_code: code, message: expect.stringContaining(words) } });
  });

  test("an alias that is not there is a wrong parameter, and reserved ones are refused", async () => {
    await call("POST", "/registered-models/create", { name: "m" });
    expect(await call("GET", "/registered-models/alias", { name: "m", alias: "none" })).toMatchObject({
      status: 400,
      body: { error_code: "INVALID_PARAMETER_VALUE", message: "Registered model alias none not found." },
    });
    for (const alias of ["latest", "LATEST", "v1", "V22", "a b", "a/b"])
      expect((await call("POST", "/registered-models/alias", { name: "m", alias, version: "1" })).status).toBe(400);
    expect((await call("DELETE", "/registered-models/delete-tag", { name: "m", key: "no" })).status).toBe(200);
  });

  test("batches over their limits are refused with the limit", async () => {
    const run_id = await newRun();
    const metrics = Array.from({ length: 1001 }, (_, n) => ({ key: `k${n}`, value: 1, timestamp: 1, step: 0 }));
    expect((await call("POST", "/runs/log-batch", { run_id, metrics })).body.message).toContain(
      "at most 1000 metrics. Got 1001 metrics.",
    );
    const params = [
      { key: "p", value: "1" },
      { key: "p", value: "2" },
    ];
    expect((await call("POST", "/runs/log-batch", { run_id, params })).body.message).toContain(
      "Duplicate parameter keys",
    );
    const big = [{ key: "p", value: "x".repeat(1_100_000) }];
    expect((await call("POST", "/runs/log-batch", { run_id, params: big })).body.message).toContain(
      "at most 1000000 bytes",
    );
    for (const key of ["", "a\nb", "../x", "a//b", "x".repeat(251), "<script>"])
      expect((await call("POST", "/runs/log-batch", { run_id, tags: [{ key, value: "v" }] })).status).toBe(400);
  });

  test("what is not JSON is a client's mistake, and what is nested without end does no harm", async () => {
    for (const payload of ["{", "[1,", "nonsense", '{"__proto__":{"a":1}}']) {
      const answer = await app.inject({
        method: "POST",
        url: "/api/2.0/mlflow/runs/create",
        headers: { "content-type": "application/json" },
        payload,
      });
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE" });
    }
    const nested = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    const deep = await app.inject({
      method: "POST",
      url: "/api/2.0/mlflow/runs/create",
      headers: { "content-type": "application/json" },
      payload: nested,
    });
    expect(deep.statusCode).toBeLessThan(500);
    const list = await app.inject({ method: "POST", url: "/api/2.0/mlflow/runs/create", payload: [1] as never });
    expect(list.statusCode).toBe(400);
  });
});

describe("artifact proxy", () => {
  const base = "/api/2.0/mlflow-artifacts/artifacts";

  test("a file goes up and comes down as it was, also an empty one and one with a name from anywhere", async () => {
    for (const [name, content] of [
      ["plain.txt", Buffer.from("hello")],
      ["empty", Buffer.alloc(0)],
      ["ünï cödé %25.bin", Buffer.from([0, 255, 10, 13])],
    ] as const) {
      const url = `${base}/0/r/artifacts/${encodeURIComponent(name)}`;
      const put = await app.inject({ method: "PUT", url, payload: content, headers: { "content-type": "text/plain" } });
      if (name.includes("%25")) expect(put.statusCode).toBe(400);
      else {
        expect(put.statusCode).toBe(200);
        const got = await app.inject(url);
        expect(got.rawPayload).toEqual(content);
        expect(got.headers).toMatchObject({
          "content-length": String(content.length),
          "x-content-type-options": "nosniff",
          "content-disposition": expect.stringMatching(/^attachment; filename\*=UTF-8''[\w%.-]+$/),
        });
      }
    }
    const list = await call("GET", "/artifacts", { path: "0/r/artifacts" }, "/api/2.0/mlflow-artifacts");
    expect(list.body.files).toEqual([
      { path: "empty", is_dir: false, file_size: 0 },
      { path: "plain.txt", is_dir: false, file_size: 5 },
    ]);
  });

  test("a part of a file comes by Range", async () => {
    await app.inject({ method: "PUT", url: `${base}/0/r/artifacts/x`, payload: "0123456789" });
    const part = await app.inject({ url: `${base}/0/r/artifacts/x`, headers: { range: "bytes=2-4" } });
    expect([part.statusCode, part.body, part.headers["content-range"]]).toEqual([206, "234", "bytes 2-4/10"]);
    const beyond = await app.inject({ url: `${base}/0/r/artifacts/x`, headers: { range: "bytes=99-" } });
    expect(beyond.statusCode).toBe(416);
  });

  test("a missing file is 404, and removing one is not an error", async () => {
    expect((await app.inject(`${base}/0/r/artifacts/none`)).json()).toMatchObject({
      error_code: "RESOURCE_DOES_NOT_EXIST",
    });
    expect((await app.inject({ method: "DELETE", url: `${base}/0/r/artifacts/none` })).statusCode).toBe(200);
    expect((await app.inject(`/api/2.0/mlflow-artifacts/presigned/0/r/artifacts/x`)).statusCode).toBe(501);
  });

  const escapes = [
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "%252e%252e%252fetc",
    "..%5c..%5cx",
    "%2fetc%2fpasswd",
    "a%00b",
    "a/..%2f..%2f..%2fx",
    "0/r/artifacts/%0d%0aset-cookie:x",
    "file:%2f%2f%2fetc%2fpasswd",
    ".",
    "a//b",
  ];
  test.each(escapes)("no verb reaches out by %s", async (path) => {
    for (const method of ["GET", "PUT", "DELETE"] as const) {
      const answer = await app.inject({
        method,
        url: `${base}/${path}`,
        ...(method === "PUT" ? { payload: "x" } : {}),
      });
      expect([400, 404], `${method} ${path} gave ${answer.statusCode}`).toContain(answer.statusCode);
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    const listed = await app.inject(`/api/2.0/mlflow-artifacts/artifacts?path=${path}`);
    expect([200, 400]).toContain(listed.statusCode);
    expect(listed.body).not.toContain("root:");
  });

  test("nothing outside a run's own artifacts is read through the run", async () => {
    const run_id = await newRun();
    const other = await newRun();
    await app.inject({ method: "PUT", url: `${base}/0/${other}/artifacts/secret`, payload: "secret" });
    for (const path of [
      `../../${other}/artifacts/secret`,
      `/0/${other}/artifacts/secret`,
      "..",
      "a/../../x",
      "%2e%2e/x",
    ]) {
      const got = await app.inject(`/get-artifact?run_uuid=${run_id}&path=${encodeURIComponent(path)}`);
      expect(got.statusCode).toBe(400);
      expect((await call("GET", "/artifacts/list", { run_id, path })).status).toBe(400);
    }
  });

  test("an upload in parts", async () => {
    const mpu = "/api/2.0/mlflow-artifacts/mpu";
    const made = await app.inject({
      method: "POST",
      url: `${mpu}/create/0/r/artifacts/dir`,
      headers: { host: "example.test:1" },
      payload: { path: "/tmp/local/big.bin", num_parts: 2 },
    });
    const { upload_id, credentials } = made.json();
    expect(credentials.map(({ part_number }: { part_number: number }) => part_number)).toEqual([1, 2]);
    const parts = [];
    for (const [index, { url, part_number }] of credentials.entries()) {
      expect(url).toMatch(/^http:\/\/example\.test:1\//);
      const put = await app.inject({
        method: "PUT",
        url: new URL(url).pathname,
        payload: index === 0 ? "first " : "second",
      });
      parts.push({ part_number, etag: put.headers["etag"], url });
    }
    const done = await app.inject({
      method: "POST",
      url: `${mpu}/complete/0/r/artifacts/dir`,
      payload: { path: "/tmp/local/big.bin", upload_id, parts: [...parts].reverse() },
    });
    expect(done.statusCode).toBe(200);
    expect((await app.inject(`${base}/0/r/artifacts/dir/big.bin`)).body).toBe("first second");
    const gap = await app.inject({
      method: "POST",
      url: `${mpu}/complete/x`,
      payload: { path: "y", upload_id, parts: parts.slice(1) },
    });
    expect(gap.statusCode).toBe(400);
  });
});
