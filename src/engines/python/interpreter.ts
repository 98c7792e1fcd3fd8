// Which Python runs a script, and what is installed in it: a model is made again only with the same packages.

import { execFile } from "node:child_process";
import { isAbsolute, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { SlipwayError } from "../../core/core.ts";

const START_LIMIT_MS = 30_000;
const MOST_BYTES = 16 * 2 ** 20;

const PROBE = `import json, platform, importlib.metadata as m
print(json.dumps({"version": platform.python_version(), "packages": sorted({f"{d.metadata['Name']}=={d.version}" for d in m.distributions() if d.metadata['Name']})}))`;

/** What an interpreter is and what is installed in it. */
export interface PythonFacts {
  readonly version: string;
  /** As `name==version`, sorted. */
  readonly packages: readonly string[];
}

/** The interpreter to start: a bare name is looked for on the PATH, anything else is a path from `root`. */
export function interpreterOf(root: string, asked: string): string {
  return asked.includes("/") || asked.includes(sep) ? (isAbsolute(asked) ? asked : resolve(root, asked)) : asked;
}

/** Asks an interpreter what it is. Throws ENGINE_NOT_INSTALLED when it cannot be started. */
export async function pythonFacts(
  interpreter: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<PythonFacts> {
  try {
    const { stdout } = await promisify(execFile)(interpreter, ["-c", PROBE], {
      env,
      timeout: START_LIMIT_MS,
      maxBuffer: MOST_BYTES,
      windowsHide: true,
    });
    return JSON.parse(stdout) as PythonFacts;
  } catch (cause) {
    const { code, stderr } = cause as { readonly code?: unknown; readonly stderr?: string };
    throw new SlipwayError(
      "ENGINE_NOT_INSTALLED",
      code === "ENOENT"
        ? `There is no Python interpreter "${interpreter}". Install Python 3, or name one with SLIPWAY_PYTHON or the option \`python\` of the trainer.`
        : `The Python interpreter "${interpreter}" does not work: ${stderr?.trim().split("\n").at(-1) ?? (cause as Error).message}`,
      { cause },
    );
  }
}
