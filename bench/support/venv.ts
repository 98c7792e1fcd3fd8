import { existsSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "./child.ts";
import { repository } from "./project.ts";

/** A Python with xgboost, pandas and pyarrow: `BENCH_PYTHON`, else a virtual environment of its own. */
export async function python(): Promise<string> {
  return process.env["BENCH_PYTHON"] || venvWith("python", ["xgboost==3.2.0", "pandas", "pyarrow"]);
}

/** A Python with some packages, in a virtual environment below node_modules/.cache that is made once. */
export async function venvWith(name: string, packages: readonly string[]): Promise<string> {
  const folder = join(repository, "node_modules", ".cache", `slipway-bench-${name}`);
  const file = join(folder, "bin", "python");
  const ready = join(folder, "ready");
  if (existsSync(ready)) return file;
  process.stderr.write(`Making a Python environment with ${packages.join(", ")}; once.\n`);
  await runChild(["python3", "-m", "venv", folder]);
  await runChild([file, "-m", "pip", "install", "--quiet", ...packages]);
  await runChild(["touch", ready]);
  return file;
}
