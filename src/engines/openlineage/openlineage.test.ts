// Events on their way: in order, once, to a real server and a real file; bounded, counted, and never a burden to what they describe.

import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LineageEvent } from "../../ports/lineage-sink.ts";
import { guardedOutbound } from "../system/system.ts";
import { type OpenLineageOptions, openLineageSink } from "./openlineage.ts";

interface Posted {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly eventType: string; readonly run: { readonly runId: string } };
}

let server: Server;
let url: string;
let posted: Posted[];
/** What the server answers, one after the other; then 201. */
let answers: number[];
beforeEach(async () => {
  [posted, answers] = [[], []];
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      const status = answers.shift() ?? 201;
      if (status === 0) return;
      if (status < 300) posted.push({ path: request.url, headers: request.headers, body: JSON.parse(text) });
      response.writeHead(status, status === 302 ? { location: "http://127.0.0.1:1/" } : {}).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const event = (n: number, state: LineageEvent["state"] = "start"): LineageEvent => ({
  state,
  at: BigInt(n),
  runId: `0190-${n}`,
  job: { namespace: "rides", name: "train.rich", description: "Trains" },
  inputs: [],
  outputs: [],
});

/** Waits for nothing, unless it is the wait of a flush: that ends when told. */
const noPause: OpenLineageOptions["pause"] = (ms, signal) =>
  ms < 10_000 ? Promise.resolve() : new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

const outbound = guardedOutbound({ allow: ["127.0.0.1"], timeoutMs: 500 });
type To = { readonly file: string } | { readonly url: string; readonly apiKey?: string };
const sink = (to: To, more: Partial<OpenLineageOptions> = {}) =>
  openLineageSink({ to: "url" in to ? { ...to, outbound } : to, pause: noPause, ...more });

describe("over HTTP", () => {
  test("events arrive once, in order, with the key, at the route of the specification", async () => {
    const told = sink({ url, apiKey: "secret" });
    for (let n = 0; n < 20; n += 1) told.emit(event(n));
    expect(await told.flush()).toEqual({ delivered: 20, lost: 0 });
    expect(posted.map(({ body }) => body.run.runId)).toEqual(Array.from({ length: 20 }, (_, n) => `0190-${n}`));
    expect(posted[0]).toMatchObject({
      path: "/api/v1/lineage",
      headers: { authorization: "Bearer secret", "content-type": "application/json" },
      body: { eventType: "START" },
    });
  });

  test("a server's own failure is tried again, a refusal is not, and both are counted", async () => {
    answers = [503, 429, 201, 400, 201];
    const told = sink({ url });
    for (let n = 0; n < 3; n += 1) told.emit(event(n));
    const { host } = new URL(url);
    expect(await told.flush()).toEqual({ delivered: 2, lost: 1, problem: `${host} answered 400` });
    expect(posted.map(({ body }) => body.run.runId)).toEqual(["0190-0", "0190-2"]);
  });

  test("a redirect is not followed with the key", async () => {
    answers = [302, 302, 302, 302];
    const told = sink({ url, apiKey: "secret" });
    told.emit(event(0));
    expect(await told.flush()).toMatchObject({ delivered: 0, lost: 1 });
    expect(posted).toEqual([]);
  });

  test("a server that nobody runs loses events, says why, and throws nothing", async () => {
    const told = sink({ url: "http://127.0.0.1:9" });
    told.emit(event(0));
    told.emit(event(1));
    expect(await told.flush()).toMatchObject({ delivered: 0, lost: 2, problem: expect.any(String) });
  });

  test("a server that never answers holds nobody up: what waits is given up and counted", async () => {
    answers = [0];
    const told = sink({ url }, { pause: async () => undefined, limits: { mostWaiting: 5 } });
    for (let n = 0; n < 10; n += 1) told.emit(event(n));
    // One is under way, five wait, four find no room; the flush's time is up at once.
    expect(await told.flush()).toMatchObject({ delivered: 0, lost: 10 });
    told.emit(event(11));
    expect((await told.flush()).lost + posted.length).toBeGreaterThanOrEqual(10);
  });

  test.each([["ftp://a/b"], ["no url"], ["http://user:secret@host/"]])("%s is refused when opened", (wrong) => {
    expect(() => sink({ url: wrong })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(() => sink({ url: wrong })).not.toThrow(/secret/);
  });
});

describe("to a file", () => {
  test("each event is a line, whoever else writes to it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-lineage-"));
    const file = join(folder, "deep", "lineage.jsonl");
    const sinks = [sink({ file }), sink({ file })];
    for (let n = 0; n < 50; n += 1) for (const told of sinks) told.emit(event(n, "complete"));
    for (const told of sinks) expect(await told.flush()).toEqual({ delivered: 50, lost: 0 });
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { eventType: string }).eventType)).toEqual(
      Array.from({ length: 100 }, () => "COMPLETE"),
    );
    rmSync(folder, { recursive: true });
  });

  test("a file that cannot be written loses events, with the reason", async () => {
    const told = sink({ file: "/dev/null/lineage.jsonl" });
    told.emit(event(0));
    expect(await told.flush()).toMatchObject({ lost: 1, problem: expect.stringMatching(/ENOTDIR|EEXIST/) });
  });
});
