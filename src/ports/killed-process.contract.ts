// For the promise that an engine makes about kill -9: a child process acknowledges on stdout what it was told is safe, and is killed
// at a moment it cannot know. What it acknowledged must be there afterwards, and nothing half.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** What Node needs to load TypeScript: tsx where it is installed; elsewhere it takes what Node itself can load. */
function loaders(): readonly string[] {
  try {
    return ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return [];
    throw error;
  }
}

/**
 * Runs a module in a child process, kills it once it has acknowledged `after` times and `delay` more milliseconds have passed, and
 * gives what it wrote with `acknowledge(line)`. Imports in the module need absolute URLs; TypeScript is loaded by tsx where it is installed.
 *
 * @example
 * const acknowledged = await acknowledgedUntilKilled(
 *   `import { openStore } from "${new URL("./store.js", import.meta.url)}";
 *   const store = openStore("/tmp/store");
 *   for (let n = 0; ; n += 1) {
 *     await store.update("n", [new Uint8Array([n & 255])], () => [new Uint8Array([1])]);
 *     acknowledge(String(n));
 *   }`,
 *   { after: 50 },
 * );
 */
export async function acknowledgedUntilKilled(
  module: string,
  { after, delay = 0 }: { readonly after: number; readonly delay?: number },
): Promise<readonly string[]> {
  const acknowledge = `const acknowledge = (line) => process.stdout.write(line + "\\n");\n`;
  const child = spawn(process.execPath, [...loaders(), "--input-type=module", "--eval", acknowledge + module], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let complaints = "";
  let ending = false;
  child.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  child.stdout.on("data", (chunk) => {
    output += chunk;
    if (ending || output.split("\n").length <= after) return;
    ending = true;
    setTimeout(() => child.kill("SIGKILL"), delay);
  });
  const signal = await new Promise<string | null>((resolve) => child.on("close", (_code, by) => resolve(by)));
  if (signal !== "SIGKILL") throw new Error(`The child ended by itself: ${complaints || output}`);
  return output.split("\n").slice(0, -1);
}
