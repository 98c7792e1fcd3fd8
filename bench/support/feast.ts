import { existsSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "./child.ts";
import { repository } from "./project.ts";

/** A Python with Feast and its DuckDB store: `BENCH_FEAST`, else a virtual environment below node_modules/.cache, made once. */
export async function feastPython(): Promise<string> {
  const own = process.env["BENCH_FEAST"];
  if (own) return own;
  const folder = join(repository, "node_modules", ".cache", "slipway-bench-feast");
  const file = join(folder, "bin", "python");
  const ready = join(folder, "ready");
  if (existsSync(ready)) return file;
  process.stderr.write("Making a Python environment with Feast; once.\n");
  await runChild(["python3", "-m", "venv", folder]);
  await runChild([file, "-m", "pip", "install", "--quiet", "feast[duckdb]==0.67.0"]);
  await runChild(["touch", ready]);
  return file;
}
