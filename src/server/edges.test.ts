// The server's edges with real sockets and real certificates: TLS and its renewal, clients with certificates, Unix sockets, pages of other
// origins, and clients that take their time.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { request as plainRequest } from "node:http";
import { type RequestOptions, request as safeRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { tryHoldFile } from "../engines/sqlite/sqlite.ts";
import { fakeNow, fakeServing, flightDelaySpec, goodBody } from "./fake-serving.fixture.ts";
import { createServer, type Server, type ServerOptions } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-edges-"));
const at = (name: string): string => join(folder, name);
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function openssl(...words: string[]): void {
  execFileSync("openssl", words, { stdio: "ignore", cwd: folder });
}

/** A root of its own, and one certificate that it signed. */
function certificate(name: string): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-keyout",
    `${name}-root.key`,
    "-out",
    `${name}-root.crt`,
    "-subj",
    `/CN=${name} root`,
    "-days",
    "2",
  );
  openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
  writeFileSync(at(`${name}.ext`), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  openssl(
    ...[
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      `${name}-root.crt`,
      "-CAkey",
      `${name}-root.key`,
      "-CAcreateserial",
    ],
    ...["-out", `${name}.crt`, "-days", "2", "-extfile", `${name}.ext`],
  );
}

type More = Partial<Omit<ServerOptions, "socket">> & { readonly socket?: string };

async function start({ socket, ...more }: More = {}): Promise<Server> {
  const server = await createServer({
    serving: fakeServing(),
    models: [flightDelaySpec],
    host: "127.0.0.1",
    port: 0,
    version: "1.2.3",
    now: () => fakeNow,
    ...more,
    ...(socket === undefined ? {} : { socket: { path: socket, hold: tryHoldFile } }),
  });
  servers.push(server);
  return server;
}

/** The status of a request over TLS on a connection of its own; rejects when TLS does. */
function ask(port: number, more: RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = safeRequest({ host: "127.0.0.1", port, path: "/healthz", agent: false, ...more }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode ?? 0));
    });
    request.once("error", reject);
    request.end();
  });
}

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

beforeAll(() => {
  if (!hasOpenssl) return;
  for (const name of ["one", "two", "client"]) certificate(name);
});
const pem = (name: string): Buffer => readFileSync(at(name));
/** The files that a server reads, holding `name` now. */
function put(name: string): { readonly cert: string; readonly key: string } {
  copyFileSync(at(`${name}.crt`), at("server.crt"));
  copyFileSync(at(`${name}.key`), at("server.key"));
  return { cert: at("server.crt"), key: at("server.key") };
}

describe.skipIf(!hasOpenssl)("TLS, with certificates that openssl makes", () => {
  it("is what the files say, also when they change, and stays when they cannot be used", async () => {
    const server = await start({ tls: put("one") });
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    const [one, two] = [{ ca: pem("one-root.crt") }, { ca: pem("two-root.crt") }];
    expect(await ask(server.port, one)).toBe(200);
    await expect(ask(server.port, two)).rejects.toThrow(/certificate/);
    expect(await server.renewTls()).toBe(false);
    put("two");
    expect(await server.renewTls()).toBe(true);
    expect(await ask(server.port, two)).toBe(200);
    await expect(ask(server.port, one)).rejects.toThrow(/certificate/);
    copyFileSync(at("one.key"), at("server.key"));
    await expect(server.renewTls()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("server.key"),
    });
    expect(await ask(server.port, two)).toBe(200);
  });

  it("lets only clients in with a certificate, when it is to", async () => {
    const server = await start({ tls: { ...put("one"), ca: at("client-root.crt") } });
    const ca = pem("one-root.crt");
    await expect(ask(server.port, { ca })).rejects.toThrow();
    await expect(ask(server.port, { ca, cert: pem("two.crt"), key: pem("two.key") })).rejects.toThrow();
    expect(await ask(server.port, { ca, cert: pem("client.crt"), key: pem("client.key") })).toBe(200);
  });

  it("takes only authorities of which every certificate is whole, and keeps the last good ones when the file changes", async () => {
    const [first, second] = [pem("client-root.crt").toString(), pem("two-root.crt").toString()];
    const ca = at("clients.crt");
    const spoilt = second.replace(/\n[\w+/]{20}/, `\n${"A".repeat(20)}`);
    const broken: readonly (readonly [text: string, told: RegExp])[] = [
      [first + second.slice(0, -60), /cut off/],
      [first + second.slice(0, second.length / 2), /cut off/],
      [first + second.replace("-----BEGIN CERTIFICATE-----\n", ""), /cut off/],
      [first + pem("one.key").toString(), /besides whole certificates/],
      [first + spoilt, /certificate 2 of 2/],
      ["-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n", /certificate 1 of 1/],
      ["", /no certificate/],
    ];
    for (const [text, told] of broken) {
      writeFileSync(ca, text);
      await expect(start({ tls: { ...put("one"), ca } })).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(told),
      });
    }
    // Words between certificates, and either line ending, are usual.
    writeFileSync(ca, `# clients\n${first}\nsubject=two\n${second.replaceAll("\n", "\r\n")}`);
    const server = await start({ tls: { ...put("one"), ca } });
    const asks = (name: string): Promise<number> =>
      ask(server.port, { ca: pem("one-root.crt"), cert: pem(`${name}.crt`), key: pem(`${name}.key`) });
    expect([await asks("client"), await asks("two")]).toEqual([200, 200]);
    for (const [text] of broken) {
      writeFileSync(ca, text);
      await expect(server.renewTls()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
    expect([await asks("client"), await asks("two")]).toEqual([200, 200]);
    writeFileSync(ca, first);
    expect(await server.renewTls()).toBe(true);
    expect(await asks("client")).toBe(200);
    await expect(asks("two")).rejects.toThrow();
  });

  it("is the same for gRPC, and follows its files there", async () => {
    const server = await start({
      tls: { ...put("one"), ca: at("client-root.crt") },
      grpc: { host: "127.0.0.1", port: 0 },
    });
    const Client = makeGenericClientConstructor({}, "none");
    const call = (root: string, client?: string): Promise<unknown> => {
      const pair = client === undefined ? [] : ([pem(`${client}.key`), pem(`${client}.crt`)] as const);
      const open = new Client(server.grpc ?? "", credentials.createSsl(pem(root), ...pair));
      const same = (bytes: Buffer): Buffer => bytes;
      return new Promise((resolve, reject) => {
        open.makeUnaryRequest(
          "/inference.GRPCInferenceService/ServerLive",
          same,
          same,
          Buffer.alloc(0),
          { deadline: Date.now() + 3000 },
          (failed, answer) => {
            open.close();
            if (failed) reject(failed);
            else resolve(answer);
          },
        );
      });
    };
    expect(await call("one-root.crt", "client")).toEqual(Buffer.from([8, 1]));
    await expect(call("one-root.crt")).rejects.toThrow();
    put("two");
    await server.renewTls();
    expect(await call("two-root.crt", "client")).toEqual(Buffer.from([8, 1]));
  });

  test.each<[what: string, files: () => ServerOptions["tls"], told: RegExp]>([
    [
      "a file that is not there",
      () => ({ ...put("one"), cert: at("none.crt") }),
      /none\.crt cannot be read \(ENOENT\)/,
    ],
    ["a key as a certificate", () => ({ ...put("one"), cert: at("one.key") }), /one\.key cannot be used/],
    ["another's key", () => ({ ...put("one"), key: at("two.key") }), /two\.key cannot be used/],
    ["an authority that is none", () => ({ ...put("one"), ca: at("one.key") }), /authority .*one\.key cannot be used/],
  ])("refuses %s before it listens", async (_, files, told) => {
    await expect(start({ tls: files() as NonNullable<ServerOptions["tls"]> })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(told),
    });
  });

  it("ends at once although clients are connected that have asked nothing, and not before the others are answered", async () => {
    const server = await start({ tls: put("one") });
    const silent = connect(server.port, "127.0.0.1");
    await once(silent, "connect");
    const closed = once(silent, "close");
    servers.length = 0;
    await server.close();
    await closed;
  });
});

describe("a Unix socket", () => {
  const overSocket = (socketPath: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = plainRequest({ socketPath, path: "/healthz", agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      request.once("error", reject);
      request.end();
    });

  it("answers, is held against a second server, and is gone at the end", async () => {
    const socket = at("live");
    const server = await start({ socket });
    expect(server.url).toBe(`unix:${socket}`);
    expect(await overSocket(socket)).toBe(200);
    await expect(start({ socket })).rejects.toMatchObject({ code: "PORT_IN_USE" });
    expect(await overSocket(socket)).toBe(200);
    servers.length = 0;
    await server.close();
    expect(existsSync(socket)).toBe(false);
  });

  /** A process of its own that listens with room for `backlog` connections more. */
  async function listener(socket: string, backlog = 511): Promise<(signal: NodeJS.Signals) => Promise<void>> {
    const where = JSON.stringify({ path: socket, backlog });
    const script = `require("net").createServer().listen(${where}, () => console.log("up"))`;
    const child = spawn(process.execPath, ["-e", script]);
    await once(child.stdout, "data");
    return async (signal) => {
      const ended = once(child, "exit");
      child.kill(signal);
      if (signal === "SIGKILL") await ended;
    };
  }

  it("takes the place of one that a killed process left", async () => {
    const socket = at("stale");
    const stop = await listener(socket);
    await stop("SIGKILL");
    expect(statSync(socket).isSocket()).toBe(true);
    await start({ socket });
    expect(await overSocket(socket)).toBe(200);
  });

  it("is one server's when several start at once where a killed process left one", async () => {
    const socket = at("raced");
    for (let times = 0; times < 5; times += 1) {
      const stop = await listener(socket);
      await stop("SIGKILL");
      const started = await Promise.allSettled([1, 2, 3].map(() => start({ socket })));
      const refused = started.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
      expect(refused).toMatchObject([{ code: "PORT_IN_USE" }, { code: "PORT_IN_USE" }]);
      expect(await overSocket(socket)).toBe(200);
      for (const server of servers.splice(0)) await server.close();
      expect([existsSync(socket), existsSync(`${socket}.lock`)]).toEqual([false, false]);
    }
  });

  // Other systems refuse the connection there, as if nobody listened.
  it.runIf(process.platform === "linux")(
    "stays that of a server which is too busy to take more connections",
    async () => {
      const socket = at("busy");
      const stop = await listener(socket, 1);
      await stop("SIGSTOP");
      const waiting: Socket[] = [];
      try {
        let failed: NodeJS.ErrnoException | undefined;
        while (!failed) {
          const one = connect(socket);
          waiting.push(one);
          failed = await new Promise((resolve) => one.once("connect", () => resolve(undefined)).once("error", resolve));
        }
        expect(failed.code).toBe("EAGAIN");
        await expect(start({ socket })).rejects.toMatchObject({ code: "PORT_IN_USE" });
        expect(statSync(socket).isSocket()).toBe(true);
      } finally {
        for (const each of waiting) each.destroy();
        await stop("SIGKILL");
      }
    },
  );

  it("needs a folder that is there and that may be written", async () => {
    const told = { code: "USAGE", message: expect.stringContaining("folder") };
    await expect(start({ socket: at("nowhere/http") })).rejects.toMatchObject(told);
    writeFileSync(at("a-file"), "");
    await expect(start({ socket: at("a-file/http") })).rejects.toMatchObject(told);
    if (process.getuid?.() === 0) return;
    mkdirSync(at("shut"), { mode: 0o555 });
    await expect(start({ socket: at("shut/http") })).rejects.toMatchObject(told);
  });

  it("never takes the place of a file, nor of a path that no socket can have", async () => {
    writeFileSync(at("notes"), "keep me");
    await expect(start({ socket: at("notes") })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("no socket"),
    });
    expect(readFileSync(at("notes"), "utf8")).toBe("keep me");
    await expect(start({ socket: at("x".repeat(120)) })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("pages of other origins", () => {
  const origin = "https://app.example.com";
  const preflight = (url: string, from: string): Promise<Response> =>
    fetch(`${url}/api/v1/models/flight_delay/predict`, {
      method: "OPTIONS",
      headers: {
        origin: from,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
  const predict = (url: string, from: string): Promise<Response> =>
    fetch(`${url}/api/v1/models/flight_delay/predict`, {
      method: "POST",
      headers: { origin: from, "content-type": "application/json" },
      body: JSON.stringify(goodBody),
    });
  const allowed = (answer: Response): string | null => answer.headers.get("access-control-allow-origin");

  it("may read nothing unless said", async () => {
    const { url } = await start();
    expect(allowed(await predict(url, origin))).toBeNull();
    const asked = await preflight(url, origin);
    expect([asked.status, allowed(asked)]).toEqual([404, null]);
  });

  it("may read answers and refusals when they are named, and no others may", async () => {
    const { url } = await start({ cors: [origin] });
    const asked = await preflight(url, origin);
    expect([asked.status, allowed(asked)]).toEqual([204, origin]);
    expect(asked.headers.get("access-control-allow-methods")).toContain("POST");
    expect(asked.headers.get("access-control-allow-headers")).toContain("content-type");
    expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
    const answer = await predict(url, origin);
    expect([answer.status, allowed(answer), answer.headers.get("vary")]).toEqual([200, origin, "Origin"]);
    const refused = await fetch(`${url}/nowhere`, { headers: { origin } });
    expect([refused.status, allowed(refused)]).toEqual([404, origin]);
    for (const other of ["https://app.example.com.evil.example", "http://app.example.com", "null"])
      expect([allowed(await predict(url, other)), allowed(await preflight(url, other))], other).toEqual([null, null]);
  });

  it("may all read when all are allowed", async () => {
    const { url } = await start({ cors: ["*"] });
    expect(allowed(await predict(url, "https://any.example"))).toBe("*");
  });
});

describe("clients that take their time, or too much room", () => {
  const patience = { headMs: 300, requestMs: 600, everyMs: 50 };
  const head = "POST /api/v1/models/flight_delay/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

  /** Sends text and waits for the server to end the connection. */
  async function cutOff(port: number, text: string): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    socket.on("data", (part) => {
      said += part;
    });
    socket.on("error", () => undefined);
    socket.write(text);
    await once(socket, "close");
    return said;
  }

  const works = async (server: Server): Promise<number> =>
    (
      await fetch(`${server.url}/api/v1/models/flight_delay/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(goodBody),
      })
    ).status;

  test.each([
    ["never ends its head", head],
    ["never ends its body", `${head}Content-Length: 100\r\n\r\n{"row":`],
    ["never ends its chunks", `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"row\r\n`],
  ])("one that %s is told and let go, and others are answered meanwhile", async (_, text) => {
    const server = await start({ patience });
    const slow = Promise.all(Array.from({ length: 20 }, () => cutOff(server.port, text)));
    expect(await works(server)).toBe(200);
    for (const said of await slow) expect(said).toMatch(/^HTTP\/1\.1 400 .*INPUT_INVALID.*took too long/s);
    expect(await works(server)).toBe(200);
  });

  it.skipIf(!hasOpenssl)("one that never agrees on TLS is let go", async () => {
    const server = await start({ patience, tls: put("one") });
    expect(await cutOff(server.port, "\u0016\u0003\u0001")).toBe("");
    expect(await ask(server.port, { ca: pem("one-root.crt") })).toBe(200);
  });

  test.each([
    ["a head of 64 KiB", `${head}X-Much: ${"x".repeat(65_536)}\r\n\r\n`],
    ["2,000 headers", `${head}${Array.from({ length: 2_000 }, (_, place) => `X-${place}: 1`).join("\r\n")}\r\n\r\n`],
    ["no HTTP", "\u0000\u0001\u0002 hello\r\n\r\n"],
  ])("%s is refused", async (_, text) => {
    const server = await start({ patience });
    expect(await cutOff(server.port, text)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await works(server)).toBe(200);
  });

  test.each(["[", '{"row":'])("a body nested a million times %s is refused", async (open) => {
    const server = await start();
    const close = open === "[" ? "]" : "}";
    const answer = await fetch(`${server.url}/api/v1/models/flight_delay/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `${open.repeat(400_000)}1${close.repeat(400_000)}`,
    });
    expect(answer.status).toBe(400);
    expect(await works(server)).toBe(200);
  });
});
