import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Role } from "../../core/core.ts";
import {
  accessOf,
  addUser,
  giveAccess,
  newKeyFor,
  type Platform,
  promotionsOf,
  removeUser,
  setDefaultPermission,
  setRole,
} from "../../platform/platform.ts";
import type { ReplayClock } from "../../ports/ports.ts";
import { startRun } from "../../registry/registry.ts";
import { buildApp } from "../app.ts";
import { fakeServing, flightDelaySpec } from "../fake-serving.fixture.ts";
import { type OpenTracking, openTestTracking } from "../mlflow/mlflow.fixture.ts";

let open: OpenTracking;
let app: ReturnType<typeof buildApp>;
const keys: Partial<Record<string, string>> = {};

beforeEach(async () => {
  open = await openTestTracking();
  const platform = { registry: open.tracking } as unknown as Platform;
  app = buildApp({
    serving: fakeServing(),
    models: [flightDelaySpec],
    version: "1.2.3",
    now: () => open.tracking.clock.now(),
    access: accessOf(platform),
    promotions: promotionsOf(platform),
    tracking: open.tracking,
  });
  await app.ready();
});
afterEach(async () => {
  await app.close();
  await open.close();
});

async function people(...wanted: readonly (readonly [name: string, role: Role])[]): Promise<void> {
  for (const [name, role] of [["root", "admin"], ...wanted] as const)
    keys[name] = (await addUser(open.tracking, name, role)).key;
  // What was remembered while nobody had to sign in.
  forget();
}

/** Lets what was remembered of a key, or of nobody needing one, grow old. */
function forget(): void {
  const clock = open.tracking.clock as ReplayClock;
  clock.advanceTo(clock.now() + 2_000_000n);
}

async function ask(who: string | undefined, method: string, url: string, body?: object | string) {
  const answer = await app.inject({
    method: method as "GET",
    url,
    headers: {
      ...(who === undefined ? {} : { authorization: `Bearer ${keys[who] ?? who}` }),
      ...(body === undefined
        ? {}
        : { "content-type": typeof body === "string" ? "application/octet-stream" : "application/json" }),
    },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, json: () => answer.json(), headers: answer.headers, text: answer.body };
}
const mlflow = (who: string | undefined, method: string, path: string, body?: object) =>
  ask(who, method, `/api/2.0/mlflow/${path}`, body);

describe("signing in", () => {
  test("is for nobody while there is no user, and for everybody once there is one", async () => {
    expect((await mlflow(undefined, "POST", "experiments/search", { max_results: 5 })).status).toBe(200);
    await people();
    const refused = await mlflow(undefined, "POST", "experiments/search", {});
    expect([refused.status, refused.json().error_code]).toEqual([401, "UNAUTHENTICATED"]);
    expect(refused.headers["www-authenticate"]).toContain("Basic");
    expect((await mlflow("root", "POST", "experiments/search", { max_results: 5 })).status).toBe(200);
    for (const path of ["/healthz", "/readyz", "/version", "/v2/health/live"])
      expect((await ask(undefined, "GET", path)).status, path).not.toBe(401);
    expect((await ask(undefined, "GET", "/metrics")).status).toBe(401);
  });

  test("takes HTTP Basic too, as MLflow's clients send it, with the right name only", async () => {
    await people(["ana", "viewer"]);
    const basic = async (text: string) => {
      const authorization = `Basic ${Buffer.from(text).toString("base64")}`;
      return (
        await app.inject({
          method: "GET",
          url: "/api/2.0/mlflow/experiments/get?experiment_id=0",
          headers: { authorization },
        })
      ).statusCode;
    };
    expect(await basic(`ana:${keys["ana"]}`)).toBe(200);
    expect(await basic(`root:${keys["ana"]}`)).toBe(401);
    expect(await basic("ana:password1234")).toBe(401);
    expect(await basic("ana")).toBe(401);
  });

  test("with a key that was replaced, or in a role that was changed, ends within a second", async () => {
    await people(["ana", "editor"]);
    const create = (name: string) => mlflow("ana", "POST", "experiments/create", { name });
    expect((await create("one")).status).toBe(200);
    await setRole(open.tracking, "ana", "viewer");
    forget();
    expect((await create("two")).status).toBe(403);
    await newKeyFor(open.tracking, "ana");
    forget();
    expect((await create("three")).status).toBe(401);
  });
});

describe("a role", () => {
  const tries: readonly (readonly [string, string, object | undefined])[] = [
    ["GET", "/metrics", undefined],
    ["GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", undefined],
    ["POST", "/api/v1/models/flight_delay/predict", {}],
    ["POST", "/api/2.0/mlflow/experiments/create", { name: "x" }],
    ["POST", "/api/v1/models/flight_delay/aliases/champion", { version: 1, reason: "why" }],
  ];
  test.each<[Role, readonly boolean[]]>([
    ["viewer", [true, true, false, false, false]],
    ["service", [true, false, true, false, false]],
    ["editor", [true, true, true, true, false]],
    ["approver", [true, true, true, true, true]],
    ["admin", [true, true, true, true, true]],
  ])("%s may do what stands in its line", async (role, allowed) => {
    await people(["someone", role]);
    const statuses = await Promise.all(tries.map(([method, url, body]) => ask("someone", method, url, body)));
    expect(statuses.map(({ status }) => status !== 403)).toEqual(allowed);
  });
});

describe("other people's things", () => {
  interface World {
    readonly experiment: string;
    readonly run: string;
    readonly shared: string;
    readonly model: string;
  }

  async function annasThings(): Promise<World> {
    await people(["anna", "editor"], ["mallory", "editor"]);
    const { experiment_id: experiment } = (await mlflow("anna", "POST", "experiments/create", { name: "hers" })).json();
    const begin = async (experiment_id: string) =>
      (await mlflow("anna", "POST", "runs/create", { experiment_id, user_id: "mallory" })).json().run.info.run_id;
    const [run, shared] = [await begin(experiment), await begin("0")];
    const { model } = (await mlflow("anna", "POST", "logged-models", { experiment_id: "0", name: "m" })).json();
    await mlflow("anna", "POST", "registered-models/create", { name: "churn" });
    expect(
      (await ask("anna", "PUT", `/api/2.0/mlflow-artifacts/artifacts/0/${shared}/artifacts/a.txt`, "hello")).status,
    ).toBe(200);
    const version = { name: "churn", source: `mlflow-artifacts:/0/${shared}/artifacts`, run_id: shared };
    expect((await mlflow("anna", "POST", "model-versions/create", version)).status).toBe(200);
    return { experiment, run, shared, model: model.info.model_id };
  }

  /** Everything that changes something, aimed at Anna's things. */
  const attacks = ({
    experiment,
    run,
    shared,
    model,
  }: World): readonly (readonly [string, string, object | string | undefined])[] => {
    const api = "/api/2.0/mlflow";
    const files = "/api/2.0/mlflow-artifacts";
    return [
      ["POST", `${api}/experiments/delete`, { experiment_id: experiment }],
      ["POST", `${api}/experiments/restore`, { experiment_id: experiment }],
      ["POST", `${api}/experiments/update`, { experiment_id: experiment, new_name: "mine" }],
      ["POST", `${api}/experiments/set-experiment-tag`, { experiment_id: experiment, key: "k", value: "v" }],
      ["POST", `${api}/experiments/delete-experiment-tag`, { experiment_id: experiment, key: "k" }],
      ["POST", `${api}/experiments/delete`, { experiment_id: "0" }],
      ["POST", `${api}/runs/create`, { experiment_id: experiment }],
      ...[run, shared].flatMap((run_id) =>
        [
          ["update", { status: "FAILED" }],
          ["delete", {}],
          ["restore", {}],
          ["log-metric", { key: "auc", value: 1, timestamp: 1 }],
          ["log-parameter", { key: "p", value: "1" }],
          ["set-tag", { key: "k", value: "v" }],
          ["delete-tag", { key: "mlflow.runName" }],
          ["log-batch", { params: [{ key: "q", value: "1" }] }],
          ["log-model", { model_json: "{}" }],
          ["log-inputs", {}],
          ["outputs", {}],
        ].flatMap(([path, body]) => [
          ["POST", `${api}/runs/${path}`, { ...(body as object), run_id }] as const,
          // Older clients call it so, and it must not slip by.
          ["POST", `${api}/runs/${path}`, { ...(body as object), run_uuid: run_id }] as const,
          ["POST", `/ajax-api/2.0/mlflow/runs/${path}`, { ...(body as object), run_id, run_uuid: "x" }] as const,
        ]),
      ),
      ["POST", `${api}/logged-models`, { experiment_id: experiment, name: "x" }],
      ["POST", `${api}/logged-models`, { experiment_id: "0", name: "x", source_run_id: shared }],
      ["PATCH", `${api}/logged-models/${model}`, { status: "LOGGED_MODEL_READY" }],
      ["DELETE", `${api}/logged-models/${model}`, undefined],
      ["PATCH", `${api}/logged-models/${model}/tags`, { tags: [{ key: "k", value: "v" }] }],
      ["DELETE", `${api}/logged-models/${model}/tags/k`, undefined],
      ["POST", `${api}/logged-models/${model}/params`, { params: [] }],
      ["POST", `${api}/registered-models/rename`, { name: "churn", new_name: "mine" }],
      ["PATCH", `${api}/registered-models/update`, { name: "churn", description: "mine" }],
      ["DELETE", `${api}/registered-models/delete`, { name: "churn" }],
      ["POST", `${api}/registered-models/set-tag`, { name: "churn", key: "k", value: "v" }],
      ["DELETE", `${api}/registered-models/delete-tag`, { name: "churn", key: "k" }],
      ["POST", `${api}/registered-models/alias`, { name: "churn", alias: "champion", version: "1" }],
      ["POST", `${api}/registered-models/alias`, { name: "churn", alias: "other", version: "1" }],
      ["DELETE", `${api}/registered-models/alias`, { name: "churn", alias: "champion" }],
      ["POST", `${api}/model-versions/create`, { name: "churn", source: `mlflow-artifacts:/0/${shared}/artifacts` }],
      ["PATCH", `${api}/model-versions/update`, { name: "churn", version: "1", description: "x" }],
      ["POST", `${api}/model-versions/transition-stage`, { name: "churn", version: "1", stage: "Production" }],
      ["DELETE", `${api}/model-versions/delete`, { name: "churn", version: "1" }],
      ["POST", `${api}/model-versions/set-tag`, { name: "churn", version: "1", key: "k", value: "v" }],
      ["DELETE", `${api}/model-versions/delete-tag`, { name: "churn", version: "1", key: "k" }],
      ["PUT", `${files}/artifacts/0/${shared}/artifacts/a.txt`, "mine"],
      ["PUT", `${files}/artifacts/${experiment}/${run}/artifacts/a.txt`, "mine"],
      ["PUT", `${files}/artifacts/0/models/${model}/artifacts/MLmodel`, "mine"],
      ["PUT", `${files}/artifacts/nowhere/a.txt`, "mine"],
      ["DELETE", `${files}/artifacts/0/${shared}/artifacts/a.txt`, undefined],
      ["DELETE", `${files}/artifacts/0/${shared}`, undefined],
      ["DELETE", `${files}/artifacts/0`, undefined],
      ["DELETE", `${files}/artifacts/${experiment}`, undefined],
      ["POST", `${files}/mpu/create/0/${shared}/artifacts`, { path: "a.txt", num_parts: 1 }],
      ["POST", `${files}/mpu/complete/0/${shared}/artifacts`, { path: "a.txt", upload_id: "0".repeat(32), parts: [] }],
    ];
  };

  test("may be looked at, and changed on no route", async () => {
    const world = await annasThings();
    expect((await mlflow("mallory", "GET", `runs/get?run_id=${world.run}`)).status).toBe(200);
    for (const [method, url, body] of attacks(world)) {
      const { status, text } = await ask("mallory", method, url, body);
      expect([status, url, text]).toEqual([403, url, expect.stringMatching(/PERMISSION_DENIED/)]);
    }
    const { run } = (await mlflow("anna", "GET", `runs/get?run_id=${world.shared}`)).json();
    expect([run.info.status, run.info.user_id, run.data.metrics ?? []]).toEqual(["RUNNING", "anna", []]);
    expect(
      (await ask("anna", "GET", `/api/2.0/mlflow-artifacts/artifacts/0/${world.shared}/artifacts/a.txt`)).text,
    ).toBe("hello");
  });

  test("take parts of a file without a key, as clients send them, but only for an upload that its owner began", async () => {
    const { shared } = await annasThings();
    const mpu = "/api/2.0/mlflow-artifacts/mpu";
    const place = `0/${shared}/artifacts`;
    const begun = (await ask("anna", "POST", `${mpu}/create/${place}`, { path: "big.bin", num_parts: 1 })).json();
    const { pathname } = new URL(begun.credentials[0].url);
    const sent = await ask(undefined, "PUT", pathname, "all of it");
    expect(sent.status).toBe(200);
    for (const unknown of ["0".repeat(32), "..", begun.upload_id.slice(1)])
      expect((await ask(undefined, "PUT", `${mpu}/part/${unknown}/1`, "x")).status).not.toBe(200);
    const parts = [{ part_number: 1, etag: sent.headers["etag"] }];
    const complete = { path: "big.bin", upload_id: begun.upload_id, parts };
    for (const who of [undefined, "mallory"])
      expect((await ask(who, "POST", `${mpu}/complete/${place}`, complete)).status).not.toBe(200);
    expect((await ask("anna", "POST", `${mpu}/complete/${place}`, complete)).status).toBe(200);
    expect((await ask("anna", "GET", `/api/2.0/mlflow-artifacts/artifacts/${place}/big.bin`)).text).toBe("all of it");
    expect((await ask(undefined, "PUT", pathname, "more")).status).toBe(400);
  });

  test("take the metrics of a stranger's logged model out of a batch of one's own run", async () => {
    const { model } = await annasThings();
    const { run } = (await mlflow("mallory", "POST", "runs/create", { experiment_id: "0" })).json();
    const metric = { key: "auc", value: 1, timestamp: 1, model_id: model };
    const { run_id } = run.info;
    expect((await mlflow("mallory", "POST", "runs/log-metric", { ...metric, run_id })).status).toBe(403);
    expect((await mlflow("mallory", "POST", "runs/log-batch", { run_id, metrics: [metric] })).status).toBe(403);
    expect((await mlflow("mallory", "POST", "runs/log-metric", { ...metric, model_id: null, run_id })).status).toBe(
      200,
    );
  });

  test("may be changed once they were given, as far as they were given", async () => {
    const { experiment, run } = await annasThings();
    await giveAccess(open.tracking, "mallory", { kind: "experiment", id: experiment }, "edit");
    const tag = { run_id: run, key: "k", value: "v" };
    expect((await mlflow("mallory", "POST", "runs/set-tag", tag)).status).toBe(200);
    expect((await mlflow("mallory", "POST", "runs/delete", { run_id: run })).status).toBe(403);
    expect((await mlflow("mallory", "POST", "experiments/delete", { experiment_id: experiment })).status).toBe(403);
    await giveAccess(open.tracking, "mallory", { kind: "experiment", id: experiment }, "manage");
    expect((await mlflow("mallory", "POST", "runs/delete", { run_id: run })).status).toBe(200);
  });

  test("and one's own may be changed and deleted", async () => {
    const world = await annasThings();
    for (const [method, url, body] of attacks(world)) {
      if (
        /restore|experiments\/delete|runs\/delete|artifacts\/(?:0|nowhere)|registered-models\/(?:rename|delete|alias)|model-versions\/delete/.test(
          url,
        )
      )
        continue;
      const { status, text } = await ask("anna", method, url, body);
      expect(status, `${method} ${url} ${text}`).not.toBe(403);
    }
  });

  test("stay nobody's but the admins' when a user of their maker's name is added", async () => {
    const begun = await mlflow(undefined, "POST", "runs/create", { experiment_id: "0", user_id: "anna" });
    const before: string = begun.json().run.info.run_id;
    const { run, model } = await annasThings();
    const trained = await startRun({ ...open.tracking, actor: "anna" }, { experiment: "trainings", kind: "train" });
    const remove = async (run_id: string) => (await mlflow("anna", "POST", "runs/delete", { run_id })).status;
    expect([await remove(before), await remove(trained.id)]).toEqual([403, 403]);
    await removeUser(open.tracking, "anna");
    keys["anna"] = (await addUser(open.tracking, "anna", "editor")).key;
    expect([await remove(before), await remove(trained.id), await remove(run)]).toEqual([403, 403, 403]);
    expect((await mlflow("anna", "DELETE", `logged-models/${model}`)).status).toBe(403);
    const { run: own } = (await mlflow("anna", "POST", "runs/create", { experiment_id: "0" })).json();
    expect(await remove(own.info.run_id)).toBe(200);
    await setDefaultPermission(open.tracking, "none");
    const all = { experiment_ids: ["0"], run_view_type: "ALL" };
    const { runs } = (await mlflow("anna", "POST", "runs/search", all)).json();
    expect(runs.map(({ info }: { info: { run_id: string } }) => info.run_id)).toEqual([own.info.run_id]);
    expect((await mlflow("root", "POST", "runs/delete", { run_id: run })).status).toBe(200);
  });

  test("an alias that servers follow takes an approver, any other who may change the model", async () => {
    await annasThings();
    const set = async (who: string, alias: string) =>
      (await mlflow(who, "POST", "registered-models/alias", { name: "churn", alias, version: "1" })).status;
    expect([await set("anna", "candidate"), await set("anna", "champion")]).toEqual([200, 403]);
    await setRole(open.tracking, "anna", "approver");
    forget();
    expect(await set("anna", "champion")).toBe(200);
  });

  test("an alias takes the same whether MLflow's route moves it, the native one, or a rollback", async () => {
    const { shared } = await annasThings();
    await setRole(open.tracking, "mallory", "approver");
    forget();
    const source = `mlflow-artifacts:/0/${shared}/artifacts`;
    for (const _ of [1, 2])
      await mlflow("anna", "POST", "model-versions/create", { name: "churn", source, run_id: shared });
    const moves = async (who: string, alias: string): Promise<readonly number[]> => {
      const native = `/api/v1/models/churn/aliases/${alias}`;
      return [
        (await mlflow(who, "POST", "registered-models/alias", { name: "churn", alias, version: "1" })).status,
        (await ask(who, "POST", native, { version: 2, reason: "why" })).status,
        (await ask(who, "POST", `${native}/rollback`, { reason: "why" })).status,
      ];
    };
    expect(await moves("mallory", "mine")).toEqual([403, 403, 403]);
    expect(await moves("anna", "mine")).toEqual([200, 200, 200]);
    expect(await moves("anna", "champion")).toEqual([403, 403, 403]);
    expect(await moves("mallory", "champion")).toEqual([200, 200, 200]);
    await giveAccess(open.tracking, "mallory", { kind: "model", id: "churn" }, "edit");
    expect(await moves("mallory", "mine")).toEqual([200, 200, 200]);
  });
});

describe("approvals over HTTP", () => {
  test("are by who signed in, and nobody approves what he made", async () => {
    await people(["anna", "editor"], ["bob", "approver"]);
    await mlflow("anna", "POST", "registered-models/create", { name: "churn" });
    const { run } = (await mlflow("anna", "POST", "runs/create", { experiment_id: "0" })).json();
    const source = `mlflow-artifacts:/0/${run.info.run_id}/artifacts`;
    await mlflow("anna", "POST", "model-versions/create", { name: "churn", source, run_id: run.info.run_id });
    const approve = (who: string) => ask(who, "POST", "/api/v1/models/churn/versions/1/approvals", { reason: "fine" });
    expect((await approve("anna")).status).toBe(403);
    await setRole(open.tracking, "anna", "approver");
    forget();
    expect((await approve("anna")).text).toContain("anna made version 1");
    expect((await approve("bob")).json().approvals).toMatchObject([{ by: "bob", role: "approver", reason: "fine" }]);
    const move = await ask("bob", "POST", "/api/v1/models/churn/aliases/champion", {
      version: 1,
      reason: "go",
      expect: null,
    });
    expect(move.json()).toEqual({ model: "churn", alias: "champion", version: 1, from: null });
    const { history } = (await ask("bob", "GET", "/api/v1/models/churn/aliases/champion")).json();
    expect(history).toMatchObject([{ actor: "bob", to: 1, reason: "go", approvals: ["bob"] }]);
  });
});
