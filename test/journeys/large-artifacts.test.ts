// A large file through the server, up and down, whole and in parts, by one process and by workers: it comes back as it was, and no process ever
// holds it. SLIPWAY_TEST_ARTIFACT_MIB=1024 tries it with a gibibyte; the bound on memory is the same for every size.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  isRunning,
  type RunningServer,
  removeFolder,
  serve,
  shopFolder,
  slipwayAnswer,
  workersOf,
} from "./workers.fixture.ts";

const SLOW = 900_000;
const MIB = 2 ** 20;
const SIZE = Number(process.env["SLIPWAY_TEST_ARTIFACT_MIB"] ?? 256) * MIB;
/** What all processes together may take beyond what they had. */
const MOST = 200 * MIB;

/** The content between two places: no two blocks are the same. */
function* content(from: number, to: number): Generator<Buffer> {
  for (let at = from; at < to; at += MIB) {
    const block = Buffer.alloc(Math.min(MIB, to - at), "0123456789abcdef");
    block.writeUInt32LE(at / MIB, 0);
    yield block;
  }
}

function hashOfContent(): string {
  const hash = createHash("sha256");
  for (const block of content(0, SIZE)) hash.update(block);
  return hash.digest("hex");
}

interface Came {
  readonly status: number;
  readonly etag: string | undefined;
  readonly hash: string;
  readonly size: number;
  readonly text: string;
}

/** Asks with a body that is made while it is sent, and hashes what comes. */
function transfer(url: string, method: string, body?: { readonly length: number; readonly blocks: Iterable<Buffer> }) {
  return new Promise<Came>((resolve, reject) => {
    const headers = body ? { "content-length": body.length, "content-type": "application/octet-stream" } : {};
    const asked = request(url, { method, headers, agent: false }, (answer) => {
      const hash = createHash("sha256");
      let size = 0;
      let text = "";
      answer.on("data", (chunk: Buffer) => {
        hash.update(chunk);
        size += chunk.length;
        if (size < 4096) text += chunk.toString("latin1");
      });
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, etag: answer.headers.etag, hash: hash.digest("hex"), size, text }),
      );
    });
    asked.on("error", reject);
    void (async () => {
      for (const block of body?.blocks ?? [])
        if (!asked.write(block)) await new Promise((drained) => asked.once("drain", drained));
      asked.end();
    })();
  });
}

const memoryOf = (pid: number): number =>
  isRunning(pid) ? Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024 : 0;

describe.skipIf(process.platform !== "linux").each([1, 2])("an artifact through %i process(es)", (workers) => {
  let root: string;
  let server: RunningServer;
  let files: string;
  let expected: string;
  let before: number;
  let most = 0;
  let watching: NodeJS.Timeout;

  const memory = (): number => {
    const pid = server.child.pid ?? 0;
    return [pid, ...workersOf(pid)].reduce((sum, each) => sum + memoryOf(each), 0);
  };

  beforeAll(async () => {
    root = shopFolder();
    await slipwayAnswer(root, "apply");
    server = await serve(root, "--workers", String(workers));
    files = `${server.url}/api/2.0/mlflow-artifacts`;
    expected = hashOfContent();
    // Everything that is loaded when it is first needed is there now.
    await transfer(`${files}/artifacts/0/small`, "PUT", { length: MIB, blocks: content(0, MIB) });
    await transfer(`${files}/artifacts/0/small`, "GET");
    before = memory();
    watching = setInterval(() => {
      most = Math.max(most, memory() - before);
    }, 50);
  }, SLOW);
  afterAll(async () => {
    clearInterval(watching);
    server.child.kill("SIGKILL");
    await server.end;
    removeFolder(root);
  });

  test("goes up and comes down as it was", { timeout: SLOW }, async () => {
    const up = await transfer(`${files}/artifacts/0/whole.bin`, "PUT", { length: SIZE, blocks: content(0, SIZE) });
    expect(up.status).toBe(200);
    const down = await transfer(`${files}/artifacts/0/whole.bin`, "GET");
    expect(down).toMatchObject({ status: 200, size: SIZE, hash: expected });
  });

  test("goes up in parts, in any order, and comes down as it was", { timeout: SLOW }, async () => {
    const post = async (what: string, body: object): Promise<ReturnType<typeof JSON.parse>> => {
      const text = Buffer.from(JSON.stringify(body));
      const { status, text: answer } = await transfer(`${files}/mpu/${what}/0`, "POST", {
        length: text.length,
        blocks: [text],
      });
      expect([status, answer]).toEqual([200, expect.any(String)]);
      return JSON.parse(answer);
    };
    const parts = 4;
    const { upload_id, credentials } = await post("create", { path: "parts.bin", num_parts: parts });
    const sent: { part_number: number; etag: string }[] = [];
    for (const { url, part_number } of [...credentials].reverse()) {
      const [from, to] = [((part_number - 1) * SIZE) / parts, (part_number * SIZE) / parts];
      const { status, etag = "" } = await transfer(url, "PUT", { length: to - from, blocks: content(from, to) });
      expect(status).toBe(200);
      sent.push({ part_number, etag });
    }
    await post("complete", { path: "parts.bin", upload_id, parts: sent });
    const down = await transfer(`${files}/artifacts/0/parts.bin`, "GET");
    expect(down).toMatchObject({ status: 200, size: SIZE, hash: expected });
  });

  test("is never whole in memory", () => {
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(MOST);
  });
});
