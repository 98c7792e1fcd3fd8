// Whatever arrives at the gRPC port, the server neither fails nor falls: what is a call is answered with a status, what is none loses its connection,
// and the next right call is answered. SLIPWAY_TEST_REQUESTS sets how many requests that are.

import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fakeNow, fakeServing, flightDelaySpec } from "../fake-serving.fixture.ts";
import { createServer, type Server } from "../server.ts";
import { ModelInferRequestSchema } from "./protocol/inference/tensors_pb.ts";

const REQUESTS = Number(process.env["SLIPWAY_TEST_REQUESTS"] ?? 1000);
const SLOW = 600_000;
const INFER = "/inference.GRPCInferenceService/ModelInfer";

let server: Server;
let session: ClientHttp2Session;
beforeAll(async () => {
  const place = { host: "127.0.0.1", port: 0 };
  const options = { serving: fakeServing(), models: [flightDelaySpec], version: "1", now: () => fakeNow };
  server = await createServer({ ...options, ...place, grpc: place, logger: { level: "silent" } });
  session = connectHttp2(`http://${server.grpc}`);
});
afterAll(async () => {
  session.destroy();
  await server.close(AbortSignal.timeout(1_000));
});

const good = toBinary(
  ModelInferRequestSchema,
  create(ModelInferRequestSchema, {
    modelName: "flight_delay",
    inputs: [{ name: "input", datatype: "FP32", shape: [1n, 6n] }],
    rawInputContents: [new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer)],
  }),
);

/** A message behind its five bytes, which may say something else of it. */
function framed(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** Calls with these bytes; the status that it ends with, or undefined when the stream was reset. */
function call(path: string, bytes: Uint8Array, headers: Record<string, string> = {}): Promise<number | undefined> {
  return new Promise((resolve) => {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    let told: number | undefined;
    const note = (given: Record<string, unknown>): void => {
      if (given["grpc-status"] !== undefined) told = Number(given["grpc-status"]);
    };
    stream
      .on("response", note)
      .on("trailers", note)
      .on("error", () => undefined);
    stream.on("close", () => resolve(told)).resume();
    stream.end(bytes);
  });
}

const damaged: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.nat(good.length).map((length) => good.subarray(0, length)),
  fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }).map((hits) => {
    const bytes = good.slice();
    for (const [place, byte] of hits) bytes[place] = byte;
    return bytes;
  }),
);

it("answers or refuses any message", { timeout: SLOW }, async () => {
  const told = [status.OK, status.INVALID_ARGUMENT, status.NOT_FOUND];
  const property = fc.asyncProperty(damaged, async (message) => {
    expect(told).toContain(await call(INFER, framed(message)));
  });
  await fc.assert(property, { numRuns: REQUESTS });
  expect(await call(INFER, framed(good))).toBe(status.OK);
});

it("refuses frames that lie, paths that are not there and headers that are none of gRPC's", {
  timeout: SLOW,
}, async () => {
  const frames = fc.oneof(
    fc.tuple(damaged, fc.nat(255), fc.nat(2 ** 32 - 1)).map(([message, flag, length]) => framed(message, flag, length)),
    fc.uint8Array({ maxLength: 20 }),
    fc.constant(Buffer.concat([framed(good), framed(good)])),
  );
  const paths = fc.oneof(
    fc.constant(INFER),
    fc.webPath().map((path) => `/${path}`),
  );
  const headers = fc.oneof(
    fc.constant({}),
    fc.record({ "grpc-encoding": fc.constantFrom("gzip", "deflate", "snappy", "x") }),
    fc.record({ "grpc-timeout": fc.constantFrom("1n", "0S", "-1S", "99999999H", "soon", "") }),
    fc.record({ "content-type": fc.constantFrom("text/plain", "application/grpc+json", "") }),
  );
  const property = fc.asyncProperty(paths, frames, headers, async (path, bytes, given) => {
    const ended = await call(path, bytes, given);
    // A stream that the library resets has no status, and neither has what is not gRPC's content type.
    if (ended !== undefined) expect(status[ended]).toBeDefined();
    expect(session.destroyed).toBe(false);
  });
  await fc.assert(property, { numRuns: REQUESTS });
  expect(await call(INFER, framed(good))).toBe(status.OK);
});

it("loses connections that are not HTTP/2, and nothing else", { timeout: SLOW }, async () => {
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const start = fc.constantFrom(
    Buffer.alloc(0),
    preface,
    Buffer.concat([preface, settings]),
    Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
  );
  const property = fc.asyncProperty(start, fc.uint8Array({ maxLength: 200 }), async (head, tail) => {
    const socket = connect(Number(server.grpc?.split(":")[1]), "127.0.0.1");
    socket.on("error", () => undefined).resume();
    const closed = once(socket, "close").catch(() => undefined);
    socket.end(Buffer.concat([head, tail]));
    setTimeout(() => socket.destroy(), 50);
    await closed;
  });
  await fc.assert(property, { numRuns: Math.ceil(REQUESTS / 10) });
  expect(await call(INFER, framed(good))).toBe(status.OK);
});
