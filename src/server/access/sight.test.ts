// What is kept from a user: it stands in no list, no search and no answer, whatever the route; and lists show neither more nor less than what may be looked
// at one by one.

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  accessOf,
  addUser,
  alertsOf,
  giveAccess,
  type Platform,
  permissions,
  promotionsOf,
  recordsReader,
  setDefaultPermission,
  takeAccess,
} from "../../platform/platform.ts";
import { recordAlert, startRun } from "../../registry/registry.ts";
import { buildApp } from "../app.ts";
import { fakeServing, flightDelaySpec } from "../fake-serving.fixture.ts";
import { type OpenTracking, openTestTracking } from "../mlflow/mlflow.fixture.ts";
import { ruleOf } from "./gate.ts";

let open: OpenTracking;
let app: ReturnType<typeof buildApp>;
let keys: Readonly<Record<string, string>>;
/** Patterns of the routes that were asked, and of those there are. */
const asked = new Set<string>();
const there: string[] = [];

beforeEach(async () => {
  asked.clear();
  there.length = 0;
  open = await openTestTracking();
  const platform = { registry: open.tracking, project: { name: "p", definitions: [] } } as unknown as Platform;
  app = buildApp({
    serving: fakeServing(),
    models: [flightDelaySpec],
    version: "1.2.3",
    now: () => open.tracking.clock.now(),
    access: accessOf(platform),
    promotions: promotionsOf(platform),
    alerts: alertsOf(platform),
    records: recordsReader(platform),
    tracking: open.tracking,
  });
  app.addHook("onRoute", ({ method, url }) => {
    for (const each of [method].flat()) if (each !== "HEAD") there.push(`${each} ${url}`);
  });
  app.addHook("onRequest", async ({ method, routeOptions }) => {
    asked.add(`${method} ${routeOptions.url}`);
  });
  await app.ready();
  const added: Record<string, string> = {};
  for (const [name, role] of [
    ["root", "admin"],
    ["anna", "editor"],
    ["mallory", "approver"],
  ] as const)
    added[name] = (await addUser(open.tracking, name, role)).key;
  keys = added;
});
afterEach(async () => {
  await app.close();
  await open.close();
});

async function ask(who: string, method: string, url: string, body?: object | string) {
  const type = typeof body === "string" ? "application/octet-stream" : "application/json";
  const answer = await app.inject({
    method: method as "GET",
    url,
    headers: { authorization: `Bearer ${keys[who]}`, ...(body === undefined ? {} : { "content-type": type }) },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: answer.statusCode, text: answer.body, json: () => answer.json() };
}
const API = "/api/2.0/mlflow";
const FILES = "/api/2.0/mlflow-artifacts/artifacts";
const done = async (who: string, method: string, url: string, body?: object | string) => {
  const { status, text, json } = await ask(who, method, url, body);
  expect(status, `${method} ${url} ${text}`).toBe(200);
  return json();
};

interface World {
  readonly experiment: string;
  readonly run: string;
  readonly shared: string;
  readonly logged: string;
  readonly alert: string;
}

/** What a monitor finds about a model, and is to tell a channel. */
async function alertAbout(model: string): Promise<string> {
  const now = open.tracking.clock.now();
  const about = { monitor: `${model}-health`, model, version: 1, windowFrom: now - 10n, windowTo: now };
  const found = { ...about, kind: "drift", severity: "warning", evidence: { [`${model}-input`]: 1 } } as const;
  return (await recordAlert(open.tracking, found, { to: [{ channel: "ops", from: "info" }] })).id;
}

/** Things whose every name and value says whose they are. */
async function thingsOf(who: string): Promise<World> {
  const { experiment_id: experiment } = await done(who, "POST", `${API}/experiments/create`, { name: `of-${who}` });
  const begin = async (experiment_id: string): Promise<string> => {
    const { run } = await done(who, "POST", `${API}/runs/create`, { experiment_id, run_name: `of-${who} run` });
    const { run_id } = run.info;
    const metric = { key: `of-${who}`, value: 1, timestamp: 1, step: 1 };
    await done(who, "POST", `${API}/runs/log-batch`, { run_id, metrics: [metric, { ...metric, step: 2 }] });
    const dataset = { name: `of-${who} data`, digest: "d", source_type: "s", source: "s" };
    await done(who, "POST", `${API}/runs/log-inputs`, { run_id, datasets: [{ tags: [], dataset }] });
    await done(who, "PUT", `${FILES}/${experiment_id}/${run_id}/artifacts/of-${who}.txt`, `of-${who} text`);
    return run_id;
  };
  const [run, shared] = [await begin(experiment), await begin("0")];
  const { model } = await done(who, "POST", `${API}/logged-models`, { experiment_id: experiment, name: `of-${who}` });
  const logged: string = model.info.model_id;
  await done(who, "PUT", `${FILES}/${experiment}/models/${logged}/artifacts/of-${who}.txt`, `of-${who} text`);
  await done(who, "POST", `${API}/registered-models/create`, { name: `of-${who}` });
  const source = `mlflow-artifacts:/${experiment}/${run}/artifacts`;
  await done(who, "POST", `${API}/model-versions/create`, { name: `of-${who}`, source, run_id: run });
  await done(who, "POST", `${API}/registered-models/alias`, { name: `of-${who}`, alias: "new", version: "1" });
  return { experiment, run, shared, logged, alert: await alertAbout(`of-${who}`) };
}

/** Everything that shows something, aimed at Anna's things. */
function looks({
  experiment,
  run,
  shared,
  logged,
  alert,
}: World): readonly (readonly [string, string, (object | undefined)?])[] {
  const name = "name=of-anna";
  const version = `${name}&version=1`;
  const files = [
    "",
    "0",
    experiment,
    `${experiment}/${run}`,
    `${experiment}/models`,
    `0/${shared}/artifacts`,
    `${experiment}/${run}/artifacts`,
    `${experiment}/${run}/artifacts/of-anna.txt`,
    `${experiment}/models/${logged}/artifacts`,
    "model-versions",
    "model-versions/of-anna",
    "model-versions/of-anna/1",
    `model-versions/~${Buffer.from("of-anna").toString("hex")}/1`,
    "nowhere",
  ];
  const experiments = [experiment, "0"];
  const mlflow: readonly (readonly [string, string, (object | undefined)?])[] = [
    ["GET", `experiments/get?experiment_id=${experiment}`],
    ["GET", "experiments/get-by-name?experiment_name=of-anna"],
    ["GET", "experiments/search?max_results=100"],
    ["POST", "experiments/search", { max_results: 100, filter: "name LIKE 'of-%'" }],
    ["POST", "experiments/search-datasets", { experiment_ids: experiments }],
    ["GET", `runs/get?run_id=${run}`],
    ["GET", `runs/get?run_uuid=${shared}`],
    ["POST", "runs/search", { experiment_ids: experiments }],
    ["POST", "runs/search", { experiment_ids: experiments, order_by: ["metrics.`of-anna` DESC"], max_results: 1 }],
    ["POST", "runs/search", { experiment_ids: experiments, filter: `tags.mlflow.runName = 'of-anna run'` }],
    ["GET", `metrics/get-history?run_id=${run}&metric_key=of-anna`],
    ["GET", `metrics/get-history-bulk?run_id=${run}&run_id=${shared}&metric_key=of-anna`],
    ["GET", `metrics/get-history-bulk-interval?run_ids=${run}&run_ids=${shared}&metric_key=of-anna&max_results=10`],
    ["GET", `artifacts/list?run_id=${run}`],
    ["GET", `get-artifact?run_id=${run}&path=of-anna.txt`],
    ["GET", `registered-models/get?${name}`],
    ["GET", "registered-models/search"],
    ["GET", `registered-models/get-latest-versions?${name}`],
    ["POST", "registered-models/get-latest-versions", { name: "of-anna" }],
    ["GET", `registered-models/alias?${name}&alias=new`],
    ["GET", `model-versions/get?${version}`],
    ["GET", "model-versions/search"],
    ["GET", `model-versions/search?filter=${encodeURIComponent(`run_id = '${run}'`)}`],
    ["GET", `model-versions/get-download-uri?${version}`],
    ["POST", "logged-models/search", { experiment_ids: experiments }],
    ["GET", `logged-models/${logged}`],
    ["GET", `logged-models/${logged}/artifacts/directories`],
    ["GET", `logged-models/${logged}/artifacts/files?artifact_file_path=of-anna.txt`],
  ];
  return [
    ...["/api/2.0/mlflow", "/ajax-api/2.0/mlflow"].flatMap((prefix) =>
      mlflow.map(([method, path, body]) => [method, `${prefix}/${path}`, body] as const),
    ),
    ...["/api/2.0", "/ajax-api/2.0"].flatMap((prefix) => [
      ["POST", `${prefix}mlflow/experiments/search-datasets`, { experiment_ids: experiments }] as const,
      ...files.flatMap((path) => [
        ["GET", `${prefix}/mlflow-artifacts/artifacts?path=${path}`] as const,
        ["GET", `${prefix}/mlflow-artifacts/artifacts/${path}`] as const,
      ]),
      ["GET", `${prefix}/mlflow-artifacts/presigned/${experiment}/${run}/artifacts/of-anna.txt`] as const,
    ]),
    ["GET", `/get-artifact?run_id=${run}&path=of-anna.txt`],
    ["GET", `/model-versions/get-artifact?${version}&path=of-anna.txt`],
    ["GET", "/api/v1/runs"],
    ["GET", "/api/v1/runs?experiment=of-anna"],
    ["GET", "/api/v1/runs?experiment=of-ann"],
    ["GET", "/api/v1/runs?model=of-ann"],
    ["GET", `/api/v1/runs/${run}`],
    ["GET", `/api/v1/runs/${run.slice(-8)}`],
    ["GET", `/api/v1/runs/${encodeURIComponent("of-anna run")}`],
    ["GET", "/api/v1/runs/of-anna@1"],
    ["GET", "/api/v1/runs/of-anna@7"],
    ["GET", "/api/v1/runs/of-anna@nobody"],
    ["GET", `/api/v1/runs/${run}/metrics/of-anna`],
    ["GET", `/api/v1/runs/${run}/metrics/x`],
    ["GET", "/api/v1/models/of-anna/versions"],
    ["GET", "/api/v1/models/of-ann/versions"],
    ["GET", "/api/v1/models/of-anna/versions/1"],
    ["GET", "/api/v1/models/of-anna/versions/1/evaluations"],
    ["GET", "/api/v1/models/of-anna/versions/1/evaluations/test"],
    ["GET", "/api/v1/models/of-anna/versions/1/gates"],
    ["GET", "/api/v1/models/of-anna/aliases"],
    ["GET", "/api/v1/models/of-anna/aliases/new"],
    ["GET", "/api/v1/models/of-anna/route"],
    ["GET", "/api/v1/alerts"],
    ["GET", "/api/v1/alerts?status=all&model=of-anna"],
    ["GET", "/api/v1/alerts?monitor=of-anna-health"],
    ["GET", `/api/v1/alerts/${alert}`],
    ["GET", `/api/v1/alerts/${alert.slice(-8)}`],
    ["GET", "/api/v1/alert-deliveries"],
  ];
}

/** What an answer tells of Anna's that the question did not hold. */
function leaks(question: string, answer: string, { experiment, run, shared, logged, alert }: World): readonly string[] {
  return ["of-anna run", "of-anna data", "of-anna text", "of-anna", experiment, run, shared, logged, alert].filter(
    (word) => answer.includes(word) && !question.includes(word),
  );
}

describe("what is kept from a user", () => {
  test("is told on no route that shows something, and all of them were tried", async () => {
    const world = await thingsOf("anna");
    await setDefaultPermission(open.tracking, "none");
    for (const [method, url, body] of looks(world)) {
      const { status, text } = await ask("mallory", method, url, body);
      // A refusal names the experiment for which an admin would be asked.
      const question =
        `${decodeURIComponent(url)} ${JSON.stringify(body ?? "")} ${status === 403 ? world.experiment : ""}`
          // The same name in hex.
          .replace(Buffer.from("of-anna").toString("hex"), "of-anna");
      expect(leaks(question, text, world), `${method} ${url} ${status} ${text}`).toEqual([]);
      expect(status, `${method} ${url} ${text}`).not.toBe(500);
    }
    // By role, whatever it is about: what is served, and the server itself.
    const byRole =
      /^GET \/(?:metrics|openapi\.json|v2.*|api\/v1\/models|api\/v1\/models\/:model)$|^POST \/v2\/repository\/index$/;
    const shows = there.filter((route) => {
      const [method = "", url = ""] = route.split(" ");
      return ruleOf(method, url)?.actions.includes("read") && !byRole.test(route);
    });
    expect(shows.length).toBeGreaterThan(60);
    expect(shows.filter((route) => !asked.has(route))).toEqual([]);
  });

  test("is told to its maker and to admins all the same, and to others once it was given", async () => {
    const world = await thingsOf("anna");
    await setDefaultPermission(open.tracking, "none");
    const answers = async (who: string) => {
      const told = new Map<string, number>();
      for (const [method, url, body] of looks(world).slice(0, 28))
        told.set(`${method} ${url}`, (await ask(who, method, url, body)).status);
      return told;
    };
    const hers = await answers("anna");
    expect(
      [...hers.values()].every((status) => status === 200),
      JSON.stringify([...hers]),
    ).toBe(true);
    expect(await answers("root")).toEqual(hers);
    await giveAccess(open.tracking, "mallory", { kind: "experiment", id: world.experiment }, "read");
    await giveAccess(open.tracking, "mallory", { kind: "experiment", id: "0" }, "read");
    await giveAccess(open.tracking, "mallory", { kind: "model", id: "of-anna" }, "read");
    expect(await answers("mallory")).toEqual(hers);
    expect(
      (await ask("mallory", "POST", `${API}/runs/set-tag`, { run_id: world.run, key: "k", value: "v" })).status,
    ).toBe(403);
  });

  test("is kept from one user by none, while others look at it", async () => {
    const world = await thingsOf("anna");
    await giveAccess(open.tracking, "mallory", { kind: "experiment", id: world.experiment }, "none");
    await giveAccess(open.tracking, "mallory", { kind: "model", id: "of-anna" }, "none");
    const get = `${API}/runs/get?run_id=${world.run}`;
    expect((await ask("mallory", "GET", get)).text).toContain("users grant mallory experiment");
    expect((await ask("mallory", "GET", `${API}/registered-models/search`)).json()).toEqual({});
    expect((await ask("mallory", "GET", `${API}/runs/get?run_id=${world.shared}`)).status).toBe(200);
    await takeAccess(open.tracking, "mallory", { kind: "experiment", id: world.experiment });
    expect((await ask("mallory", "GET", get)).status).toBe(200);
  });

  test("is named by nothing that lies in an experiment which is open", async () => {
    const { experiment_id } = await done("anna", "POST", `${API}/experiments/create`, { name: "open" });
    const { run } = await done("anna", "POST", `${API}/runs/create`, { experiment_id, run_name: "r" });
    const { run_id } = run.info;
    await done("anna", "PUT", `${FILES}/${experiment_id}/${run_id}/artifacts/a.txt`, "x");
    const { model } = await done("anna", "POST", `${API}/logged-models`, { experiment_id, name: "lm" });
    const { model_id } = model.info;
    await done("anna", "PUT", `${FILES}/${experiment_id}/models/${model_id}/artifacts/a.txt`, "x");
    for (const name of ["secret", "shown"]) {
      await done("anna", "POST", `${API}/registered-models/create`, { name });
      const source = `mlflow-artifacts:/${experiment_id}/${run_id}/artifacts`;
      await done("anna", "POST", `${API}/model-versions/create`, { name, source, run_id });
      await done("anna", "POST", `${API}/model-versions/create`, { name, source: `models:/${model_id}`, model_id });
    }
    const training = await startRun(open.tracking, { experiment: "open", name: "t", kind: "train", model: "secret" });
    const shows: readonly (readonly [string, string, object?])[] = [
      ["GET", "/api/v1/runs"],
      ["GET", `/api/v1/runs/${run_id}`],
      ["GET", `/api/v1/runs/${training.id}`],
      ["GET", "/api/v1/runs?model=secre"],
      ["POST", `${API}/runs/search`, { experiment_ids: [experiment_id] }],
      ["GET", `${API}/runs/get?run_id=${run_id}`],
      ["GET", `${API}/logged-models/${model_id}`],
      ["POST", `${API}/logged-models/search`, { experiment_ids: [experiment_id] }],
      ["PATCH", `${API}/logged-models/${model_id}/tags`, { tags: [{ key: "k", value: "v" }] }],
    ];
    const names = async (who: string): Promise<readonly (readonly [boolean, boolean])[]> => {
      const found: (readonly [boolean, boolean])[] = [];
      for (const [method, url, body] of shows) {
        const { text } = await ask(who, method, url, body);
        found.push([text.includes("secret"), text.includes("shown")]);
      }
      return found;
    };
    const filter = `tags.\`mlflow.modelVersions\` LIKE '%secret%'`;
    const byTag = { experiment_ids: [experiment_id], filter };
    const [both, neither] = [
      [true, true],
      [false, false],
    ];
    const all = [both, both, [true, false], both, neither, neither, both, both, both];
    await giveAccess(open.tracking, "mallory", { kind: "experiment", id: experiment_id }, "edit");
    expect(await names("mallory")).toEqual(all);
    await giveAccess(open.tracking, "mallory", { kind: "model", id: "secret" }, "none");
    expect(await names("mallory")).toEqual(all.map(([, shown]) => [false, shown]));
    const others = (await done("mallory", "GET", "/api/v1/runs?model=shown")).runs;
    expect(others).toMatchObject([{ id: run_id, versions: ["shown@1"] }]);
    expect((await ask("mallory", "GET", "/api/v1/runs?model=secret")).status).toBe(404);
    const refused = await ask("mallory", "POST", `${API}/logged-models/search`, byTag);
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining("mlflow.modelVersions")]);
    // Where everything is closed, what was given of models is named and nothing else.
    await setDefaultPermission(open.tracking, "none");
    expect((await names("mallory")).flat()).not.toContain(true);
    await giveAccess(open.tracking, "mallory", { kind: "model", id: "shown" }, "read");
    expect(await names("mallory")).toEqual(all.map(([, shown]) => [false, shown]));
    expect(await names("anna")).toEqual(all);
    expect((await done("root", "POST", `${API}/logged-models/search`, byTag)).models).toHaveLength(1);
  });

  test("is no alert of somebody else's: it is shown to whom its model is, and answered by who may change that", async () => {
    const { alert } = await thingsOf("anna");
    const model = { kind: "model", id: "of-anna" } as const;
    const mine = await alertAbout("of-mallory");
    const [one, all] = [`/api/v1/alerts/${alert}`, "/api/v1/alerts?status=all"];
    const answers = async (): Promise<readonly number[]> => {
      const statuses: number[] = [];
      for (const [path, body] of [
        ["comments", { note: "mine now" }],
        ["acknowledge", {}],
        ["resolve", { note: "nothing to see" }],
      ] as const)
        statuses.push((await ask("mallory", "POST", `${one}/${path}`, body)).status);
      return statuses;
    };
    await giveAccess(open.tracking, "mallory", model, "none");
    expect((await done("mallory", "GET", all)).alerts).toMatchObject([{ id: mine }]);
    // What is kept from somebody takes no place in a list either.
    await alertAbout("of-anna-2");
    expect((await done("mallory", "GET", `${all}&limit=2`)).alerts).toHaveLength(2);
    expect([(await ask("mallory", "GET", one)).status, await answers()]).toEqual([404, [404, 404, 404]]);
    await giveAccess(open.tracking, "mallory", model, "read");
    expect((await done("mallory", "GET", one)).status).toBe("open");
    const refused = await ask("mallory", "POST", `${one}/resolve`, {});
    expect(refused.text).toContain("users grant mallory model of-anna edit");
    expect(await answers()).toEqual([403, 403, 403]);
    expect((await done("anna", "GET", one)).steps).toHaveLength(1);
    await giveAccess(open.tracking, "mallory", model, "edit");
    expect(await answers()).toEqual([200, 200, 200]);
    expect((await done("root", "GET", one)).status).toBe("resolved");
  });

  test("becomes nobody's version by being its source, and no alias of it is moved", async () => {
    const { experiment, run, logged } = await thingsOf("anna");
    await setDefaultPermission(open.tracking, "none");
    await done("mallory", "POST", `${API}/registered-models/create`, { name: "mine" });
    for (const given of [
      { source: `mlflow-artifacts:/${experiment}/${run}/artifacts`, run_id: run },
      { source: `runs:/${run}/model`, run_id: run },
      { source: `models:/${logged}` },
      { source: `models:/${logged}`, model_id: logged },
      { source: `mlflow-artifacts:/${experiment}/models/${logged}/artifacts`, model_id: logged },
      { source: "models:/of-anna/1" },
    ]) {
      const { status, text } = await ask("mallory", "POST", `${API}/model-versions/create`, { name: "mine", ...given });
      expect([status, text], JSON.stringify(given)).toEqual([403, expect.stringMatching(/may not read/)]);
    }
    const move = { version: 1, reason: "mine now" };
    for (const [method, url, body] of [
      ["POST", "aliases/champion", move],
      ["POST", "aliases/champion/rollback", { reason: "mine now" }],
      ["POST", "route", { reason: "mine now" }],
      ["POST", "versions/1/approvals", { reason: "mine now" }],
      ["DELETE", "versions/1/approvals", { reason: "mine now" }],
    ] as const)
      expect((await ask("mallory", method, `/api/v1/models/of-anna/${url}`, body)).status, url).toBe(403);
    expect(
      (
        await ask("mallory", "POST", `${API}/registered-models/alias`, {
          name: "of-anna",
          alias: "champion",
          version: "1",
        })
      ).status,
    ).toBe(403);
  });

  test("is given and taken by whoever manages it, over HTTP, and by nobody else", async () => {
    const { experiment, run } = await thingsOf("anna");
    await setDefaultPermission(open.tracking, "none");
    const permissions = "/api/3.0/mlflow/users/permissions";
    const of = { username: "mallory", resource_type: "experiment", resource_id: experiment };
    const query = `${permissions}/get?${new URLSearchParams(of)}`;
    const sees = async (): Promise<boolean> =>
      (await ask("mallory", "GET", `${API}/runs/get?run_id=${run}`)).status === 200;
    expect(await done("mallory", "GET", query)).toEqual({ allowed: false, permission: "NO_PERMISSIONS" });
    for (const [path, body] of [
      ["grant", { ...of, permission: "MANAGE" }],
      ["revoke", of],
      ["grant", { ...of, resource_type: "registered_model", resource_id: "of-anna", permission: "READ" }],
    ] as const)
      expect((await ask("mallory", "POST", `${permissions}/${path}`, body)).status).toBe(403);
    expect(await done("anna", "POST", `${permissions}/grant`, { ...of, permission: "READ" })).toEqual({});
    expect([await sees(), await done("mallory", "GET", query)]).toEqual([true, { allowed: false, permission: "READ" }]);
    // To look is not to share.
    expect((await ask("mallory", "POST", `${permissions}/grant`, { ...of, permission: "MANAGE" })).status).toBe(403);
    await done("anna", "POST", `${permissions}/revoke`, of);
    expect(await sees()).toBe(false);
    const others = `${permissions}/get?${new URLSearchParams({ ...of, username: "anna" })}`;
    expect((await ask("mallory", "GET", others)).status).toBe(403);
    expect(await done("root", "GET", others)).toEqual({ allowed: true, permission: "MANAGE" });
    for (const [body, status] of [
      [{ ...of, permission: "OWN" }, 400],
      [{ ...of, permission: "READ", resource_type: "workspace" }, 400],
      [{ ...of, permission: "READ", username: "nobody" }, 404],
      [{ ...of, permission: "READ", resource_id: "77" }, 404],
    ] as const)
      expect((await ask("root", "POST", `${permissions}/grant`, body)).status, JSON.stringify(body)).toBe(status);
  });

  test("pages count what is seen alone", async () => {
    for (const who of ["anna", "mallory", "anna", "mallory", "anna"])
      await done(who, "POST", `${API}/runs/create`, { experiment_id: "0", run_name: who });
    await setDefaultPermission(open.tracking, "none");
    for (const order_by of [[], ["attributes.run_name ASC"]]) {
      const names: string[] = [];
      let page_token: string | undefined;
      let pages = 0;
      do {
        const page = await done("mallory", "POST", `${API}/runs/search`, {
          experiment_ids: ["0"],
          max_results: 1,
          order_by,
          page_token,
        });
        names.push(...page.runs.map((run: { info: { run_name: string } }) => run.info.run_name));
        page_token = page.next_page_token;
        pages += 1;
      } while (page_token !== undefined);
      expect([names, pages]).toEqual([["mallory", "mallory"], 2]);
    }
  });
});

test("lists show what may be looked at one by one, and nothing else", { timeout: 120_000 }, async () => {
  const worlds = [await thingsOf("anna"), await thingsOf("root"), await thingsOf("mallory")];
  const experiments = [...worlds.map(({ experiment }) => experiment), "0"];
  const models = ["of-anna", "of-root", "of-mallory"];
  const permission = fc.constantFrom(undefined, ...permissions);
  const given = fc.record({
    otherwise: fc.constantFrom("none", "read", "edit"),
    experiments: fc.tuple(permission, permission, permission, permission),
    models: fc.tuple(permission, permission, permission),
  });
  await fc.assert(
    fc.asyncProperty(given, async ({ otherwise, ...grants }) => {
      await setDefaultPermission(open.tracking, otherwise);
      const give = async (kind: "experiment" | "model", id: string, what: string | undefined): Promise<void> => {
        if (what === undefined) await takeAccess(open.tracking, "mallory", { kind, id });
        else await giveAccess(open.tracking, "mallory", { kind, id }, what);
      };
      for (const [place, id] of experiments.entries()) await give("experiment", id, grants.experiments[place]);
      for (const [place, id] of models.entries()) await give("model", id, grants.models[place]);
      const seen = async (ids: readonly string[], url: string): Promise<readonly string[]> => {
        const found: string[] = [];
        for (const id of ids) if ((await ask("mallory", "GET", `${API}/${url}${id}`)).status === 200) found.push(id);
        return found.toSorted();
      };
      type Answer = Readonly<Record<string, readonly Readonly<Record<string, never>>[] | undefined>>;
      const listed = async (
        [method, url, body]: readonly [string, string, (object | undefined)?],
        name: string,
        idOf: (item: Readonly<Record<string, never>>) => string,
      ): Promise<readonly string[]> => {
        const answer = (await done("mallory", method, `${API}/${url}`, body)) as Answer;
        return (answer[name] ?? []).map(idOf).toSorted();
      };
      const all = { experiment_ids: experiments };
      expect(
        await listed(
          ["POST", "experiments/search", { max_results: 100 }],
          "experiments",
          (one) => one["experiment_id"] ?? "",
        ),
      ).toEqual(await seen(experiments, "experiments/get?experiment_id="));
      const runs = worlds.flatMap(({ run, shared }) => [run, shared]);
      expect(await listed(["POST", "runs/search", all], "runs", (one) => one["info"]?.["run_id"] ?? "")).toEqual(
        await seen(runs, "runs/get?run_id="),
      );
      const logged = worlds.map((world) => world.logged);
      expect(
        await listed(["POST", "logged-models/search", all], "models", (one) => one["info"]?.["model_id"] ?? ""),
      ).toEqual(await seen(logged, "logged-models/"));
      expect(
        await listed(["GET", "registered-models/search"], "registered_models", (one) => one["name"] ?? ""),
      ).toEqual(await seen(models, "registered-models/get?name="));
    }),
    { numRuns: 25 },
  );
});
