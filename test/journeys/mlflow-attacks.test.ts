// Ways in which MLflow's own server was broken, by their CVE numbers, tried on a listening server of ours with paths as an attacker sends
// them: nothing between the socket and the server tidies them up.

import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { visible, visibleLine } from "../../src/cli/visible.ts";
import { guardedOutbound } from "../../src/engines/system/system.ts";
import { fakeNow, fakeServing } from "../../src/server/fake-serving.fixture.ts";
import { type OpenTracking, openTestTracking } from "../../src/server/mlflow/mlflow.fixture.ts";
import { createServer, type Server } from "../../src/server/server.ts";

let open: OpenTracking;
let server: Server;
let run: string;
const SECRET = "only this machine may read it";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const sent = request(
      {
        host: "127.0.0.1",
        port: server.port,
        method,
        path,
        headers: { "content-type": "application/json", ...headers },
      },
      (answer) => {
        let received = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk) => {
          received += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: received }));
      },
    );
    sent.on("error", reject);
    sent.end(text);
  });
}
const post = (path: string, body: unknown): Promise<Answer> => send("POST", `/api/2.0/mlflow/${path}`, body);

beforeAll(async () => {
  open = await openTestTracking(guardedOutbound());
  writeFileSync(join(open.folder, "secret.txt"), SECRET);
  mkdirSync(join(open.folder, "victim"));
  writeFileSync(join(open.folder, "victim", "kept.txt"), SECRET);
  server = await createServer({
    serving: fakeServing(),
    models: [],
    version: "test",
    now: () => fakeNow,
    host: "127.0.0.1",
    port: 0,
    tracking: open.tracking,
    logger: { level: "silent" },
  });
  run = JSON.parse((await post("runs/create", { experiment_id: "0" })).text).run.info.run_id;
  await send("PUT", `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/model/a.txt`, "mine");
  await post("registered-models/create", { name: "m" });
});
afterAll(async () => {
  await server.close();
  await open.close();
});

/** Nothing of the machine was told, and nothing outside the blobs was made, changed or removed. */
async function unharmed(answer: Answer): Promise<void> {
  expect(answer.text).not.toContain(SECRET);
  expect(answer.text).not.toMatch(/root:.*:0:0:/);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(readFileSync(join(open.folder, "victim", "kept.txt"), "utf8")).toBe(SECRET);
  expect(readdirSync(open.folder).filter((name) => !/^(blobs|victim|secret\.txt|records\.db.*)$/.test(name))).toEqual(
    [],
  );
}

const UP = [
  "../../../../../../etc/passwd",
  "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
  "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
  "%252e%252e%252f%252e%252e%252fetc%252fpasswd",
  "%25252e%25252e%25252fetc%25252fpasswd",
  "..%5c..%5c..%5cetc%5cpasswd",
  "..%c0%af..%c0%afetc/passwd",
  "%u002e%u002e/etc/passwd",
  "....//....//etc/passwd",
  "..;/..;/etc/passwd",
  "/etc/passwd",
  "//etc/passwd",
  "//proc/self/root/etc/passwd",
  "%2fetc%2fpasswd",
  "file:///etc/passwd",
  "file:%2f%2f%2fetc%2fpasswd",
  "C:%5cWindows%5cwin.ini",
  "a/%00/../../etc/passwd",
  "a/%0d%0aX-Evil:%201",
  "./../victim/kept.txt",
  "0/../../victim",
  "0/x%23/../../victim",
  "0/x%3f/../../victim",
];

describe("CVE-2023-6831, -6015, -1560, CVE-2026-2033: paths in every encoding, by every verb of the proxy", () => {
  test.each(UP)("%s", async (path) => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await send(
        method,
        `/api/2.0/mlflow-artifacts/artifacts/${path}`,
        method === "PUT" ? "x" : undefined,
      );
      if (method === "DELETE" || method === "PUT") {
        // What is a plain name after one decoding, such as "....", is a name like any other, of a row and of no file.
        if (answer.status === 200) expect(readFileSync(join(open.folder, "victim", "kept.txt"), "utf8")).toBe(SECRET);
        else await unharmed(answer);
      } else if (answer.status !== 200) await unharmed(answer);
      else expect(answer.text).toBe("x");
    }
    await unharmed(await send("POST", `/api/2.0/mlflow-artifacts/mpu/create/${path}`, { path: "../x", num_parts: 0 }));
    const listed = await send("GET", `/api/2.0/mlflow-artifacts/artifacts?path=${path}`);
    if (listed.status === 200) expect(JSON.parse(listed.text).files ?? []).toEqual([]);
    else await unharmed(listed);
  });

  test("a name decides nothing about the place of a file", async () => {
    const names = readdirSync(join(open.folder, "blobs"), { recursive: true, encoding: "utf8" });
    expect(names.filter((name) => /etc|passwd|\.\./.test(name))).toEqual([]);
  });
});

describe("CVE-2023-30172, CVE-2026-118628: files read through a run or a version", () => {
  test.each(UP)("%s", async (path) => {
    await unharmed(await send("GET", `/get-artifact?path=${path}&run_uuid=${run}`));
    await unharmed(await send("GET", `/model-versions/get-artifact?path=${path}&name=m&version=1`));
    const listed = await send("GET", `/api/2.0/mlflow/artifacts/list?run_id=${run}&path=${path}`);
    if (listed.status === 200) expect(JSON.parse(listed.text).files ?? []).toEqual([]);
    else await unharmed(listed);
  });
});

describe("CVE-2023-1177, -1176, -2356, -2780, -6977, -6909, CVE-2024-1483, -3848: places that a client names", () => {
  const places = (): readonly string[] => [
    "/etc",
    "file:///etc",
    "file:/etc",
    "FILE:///etc",
    "file://localhost/etc",
    "//proc/self/root",
    "..",
    "../../etc",
    "\\..\\..\\etc",
    "C:\\Windows",
    "local:///etc",
    `mlflow-artifacts:/0/${run}/artifacts/../../../../etc`,
    `mlflow-artifacts:/0/${run}/artifacts#/../../../etc`,
    `mlflow-artifacts:/0/${run}/artifacts?/../../../etc`,
    `mlflow-artifacts:/0/${run}/artifacts/%2e%2e/%2e%2e/etc`,
    `mlflow-artifacts:/0/${run}/artifacts/..\\..\\etc`,
    `mlflow-artifacts://127.0.0.1/0/${run}/artifacts`,
    "mlflow-artifacts:/0/another/artifacts/model",
    `runs:/${run}/../../../etc`,
    "runs:/another/model",
    "models:/m-00000000000000000000000000000000",
    "http://127.0.0.1/etc",
    "http://169.254.169.254/latest/meta-data",
    "ftp://example.com/x",
    "dbfs:/../../etc",
    "s3://bucket/../../etc#x",
    "data:text/plain,x",
  ];

  test("a version's source is among the artifacts of the run that it names", async () => {
    for (const source of places()) {
      await unharmed(await post("model-versions/create", { name: "m", source, run_id: run }));
      await unharmed(await post("model-versions/create", { name: "m", source }));
    }
    expect((await post("model-versions/create", { name: "m", source: `runs:/${run}/model`, run_id: run })).status).toBe(
      200,
    );
  });

  test("an experiment's artifacts are below the server's own root", async () => {
    for (const [n, artifact_location] of places().entries())
      if (!artifact_location.startsWith("mlflow-artifacts:/0/another"))
        await unharmed(await post("experiments/create", { name: `e${n}`, artifact_location }));
  });
});

test("a symbolic link in the folder of artifacts is nobody's artifact", async () => {
  const content = join(open.folder, "blobs", "content");
  symlinkSync(join(open.folder, "secret.txt"), join(content, "link"));
  symlinkSync(join(open.folder, "victim"), join(content, "folder"));
  for (const path of ["link", "content/link", "folder/kept.txt", "content/folder/kept.txt", "../content/link"])
    await unharmed(await send("GET", `/api/2.0/mlflow-artifacts/artifacts/${path}`));
});

test("CVE-2023-6568: what a client says of itself is not said back as a page", async () => {
  const evil = "<script>alert(1)</script>";
  for (const answer of [
    await send("POST", "/api/2.0/mlflow/runs/create", "x", { "content-type": `text/html;${evil}` }),
    await send("POST", `/api/2.0/mlflow/${encodeURIComponent(evil)}`, {}),
    await send("GET", `/${encodeURIComponent(evil)}`),
    await post("runs/get", { run_id: evil }),
    await send("GET", `/api/2.0/mlflow/runs/get?run_id=${encodeURIComponent(evil)}`),
  ]) {
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
  }
});

test("a name with markup or orders for a terminal is data: JSON in an answer, spelled out on a screen", async () => {
  const name = "<img src=x onerror=alert(1)>\u001b]0;evil\u0007\u001b[2J\u001b[8m\rok\u202e\u009b31m";
  const made = await post("runs/create", { experiment_id: "0", run_name: name });
  expect(made.headers["content-type"]).toMatch(/^application\/json/);
  expect(JSON.parse(made.text).run.info.run_name).toBe(name);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
  expect(visible(name)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  expect(visibleLine("\u001b[31mred\u001b[39m")).toBe("\u001b[31mred\u001b[39m");
});

test("a file's name cannot end its header, and a page among the artifacts is a download", async () => {
  for (const [name, content] of [
    ['q";x=y', "1"],
    ["naïve ✓.html", "<script>alert(1)</script>"],
    ["x.svg", "<svg onload='alert(1)'/>"],
  ] as const) {
    const path = `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/${encodeURIComponent(name)}`;
    expect((await send("PUT", path, content)).status).toBe(200);
    const got = await send("GET", path);
    expect(got.headers["content-disposition"]).toBe(`attachment; filename*=UTF-8''${encodeURIComponent(name)}`);
    expect(got.headers["x-content-type-options"]).toBe("nosniff");
    expect(got.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(got.text).toBe(content);
  }
});

describe("CVE-2026-2734 and kin: searches", () => {
  const SEARCHES = [
    ["POST", "runs/search", { experiment_ids: ["0"] }],
    ["POST", "experiments/search", { max_results: 10 }],
    ["GET", "registered-models/search", {}],
    ["GET", "model-versions/search", {}],
    ["POST", "logged-models/search", { experiment_ids: ["0"] }],
  ] as const;
  const ask = (method: string, path: string, body: object): Promise<Answer> =>
    method === "GET"
      ? send("GET", `/api/2.0/mlflow/${path}?${new URLSearchParams(body as Record<string, string>)}`)
      : post(path, body);

  test.each(SEARCHES)("%s %s: SQL in filters and orders is text, or refused", async (method, path, body) => {
    for (const filter of [
      "name = 'x'; drop table runs; --",
      "name = 'x' OR 1=1",
      "1=1",
      "name = 'x' UNION SELECT secret FROM webhooks",
      "tags.`x' OR '1'='1` = 'y'",
      "tags.x = 'a'' OR ''1''=''1'",
      "name LIKE '%' ESCAPE '\\'",
      "name IN (SELECT name FROM models)",
      "name = x",
      "name = $1",
      "__proto__.x = '1'",
    ]) {
      const answer = await ask(method, path, { ...body, filter, filter_string: filter });
      if (answer.status === 200) expect(Object.values(JSON.parse(answer.text)).flat()).toEqual([]);
      else await unharmed(answer);
      expect(answer.text).not.toMatch(/sqlite|syntax error|no such|pg_/i);
    }
    for (const order of ["name; drop table runs", "(select 1)", "name desc, (select secret from webhooks)", "1"]) {
      const wanted = path === "logged-models/search" ? [{ field_name: order }] : [order];
      const given = method === "GET" ? { order_by: order } : { order_by: wanted };
      const answer = await ask(method, path, { ...body, ...given });
      expect(answer.status).toBe(400);
      expect(answer.text).not.toMatch(/sqlite|syntax error|no such|pg_/i);
    }
    expect((await ask("POST", "runs/search", { experiment_ids: ["0"] })).text).toContain(run);
  });

  test.each([...SEARCHES, ["GET", "webhooks", {}] as const])(
    "%s %s: a cursor that was made up is refused",
    async (method, path, body) => {
      for (const token of [
        "eyJvZmZzZXQiOiAyfQ==",
        "-1",
        "1; drop table runs",
        Buffer.from('["x",-5]').toString("base64url"),
        Buffer.from('["x",{"$gt":0}]').toString("base64url"),
        "A".repeat(10_000),
        "../../etc/passwd",
      ])
        expect((await ask(method, path, { ...body, page_token: token })).status).toBe(400);
    },
  );
});

test("CVE-2026-0545, -2652: there is no second router that answers", async () => {
  for (const path of [
    "/ajax-api/3.0/jobs/",
    "/ajax-api/3.0/jobs/search",
    "/api/3.0/jobs",
    "/v1/traces",
    "/graphql",
    "/api/2.0/mlflow/gateway-proxy?gateway_path=api/2.0/endpoints",
    "/ajax-api/2.0/mlflow/gateway-proxy",
    "/api/2.0/mlflow/upload-artifact",
    "/ajax-api/2.0/mlflow/upload-artifact",
    "/signup",
  ])
    for (const method of ["GET", "POST"])
      expect((await send(method, path, method === "POST" ? {} : undefined)).status).toBe(404);
});

test("CVE-2024-37055 to -37060, CVE-2026-96775 and kin: what is pickled is a file and nothing else", async () => {
  for (const file of ["MLmodel", "model.pkl", "python_model.pkl", "dataset.pt"])
    await send(
      "PUT",
      `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/pickled/${file}`,
      "cos\nsystem\n(S'touch x'\ntR.",
    );
  const made = await post("model-versions/create", { name: "m", source: `runs:/${run}/pickled`, run_id: run });
  expect(made.status).toBe(200);
  const { version } = JSON.parse(made.text).model_version;
  const row = await open.tracking.records.db
    .selectFrom("versions")
    .select(["format", "artifact_blob"])
    .where("model", "=", "m")
    .where("number", "=", Number(version))
    .executeTakeFirstOrThrow();
  expect(row).toEqual({ format: "files", artifact_blob: "" });
});
