// A second process on a world's folder: for what only two processes, or a killed one, can show.

import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** Starts a module in a process of its own; it has everything the platform's door and the fixture export, and `root`, `say(text)`. */
export function startChild(root: string, script: string): ChildProcess {
  const from = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const module = `
    import * as platformDoor from ${from("../../src/platform/platform.ts")};
    import * as fixture from ${from("./deliveries.fixture.ts")};
    const { ${DOOR.join(", ")} } = platformDoor;
    const { worldOptions, day } = fixture;
    const root = ${JSON.stringify(root)};
    const say = (text) => new Promise((resolve) => process.stdout.write(text + "\\n", resolve));
    ${script}`;
  return startScript(module);
}

/** Starts a module in a process of its own. Imports in it need absolute URLs. */
export function startScript(module: string): ChildProcess {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return spawn(process.execPath, ["--import", tsx, "--input-type=module", "--eval", module], {
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

const DOOR = [
  "openPlatform",
  "applyDefinitions",
  "trainModel",
  "tuneModel",
  "materialize",
  "writeDatasetFolder",
  "batchPredict",
  "moveAlias",
  "aliasOf",
  "listVersions",
  "openReplay",
  "runReplay",
];

/** What a child process said and how it ended. */
export interface Ended {
  readonly lines: readonly string[];
  readonly complaints: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Waits for a child's end; `onLine` sees each line as it comes. */
export function endOf(child: ChildProcess, onLine: (line: string) => void = () => undefined): Promise<Ended> {
  const lines: string[] = [];
  let begun = "";
  let complaints = "";
  child.stderr?.on("data", (chunk) => {
    complaints += chunk;
  });
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    const whole = chunk.split("\n");
    // A child that talks without end must cost its listener no more than what it says.
    begun += whole.shift() ?? "";
    for (const next of whole) {
      lines.push(begun);
      onLine(begun);
      begun = next;
    }
  });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ lines, complaints, code, signal }));
  });
}
