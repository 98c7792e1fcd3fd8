import { venvWith } from "./venv.ts";

/** The release that every comparison with Feast is made with. */
const FEAST = "0.67.0";

/** A Python with Feast and its DuckDB store: `BENCH_FEAST_PYTHON`, else a virtual environment below node_modules/.cache, made once. */
export async function feastPython(): Promise<string> {
  return process.env["BENCH_FEAST_PYTHON"] || venvWith("feast-duckdb", [`feast[duckdb]==${FEAST}`]);
}

/** The same, or the reason where it cannot be had. */
export async function feastOrReason(): Promise<{ readonly file: string } | { readonly reason: string }> {
  try {
    return { file: await feastPython() };
  } catch (thrown) {
    return { reason: `Feast ${FEAST} could not be installed: ${thrown instanceof Error ? thrown.message : thrown}` };
  }
}
