// The Open Inference Protocol as NVIDIA's own Python client speaks it, over HTTP (binary tensors by default, no Content-Type, compressed bodies) and
// over gRPC (raw contents, streams), and as gRPC's own health and reflection clients ask. Runs where Python can import them
// (python3 -m pip install 'tritonclient[http,grpc]' grpcio-reflection grpcio-health-checking; SLIPWAY_TRITON_PYTHON names that Python, default
// python3); skipped elsewhere.

import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fakeNow, fakeServing, flightDelaySpec } from "../../src/server/fake-serving.fixture.ts";
import { createServer, type Server } from "../../src/server/server.ts";

const program = `
import sys, json
import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException
client = http.InferenceServerClient(sys.argv[1])
rows = np.arange(12, dtype=np.float32).reshape(2, 6)
rows[1, 0] = 0

def infer(data=rows, dtype="FP32", binary=True, binary_out=None, **more):
    tensor = http.InferInput("input", list(data.shape), dtype)
    tensor.set_data_from_numpy(data, binary_data=binary)
    outputs = None if binary_out is None else [http.InferRequestedOutput("score", binary_data=binary_out)]
    return client.infer("flight_delay", [tensor], outputs=outputs, **more)

def scores(**more):
    return infer(**more).as_numpy("score").tolist()

def refused(work):
    try:
        work()
    except InferenceServerException as problem:
        return [problem.status(), problem.message()]
    return None

print(json.dumps({
    "live": client.is_server_live(), "ready": client.is_server_ready(), "model": client.is_model_ready("flight_delay"),
    "other": client.is_model_ready("other"), "version": client.is_model_ready("flight_delay", "3"),
    "server": client.get_server_metadata(), "metadata": client.get_model_metadata("flight_delay"),
    "binary": scores(), "json": scores(binary=False, binary_out=False), "mixed": [scores(binary_out=False), scores(binary=False)],
    "doubles": scores(data=rows.astype(np.float64), dtype="FP64"), "longs": scores(data=rows.astype(np.int64), dtype="INT64"),
    "packed": [scores(request_compression_algorithm=a, response_compression_algorithm=a) for a in ("gzip", "deflate")],
    "id": infer(request_id="r1", model_version="3").get_response()["id"],
    "refused": {
        "model": refused(lambda: client.get_model_metadata("other")),
        "version": refused(lambda: infer(model_version="2")),
        "shape": refused(lambda: infer(data=rows[:, :5])),
        "dtype": refused(lambda: infer(data=rows > 1, dtype="BOOL")),
        "infinite": refused(lambda: infer(data=rows + np.inf)),
        "route": refused(lambda: client.get_model_config("flight_delay")),
    },
    "index": client.get_model_repository_index(),
}))
`;

const grpcProgram = `
import sys, json, queue
import numpy as np
import grpc as wire
import tritonclient.grpc as grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tritonclient.utils import InferenceServerException
client = grpc.InferenceServerClient(sys.argv[1])
rows = np.arange(12, dtype=np.float32).reshape(2, 6)
rows[1, 0] = 0

def tensor(data=rows, dtype="FP32"):
    made = grpc.InferInput("input", list(data.shape), dtype)
    made.set_data_from_numpy(data)
    return made

def infer(data=rows, dtype="FP32", **more):
    return client.infer("flight_delay", [tensor(data, dtype)], **more)

def scores(**more):
    return infer(**more).as_numpy("score").tolist()

def refused(work):
    try:
        work()
    except InferenceServerException as problem:
        return [problem.status(), problem.message()]
    return None

answers = queue.Queue()
client.start_stream(callback=lambda result, error: answers.put([result and result.get_response().id, error and error.message()]))
for name in ["a", "b"]:
    client.async_stream_infer("flight_delay", [tensor()], request_id=name)
client.async_stream_infer("flight_delay", [tensor(rows[:, :5])], request_id="bad")
client.async_stream_infer("flight_delay", [tensor()], request_id="c")
streamed = [answers.get(timeout=30) for _ in range(4)]
client.stop_stream()

channel = wire.insecure_channel(sys.argv[1])
health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service="")).status
database = ProtoReflectionDescriptorDatabase(channel)
service = DescriptorPool(database).FindServiceByName("inference.GRPCInferenceService")

print(json.dumps({
    "live": client.is_server_live(), "ready": client.is_server_ready(), "model": client.is_model_ready("flight_delay"),
    "other": refused(lambda: client.is_model_ready("other")), "server": client.get_server_metadata(as_json=True),
    "metadata": client.get_model_metadata("flight_delay", as_json=True), "index": client.get_model_repository_index(as_json=True),
    "scores": scores(), "doubles": scores(data=rows.astype(np.float64), dtype="FP64"), "longs": scores(data=rows.astype(np.int64), dtype="INT64"),
    "packed": [scores(compression_algorithm=a) for a in ("gzip", "deflate")],
    "id": infer(request_id="r1", model_version="3").get_response().id,
    "named": infer(outputs=[grpc.InferRequestedOutput("score")]).as_numpy("score").tolist(),
    "refused": {
        "model": refused(lambda: client.get_model_metadata("other")),
        "shape": refused(lambda: infer(data=rows[:, :5])),
        "dtype": refused(lambda: infer(data=rows > 1, dtype="BOOL")),
        "infinite": refused(lambda: infer(data=rows + np.inf)),
        "config": refused(lambda: client.get_model_config("flight_delay")),
    },
    "streamed": streamed, "health": health, "methods": [method.name for method in service.methods],
    "services": sorted(database.get_services()),
}))
`;

const python = process.env["SLIPWAY_TRITON_PYTHON"] ?? "python3";

function canImport(...modules: string[]): boolean {
  try {
    execFileSync(python, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

let server: Server | undefined;
beforeAll(async () => {
  const serving = fakeServing();
  const now = () => fakeNow;
  const place = { host: "127.0.0.1", port: 0 };
  server = await createServer({ serving, models: [flightDelaySpec], ...place, grpc: place, version: "1", now });
});
afterAll(() => server?.close());

it.skipIf(!canImport("tritonclient.http"))(
  "tritonclient.http gets its answers, and its refusals as texts",
  async () => {
    const address = `127.0.0.1:${server?.port}`;
    const { stdout } = await promisify(execFile)(python, ["-c", program, address]);
    const sums = [15, 45];
    const refusal = (status: string, text: string): unknown => [status, expect.stringContaining(text)];
    expect(JSON.parse(stdout)).toMatchObject({
      live: true,
      ready: true,
      model: true,
      other: false,
      version: true,
      server: { name: "slipway", extensions: ["binary_tensor_data"] },
      metadata: { name: "flight_delay", versions: ["3"] },
      binary: sums,
      json: sums,
      mixed: [sums, sums],
      doubles: sums,
      longs: sums,
      packed: [sums, sums],
      id: "r1",
      refused: {
        model: refusal("404", "unknown model"),
        version: refusal("404", "version 3 is"),
        shape: refusal("400", "shape [2,5]"),
        dtype: refusal("400", "datatype"),
        infinite: refusal("400", "infinite"),
        route: refusal("404", "no GET"),
      },
      index: [{ name: "flight_delay", version: "3", state: "READY", reason: "" }],
    });
  },
);

it.skipIf(!canImport("tritonclient.grpc", "grpc_health", "grpc_reflection"))(
  "tritonclient.grpc and gRPC's own clients get their answers, and their refusals as texts",
  async () => {
    const { stdout } = await promisify(execFile)(python, ["-c", grpcProgram, server?.grpc ?? ""]);
    const sums = [15, 45];
    const refusal = (status: string, text: string): unknown => [`StatusCode.${status}`, expect.stringContaining(text)];
    expect(JSON.parse(stdout)).toMatchObject({
      live: true,
      ready: true,
      model: true,
      other: refusal("NOT_FOUND", "unknown model"),
      server: { name: "slipway", version: "1", extensions: ["binary_tensor_data"] },
      metadata: { name: "flight_delay", versions: ["3"], inputs: [{ name: "input", shape: ["-1", "6"] }] },
      index: { models: [{ name: "flight_delay", version: "3", state: "READY" }] },
      scores: sums,
      doubles: sums,
      longs: sums,
      packed: [sums, sums],
      id: "r1",
      named: sums,
      refused: {
        model: refusal("NOT_FOUND", "unknown model"),
        shape: refusal("INVALID_ARGUMENT", "shape [2,5]"),
        dtype: refusal("INVALID_ARGUMENT", "datatype"),
        infinite: refusal("INVALID_ARGUMENT", "infinite"),
        config: refusal("UNIMPLEMENTED", "ModelConfig"),
      },
      streamed: [
        ["a", null],
        ["b", null],
        [null, expect.stringContaining("shape [2,5]")],
        ["c", null],
      ],
      health: 1,
      methods: expect.arrayContaining(["ModelInfer", "ModelStreamInfer"]),
      services: ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "inference.GRPCInferenceService"],
    });
  },
);
