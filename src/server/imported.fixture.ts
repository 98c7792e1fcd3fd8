import { fileURLToPath } from "node:url";
import { onnxRuntime } from "../engines/onnx/onnx.ts";
import { xgboostRuntime } from "../engines/xgboost/xgboost.ts";
import type { ImportedPlatform, tracking } from "../platform/platform.ts";

const library = {
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../node_modules/.cache/slipway", import.meta.url)),
};

/** What imported models need, on a registry of a test's own and the real runtimes. */
export function importedPlatform(registry: tracking.TrackingContext): ImportedPlatform {
  return {
    registry,
    project: { name: "test", definitions: [], hash: "" },
    engines: {
      runtimes: [xgboostRuntime(library), xgboostRuntime(library, { format: "xgboost-json" })],
      tensorRuntimes: [onnxRuntime()],
    },
  };
}

/** Where the models of other libraries lie. */
export const testModels: URL = new URL("../../test/models/", import.meta.url);
