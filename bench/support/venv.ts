import { existsSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "./child.ts";
import { repository } from "./project.ts";

/** A Python with xgboost, pandas and pyarrow: `BENCH_PYTHON`, else a virtual environment below node_modules/.cache, made once. */
export async function python(): Promise<string> {
  const own = process.env["BENCH_PYTHON"];
  if (own) return own;
  const folder = join(repository, "node_modules", ".cache", "slipway-bench-python");
  const file = join(folder, "bin", "python");
  const ready = join(folder, "ready");
  if (existsSync(ready)) return file;
  process.stderr.write("Making a Python environment with xgboost, pandas and pyarrow; once.\n");
  await runChild(["python3", "-m", "venv", folder]);
  await runChild([file, "-m", "pip", "install", "--quiet", "xgboost==3.2.0", "pandas", "pyarrow"]);
  await runChild(["touch", ready]);
  return file;
}
