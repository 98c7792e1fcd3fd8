// The libxgboost of a Python that has XGBoost, so that both sides of a comparison use the same one.

import { execFileSync } from "node:child_process";

/** The Python that peers run in. */
export const peerPython = process.env["SLIPWAY_MLFLOW_PYTHON"] ?? "python3";

/** Where its libxgboost is; undefined where it has none. */
export function libraryOfPython(): string | undefined {
  try {
    const program = "from xgboost.libpath import find_lib_path; print(find_lib_path()[0])";
    return execFileSync(peerPython, ["-c", program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
