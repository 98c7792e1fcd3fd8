// Two installations, as two people have them: each a project folder with its own state, worked through the command line alone.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { main } from "../../src/cli/program.ts";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const bin = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const cache = fileURLToPath(new URL("../../node_modules/.cache/slipway", import.meta.url));
const env = { PATH: process.env["PATH"], SLIPWAY_CACHE: cache, COLUMNS: "140" };

/** A project folder and the words to say in it. */
export interface Installation {
  readonly folder: string;
  slipway(
    ...words: readonly string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** The JSON document of a command that must succeed. */
  told(...words: readonly string[]): Promise<ReturnType<typeof JSON.parse>>;
  /** The same in a process of its own, to be killed. */
  start(...words: readonly string[]): ChildProcess;
}

/** The config of a project of deliveries. */
export const DELIVERIES_CONFIG = `import { deliveriesProject } from ${JSON.stringify(fileURLToPath(new URL("./deliveries.fixture.ts", import.meta.url)))};
export default deliveriesProject();
`;

/** The config of a project that defines nothing. */
export const EMPTY_CONFIG = `import { project } from ${JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)))};
export default project({ name: "elsewhere", definitions: {} });
`;

/** An installation in a folder, which is made. */
export function installation(folder: string, config: string): Installation {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "slipway.config.ts"), config);
  const slipway: Installation["slipway"] = async (...words) => {
    const said = { stdout: "", stderr: "" };
    const sink = (name: keyof typeof said) => ({
      write(text: string): void {
        said[name] += text;
      },
    });
    const code = await main(words, { stdout: sink("stdout"), stderr: sink("stderr"), env, cwd: folder });
    return { code, ...said };
  };
  return {
    folder,
    slipway,
    async told(...words) {
      const { code, stdout, stderr } = await slipway(...words, "--json");
      if (code !== 0) throw new Error(`slipway ${words.join(" ")} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    start: (...words) =>
      spawn(process.execPath, ["--import", tsx, bin, ...words], {
        cwd: folder,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      }),
  };
}

/** Serves an installation while `work` asks it; the server ends as a person ends it. */
export async function whileServing<T>(
  { start }: Installation,
  words: readonly string[],
  work: (ask: (path: string, body?: unknown) => Promise<ReturnType<typeof JSON.parse>>, url: string) => Promise<T>,
): Promise<T> {
  const server = start("serve", "--port", "0", "--json", ...words);
  const complaints: Buffer[] = [];
  server.stderr?.on("data", (part: Buffer) => complaints.push(part));
  const ended = once(server, "exit");
  try {
    const said = await Promise.race([once(server.stdout ?? server, "data"), ended.then(() => undefined)]);
    if (!said) throw new Error(`The server ended: ${Buffer.concat(complaints)}`);
    const { url } = JSON.parse(String(said[0]));
    return await work(async (path, body) => {
      const response = await fetch(
        `${url}${path}`,
        body === undefined
          ? {}
          : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
      );
      const document = await response.json();
      if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(document)}`);
      return document;
    }, url);
  } finally {
    server.kill("SIGINT");
    await ended;
  }
}
