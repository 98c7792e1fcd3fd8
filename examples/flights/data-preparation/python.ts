import { execFile } from "node:child_process";
import { SlipwayError } from "slipway";

/** A Python run that ended badly: what it printed, for the caller to explain. */
export class PythonFailure extends Error {
  readonly output: string;

  constructor(output: string, cause: Error) {
    super(`Python failed: ${output}`, { cause });
    this.output = output;
  }
}

const TEN_MINUTES_MS = 600_000;

/** Runs Python and returns what it printed. Throws LIBRARY_NOT_FOUND when there is no such program. */
export function runPython(python: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(python, [...args], { timeout: TEN_MINUTES_MS, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (error.code !== "ENOENT") return reject(new PythonFailure(`${stdout}\n${stderr}`.trim(), error));
      const message = `No program "${python}" was found. Install Python 3 with pip, or name one with the argument \`python\`.`;
      return reject(new SlipwayError("LIBRARY_NOT_FOUND", message, { cause: error, details: { python } }));
    });
  });
}
