// The Open Inference Protocol as NVIDIA's own Python client speaks it: binary tensors by default, no Content-Type, compressed bodies. Runs where
// `python3` can import tritonclient.http (python3 -m pip install 'tritonclient[http]'); skipped elsewhere.

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
        "route": refused(lambda: client.get_model_repository_index()),
    },
}))
`;

function hasTritonclient(): boolean {
  try {
    execFileSync("python3", ["-c", "import tritonclient.http"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

let server: Server | undefined;
beforeAll(async () => {
  const serving = fakeServing();
  const now = () => fakeNow;
  server = await createServer({ serving, models: [flightDelaySpec], host: "127.0.0.1", port: 0, version: "1", now });
});
afterAll(() => server?.close());

it.skipIf(!hasTritonclient())("tritonclient gets its answers, and its refusals as texts", async () => {
  const address = `127.0.0.1:${server?.port}`;
  const { stdout } = await promisify(execFile)("python3", ["-c", program, address]);
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
      route: refusal("404", "no POST"),
    },
  });
});
