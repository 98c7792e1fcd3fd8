// The gRPC port, asked by a client that knows the protocol's messages and nothing of the server.

import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SlipwayError } from "../../core/core.ts";
import type { Access, AdmissionLimits } from "../../platform/platform.ts";
import { type FakeServing, fakeNow, fakeServing, flightDelaySpec } from "../fake-serving.fixture.ts";
import { createServer, type Server } from "../server.ts";
import { ServerReflectionRequestSchema, ServerReflectionResponseSchema } from "./protocol/grpc/reflection_pb.ts";
import { GRPCInferenceService } from "./protocol/inference/service_pb.ts";
import { ModelInferRequestSchema, ModelStreamInferResponseSchema } from "./protocol/inference/tensors_pb.ts";

const WIDTH = 6;
const SERVICE = "/inference.GRPCInferenceService";

let serving: FakeServing;
let server: Server;
let client: Client;
async function start(access?: Access, limits?: AdmissionLimits): Promise<void> {
  serving = fakeServing();
  const place = { host: "127.0.0.1", port: 0 };
  const options = {
    serving,
    models: [flightDelaySpec],
    version: "1.2.3",
    now: () => fakeNow,
    ...(access ? { access } : {}),
    ...(limits ? { limits } : {}),
  };
  server = await createServer({ ...options, ...place, grpc: place, logger: { level: "silent" } });
  client = new Client(server.grpc ?? "", credentials.createInsecure());
}
beforeEach(() => start());
afterEach(async () => {
  client.close();
  await server.close(AbortSignal.timeout(1_000));
});

const same = (bytes: Buffer): Buffer => bytes;

function callRaw(path: string, bytes: Uint8Array, metadata = new Metadata()): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, Buffer.from(bytes), metadata, (failed, answer) =>
      failed ? reject(failed) : resolve(answer ?? Buffer.alloc(0)),
    );
  });
}

type Methods = typeof GRPCInferenceService.method;

async function call<N extends keyof Methods>(
  name: N,
  message: MessageInitShape<Methods[N]["input"]>,
  metadata?: Metadata,
): Promise<MessageShape<Methods[N]["output"]>> {
  const { input, output, name: wire } = GRPCInferenceService.method[name];
  const bytes = toBinary(input as DescMessage, create(input as DescMessage, message as object as never) as never);
  return fromBinary(output as DescMessage, await callRaw(`${SERVICE}/${wire}`, bytes, metadata)) as never;
}

const refusal = (code: number, text: string): unknown =>
  expect.objectContaining({ code, details: expect.stringContaining(text) });

function raw(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

const tensor = (rows: number, more: object = {}): object => ({
  name: "input",
  datatype: "FP32",
  shape: [BigInt(rows), BigInt(WIDTH)],
  ...more,
});
const twoRows = [1, 2, 3, 4, 5, 6, 0.5, 0, 0, 0, 0, 0];
const request = (more: object = {}) => ({
  modelName: "flight_delay",
  inputs: [tensor(2)],
  rawInputContents: [raw(...twoRows)],
  ...more,
});

describe("what there is", () => {
  it("tells of the server, its models and their tensors", async () => {
    expect((await call("serverLive", {})).live).toBe(true);
    expect((await call("serverReady", {})).ready).toBe(true);
    expect(await call("serverMetadata", {})).toMatchObject({
      name: "slipway",
      version: "1.2.3",
      extensions: ["binary_tensor_data"],
    });
    expect((await call("modelReady", { name: "flight_delay" })).ready).toBe(true);
    expect(await call("modelMetadata", { name: "flight_delay", version: "3" })).toMatchObject({
      versions: ["3"],
      platform: "slipway",
      inputs: [{ name: "input", datatype: "FP32", shape: [-1n, 6n] }],
      outputs: [{ name: "score", datatype: "FP32", shape: [-1n] }],
    });
    expect((await call("repositoryIndex", {})).models).toMatchObject([
      { name: "flight_delay", version: "3", state: "READY", reason: "" },
    ]);
  });

  it("says what is not there, and what does not answer yet", async () => {
    await expect(call("modelMetadata", { name: "other" })).rejects.toEqual(refusal(status.NOT_FOUND, "unknown model"));
    await expect(call("modelReady", { name: "flight_delay", version: "2" })).rejects.toEqual(
      refusal(status.NOT_FOUND, "version 3 is"),
    );
    serving.version = undefined;
    serving.problem = new SlipwayError("FEATURES_MISMATCH", "trained with other features");
    expect((await call("serverReady", {})).ready).toBe(false);
    await expect(call("modelInfer", request())).rejects.toEqual(
      refusal(status.FAILED_PRECONDITION, "trained with other features"),
    );
    expect((await call("repositoryIndex", {})).models).toMatchObject([
      { state: "UNAVAILABLE", reason: "trained with other features" },
    ]);
    expect((await call("repositoryIndex", { ready: true })).models).toEqual([]);
  });
});

describe("infer", () => {
  it("answers raw tensors raw, and echoes the id", async () => {
    const answer = await call("modelInfer", request({ id: "r1" }));
    expect(answer).toMatchObject({ modelName: "flight_delay", modelVersion: "3", id: "r1" });
    expect(answer.outputs).toMatchObject([{ name: "score", datatype: "FP32", shape: [2n] }]);
    expect(answer.outputs[0]?.contents).toBeUndefined();
    expect(Array.from(new Float32Array(Uint8Array.from(answer.rawOutputContents[0] ?? []).buffer))).toEqual([21, 0.5]);
  });

  it.each([
    ["FP32", { fp32Contents: twoRows }],
    ["FP64", { fp64Contents: twoRows }],
  ])("answers typed %s typed", async (datatype, contents) => {
    const answer = await call(
      "modelInfer",
      request({ inputs: [tensor(2, { datatype, contents })], rawInputContents: [] }),
    );
    expect(answer.outputs[0]?.contents?.fp32Contents).toEqual([21, 0.5]);
    expect(answer.rawOutputContents).toEqual([]);
  });

  it.each([
    ["INT8", { intContents: [1, 2, 3, 4, 5, -6] }, 9],
    ["INT32", { intContents: [1, 2, 3, 4, 5, -6] }, 9],
    ["INT64", { int64Contents: [1n, 2n, 3n, 4n, 5n, -6n] }, 9],
    ["UINT8", { uintContents: [1, 2, 3, 4, 5, 255] }, 270],
    ["UINT64", { uint64Contents: [1n, 2n, 3n, 4n, 5n, 6n] }, 21],
  ])("takes typed %s", async (datatype, contents, score) => {
    const answer = await call(
      "modelInfer",
      request({ inputs: [tensor(1, { datatype, contents })], rawInputContents: [] }),
    );
    expect(answer.outputs[0]?.contents?.fp32Contents).toEqual([score]);
  });

  it.each([
    ["a wrong shape", { inputs: [tensor(3)] }, "72 bytes; 48 were sent"],
    ["a shape below zero", { inputs: [tensor(-1)] }, "no size"],
    ["a name it does not have", { inputs: [tensor(2, { name: "x" })] }, 'called "input"'],
    ["a datatype it does not take", { inputs: [tensor(2, { datatype: "BOOL" })] }, "datatype"],
    ["fewer raw tensors than inputs", { inputs: [tensor(2), tensor(2)] }, "2 inputs and 1 raw_input_contents"],
    ["raw and typed at once", { inputs: [tensor(2, { contents: { fp32Contents: twoRows } })] }, "both contents"],
    [
      "values in another type's field",
      { inputs: [tensor(2, { contents: { fp64Contents: twoRows } })], rawInputContents: [] },
      "they go into fp32_contents",
    ],
    [
      "a number beyond its type",
      {
        inputs: [tensor(1, { datatype: "INT8", contents: { intContents: [1, 2, 128, 0, 0, 0] } })],
        rawInputContents: [],
      },
      "Element 2",
    ],
    ["typed FP16", { inputs: [tensor(2, { datatype: "FP16" })], rawInputContents: [] }, "raw_input_contents"],
    ["infinity", { rawInputContents: [raw(...twoRows.slice(1), Number.POSITIVE_INFINITY)] }, "infinite"],
    ["an output it does not have", { outputs: [{ name: "margin" }] }, '"score"'],
    [
      "shared memory",
      {
        inputs: [
          tensor(2, { parameters: { shared_memory_region: { parameterChoice: { case: "stringParam", value: "r" } } } }),
        ],
      },
      "not supported",
    ],
  ])("refuses %s", async (_, more, text) => {
    await expect(call("modelInfer", request(more))).rejects.toEqual(refusal(status.INVALID_ARGUMENT, text));
  });

  it("refuses what is no message, and goes on", async () => {
    await expect(callRaw(`${SERVICE}/ModelInfer`, Buffer.from([0xff, 0xff, 0xff]))).rejects.toEqual(
      refusal(status.INVALID_ARGUMENT, "not a valid inference.ModelInferRequest"),
    );
    await expect(callRaw(`${SERVICE}/ModelConfig`, Buffer.alloc(0))).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
    });
    await expect(callRaw(`${SERVICE}/ModelInfer`, Buffer.alloc(33 * 1024 * 1024))).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
    expect((await call("modelInfer", request())).outputs).toHaveLength(1);
  });

  it("keeps what goes wrong inside to itself", async () => {
    serving.before = async () => {
      throw new Error("/secret/path");
    };
    const failed = (await call("modelInfer", request()).catch((thrown: unknown) => thrown)) as ServiceError;
    expect(failed.code).toBe(status.INTERNAL);
    expect(failed.details).not.toContain("secret");
  });

  it("answers a stream in its order, and a bad request in it with a text", async () => {
    const stream = client.makeBidiStreamRequest(
      `${SERVICE}/ModelStreamInfer`,
      (message: Uint8Array) => Buffer.from(message),
      (bytes: Buffer) => fromBinary(ModelStreamInferResponseSchema, bytes),
    );
    const bytesOf = (message: object): Uint8Array =>
      toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, message));
    for (const id of ["a", "b"]) stream.write(bytesOf(request({ id })));
    stream.write(bytesOf(request({ id: "bad", inputs: [tensor(3)] })));
    stream.write(bytesOf(request({ id: "c" })));
    stream.end();
    const answers: unknown[] = [];
    for await (const { errorMessage, inferResponse } of stream) answers.push([inferResponse?.id, errorMessage]);
    expect(answers).toEqual([
      ["a", ""],
      ["b", ""],
      ["bad", expect.stringContaining("72 bytes")],
      ["c", ""],
    ]);
  });
});

describe("around it", () => {
  it("answers grpc.health.v1", async () => {
    const check = (service: string): Promise<Buffer> =>
      callRaw("/grpc.health.v1.Health/Check", Buffer.from([0x0a, service.length, ...Buffer.from(service)]));
    expect(await check("")).toEqual(Buffer.from([0x08, 1]));
    expect(await check("inference.GRPCInferenceService")).toEqual(Buffer.from([0x08, 1]));
    await expect(check("other")).rejects.toBeDefined();
    serving.version = undefined;
    expect(await check("")).toEqual(Buffer.from([0x08, 2]));
  });

  it.each(["v1", "v1alpha"])("reflects what it speaks, %s", async (version) => {
    const ask = async (messageRequest: object): Promise<MessageShape<typeof ServerReflectionResponseSchema>> => {
      const stream = client.makeBidiStreamRequest(
        `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
        (message: Uint8Array) => Buffer.from(message),
        (bytes: Buffer) => fromBinary(ServerReflectionResponseSchema, bytes),
      );
      stream.write(
        toBinary(ServerReflectionRequestSchema, create(ServerReflectionRequestSchema, { messageRequest } as object)),
      );
      stream.end();
      for await (const answer of stream) return answer;
      throw new Error("no answer");
    };
    const list = await ask({ case: "listServices", value: "" });
    expect(list.messageResponse.value).toMatchObject({
      service: [
        { name: "inference.GRPCInferenceService" },
        { name: "grpc.health.v1.Health" },
        { name: "grpc.reflection.v1.ServerReflection" },
      ],
    });
    for (const symbol of [
      "inference.GRPCInferenceService",
      "inference.GRPCInferenceService.ModelInfer",
      "grpc.health.v1.HealthCheckResponse.ServingStatus",
    ]) {
      const { messageResponse } = await ask({ case: "fileContainingSymbol", value: symbol });
      if (messageResponse.case !== "fileDescriptorResponse") throw new Error(`no file of ${symbol}`);
      const names = messageResponse.value.fileDescriptorProto.map(
        (each) => fromBinary(FileDescriptorProtoSchema, each).name,
      );
      expect(names[0]).toMatch(symbol.startsWith("grpc") ? /health/ : /service/);
    }
    expect((await ask({ case: "fileByFilename", value: "other.proto" })).messageResponse.case).toBe("errorResponse");
  });

  it("counts calls by method and status", async () => {
    await call("modelInfer", request());
    await call("modelInfer", request({ modelName: "evil" })).catch(() => undefined);
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain(`slipway_grpc_call_duration_seconds_count{method="${SERVICE}/ModelInfer",status="OK"} 1`);
    expect(text).toContain(
      `slipway_grpc_call_duration_seconds_count{method="${SERVICE}/ModelInfer",status="NOT_FOUND"} 1`,
    );
    expect(text).toContain('slipway_tensor_rows_scored_total{model="flight_delay",version="3"} 2');
    expect(text).not.toContain("evil");
  });

  it("lets a call under way finish before it closes", async () => {
    let go = (): void => undefined;
    const asked = new Promise<void>((begun) => {
      serving.before = () =>
        new Promise((resolve) => {
          go = resolve;
          begun();
        });
    });
    const answer = call("modelInfer", request());
    await asked;
    const closed = server.close();
    go();
    expect((await answer).outputs).toHaveLength(1);
    await closed;
  });
});

describe("signing in", () => {
  const access = {
    isSignInNeeded: async () => true,
    signIn: async (given: { readonly key: string } | undefined) => {
      if (given?.key === "service") return { name: "app", role: "service" };
      if (given?.key === "admin") return { name: "ada", role: "admin" };
      if (given?.key === "viewer") return { name: "eve", role: "viewer" };
      throw new SlipwayError("SIGN_IN_NEEDED", "Sign in.");
    },
  } as unknown as Access;
  const key = (value: string): Metadata => {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${value}`);
    return metadata;
  };

  it("asks for a key whose role may, except for health", async () => {
    client.close();
    await server.close();
    await start(access);
    await expect(call("modelInfer", request())).rejects.toEqual(refusal(status.UNAUTHENTICATED, "Sign in"));
    await expect(call("modelInfer", request(), key("wrong"))).rejects.toEqual(
      refusal(status.UNAUTHENTICATED, "Sign in"),
    );
    await expect(call("modelInfer", request(), key("viewer"))).rejects.toEqual(
      refusal(status.PERMISSION_DENIED, "eve signs in as viewer"),
    );
    expect((await call("modelInfer", request(), key("service"))).outputs).toHaveLength(1);
    // Of a message that is too large it would be said otherwise: nothing of it was read.
    await expect(callRaw(`${SERVICE}/ModelInfer`, Buffer.alloc(33 * 1024 * 1024))).rejects.toEqual(
      refusal(status.UNAUTHENTICATED, "Sign in"),
    );
    await expect(callRaw(`${SERVICE}/Evil`, Buffer.alloc(0))).rejects.toBeDefined();
    expect(
      await (await fetch(`${server.url}/metrics`, { headers: { authorization: "Bearer admin" } })).text(),
    ).not.toContain("Evil");
    expect((await call("serverLive", {})).live).toBe(true);
    await expect(call("modelMetadata", { name: "flight_delay" })).rejects.toEqual(
      refusal(status.UNAUTHENTICATED, "Sign in"),
    );
  });
});

it("says so when its port is taken, and leaves nothing listening", async () => {
  const port = Number(server.grpc?.split(":").at(-1));
  const place = { host: "127.0.0.1", port: 0 };
  await expect(
    createServer({
      serving,
      models: [flightDelaySpec],
      version: "1",
      now: () => fakeNow,
      ...place,
      grpc: { ...place, port },
    }),
  ).rejects.toMatchObject({ code: "PORT_IN_USE" });
});

describe("how much at once", () => {
  beforeEach(async () => {
    client.close();
    await server.close();
    await start(undefined, { concurrency: 1, queue: 1 });
  });

  it("turns away with RESOURCE_EXHAUSTED and when to ask again; drops what its parameter or deadline says", async () => {
    let open = (): void => {};
    const isOpen = new Promise<void>((resolve) => {
      open = resolve;
    });
    let begun = 0;
    serving.before = () => {
      begun += 1;
      return isOpen;
    };
    const first = call("modelInfer", request());
    while (begun < 1) await new Promise((resolve) => setImmediate(resolve));
    // While the one before it is under way, which takes as long as it wants.
    const timeout = { parameterChoice: { case: "int64Param" as const, value: 1_000n } };
    await expect(call("modelInfer", request({ parameters: { timeout } }))).rejects.toEqual(
      refusal(status.DEADLINE_EXCEEDED, "before it was begun"),
    );
    const second = call("modelInfer", request());
    const turnedAway = async (): Promise<ServiceError> => {
      for (;;) {
        const failed = await call("modelInfer", request()).then(
          () => undefined,
          (thrown: ServiceError) => thrown,
        );
        if (failed?.code === status.RESOURCE_EXHAUSTED) return failed;
      }
    };
    expect((await turnedAway()).metadata.getMap()).toMatchObject({
      "slipway-code": "OVERLOADED",
      "grpc-retry-pushback-ms": "1000",
    });
    open();
    expect((await first).modelVersion).toBe("3");
    expect((await second).modelVersion).toBe("3");
    expect(begun).toBe(2);
    expect((await call("modelInfer", request())).modelVersion).toBe("3");
  });
});
