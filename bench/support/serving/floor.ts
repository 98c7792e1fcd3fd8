// The floor of serving.ts: bare node:http, JSON.parse and the native library, without a framework, checks, limits or counters. Arguments: the
// library, the model, the port.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import koffi from "koffi";

const [libraryFile = "", modelFile = "", port = "0"] = process.argv.slice(2);
const library = koffi.load(libraryFile);
const artifact = readFileSync(modelFile);
const handle = (declaration: string, ...before: readonly unknown[]): bigint => {
  const out: [bigint] = [0n];
  library.func(declaration)(...before, out);
  return out[0];
};
const booster = handle("int XGBoosterCreate(void **, uint64_t, _Out_ void **)", null, 0);
const set = library.func("int XGBoosterSetParam(void *, const char *, const char *)");
library.func("int XGBoosterLoadModelFromBuffer(void *, const void *, uint64_t)")(booster, artifact, artifact.length);
set(booster, "nthread", "1");
const proxy = handle("int XGProxyDMatrixCreate(_Out_ void **)");
const predict = library.func(
  "int XGBoosterPredictFromDense(void *, const char *, const char *, void *, _Out_ void **, _Out_ uint64_t *, _Out_ void **)",
);
const OPTIONS =
  '{"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":true,"missing":NaN,"cache_id":0}';

interface Asked {
  readonly inputs: readonly [{ readonly shape: readonly [number, number]; readonly data: readonly number[] }];
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const {
      inputs: [{ shape, data }],
    } = JSON.parse(Buffer.concat(parts).toString()) as Asked;
    const matrix = Float32Array.from(data);
    const result: [bigint] = [0n];
    predict(
      booster,
      `{"data":[${koffi.address(matrix)},true],"shape":[${shape}],"typestr":"<f4","version":3}`,
      OPTIONS,
      proxy,
      [0n],
      [0],
      result,
    );
    const scores = new Float32Array(koffi.view(result[0], 4 * shape[0]).slice(0));
    const answer = JSON.stringify({
      model_name: "late",
      model_version: "1",
      outputs: [{ name: "score", datatype: "FP32", shape: [shape[0]], data: Array.from(scores) }],
    });
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.listen(Number(port), "127.0.0.1");
