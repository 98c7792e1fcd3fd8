// `slipway serve --workers` as processes of their own, on a project with a push source, and the means to see what runs and who answers.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A folder with the project in it. */
export function shopFolder(): string {
  const root = mkdtempSync(join(tmpdir(), "slipway-workers-"));
  mkdirSync(join(root, "tmp"));
  writeShop(root);
  return root;
}

/** Writes the project's config; with `also`, one view more. */
export function writeShop(root: string, also = ""): void {
  writeFileSync(
    join(root, "slipway.config.ts"),
    `import { count, days, entity, featureView, latest, project, pushSource, sum, t } from ${JSON.stringify(join(repository, "src/index.ts"))};
const clicks = pushSource("clicks", {
  columns: { click: t.string(), user: t.string(), amount: t.float64().optional(), at: t.timestamp() },
  id: "click",
  eventTime: "at",
});
const user = entity("user", { user: t.string() });
const clicksByUser = featureView("clicks_by_user", {
  entity: user,
  source: clicks,
  features: { n: count().over(days(7)), amount: sum(clicks.amount).over(days(7)), last: latest(clicks.amount) },
});
${also}
export default project({ name: "shop", definitions: { user, clicks, clicksByUser${also === "" ? "" : ", more"} } });
`,
  );
}

/** Runs the command line in a process of its own; `TMPDIR` is the root's. */
export function slipway(root: string, ...words: readonly string[]): ChildProcess {
  const program = JSON.stringify(new URL("../../src/cli/program.ts", import.meta.url).href);
  const script = `import { main } from ${program};
    process.exitCode = await main(${JSON.stringify(words)}, { stdout: process.stdout, stderr: process.stderr, env: process.env, cwd: ${JSON.stringify(root)} });`;
  return spawn(process.execPath, ["--import", tsx, "--input-type=module", "--eval", script], {
    cwd: repository,
    env: { ...process.env, TMPDIR: join(root, "tmp") },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs it to its end and gives what it printed. Throws unless it ended well. */
export async function slipwayAnswer(root: string, ...words: readonly string[]): Promise<string> {
  const child = slipway(root, ...words);
  const said = await ended(child);
  if (said.code !== 0) throw new Error(`slipway ${words.join(" ")} ended with ${said.code}: ${said.complaints}`);
  return said.output;
}

/** How a process ended, and all that it said. */
export interface Said {
  readonly output: string;
  readonly complaints: string;
  readonly code: number | null;
}

/** Waits for a process's end. */
export function ended(child: ChildProcess): Promise<Said> {
  const said = { output: "", complaints: "" };
  child.stdout?.on("data", (chunk) => {
    said.output += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    said.complaints += chunk;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ ...said, code })));
}

/** A server that runs. */
export interface RunningServer {
  readonly child: ChildProcess;
  readonly url: string;
  /** The main process's own socket. */
  readonly socket: string;
  readonly end: Promise<Said>;
}

/** Starts a server with two workers on any free port. */
export async function serve(root: string, ...words: readonly string[]): Promise<RunningServer> {
  const child = slipway(root, "serve", "--workers", "2", "--port", "0", "--json", ...words);
  const end = ended(child);
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk) => {
      text += chunk;
      if (text.endsWith("}\n")) resolve((JSON.parse(text) as { readonly url: string }).url);
    });
    void end.then(({ complaints }) => reject(new Error(complaints)));
  });
  const [folder = ""] = readdirSync(join(root, "tmp")).filter(
    (name) => name.startsWith("slipway-") && !name.includes("cli"),
  );
  return { child, url, socket: join(root, "tmp", folder, "main"), end };
}

/** The workers that a server's main process has started. */
export function workersOf(pid: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => statOf(name)?.parent === pid && wordsOf(name).includes("worker-process"))
    .map(Number);
}

/** Whether a process runs; one that only waits to be noticed does not. */
export function isRunning(pid: number): boolean {
  const stat = statOf(String(pid));
  return stat !== undefined && stat.state !== "Z";
}

function wordsOf(name: string): string {
  try {
    return readFileSync(`/proc/${name}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function statOf(name: string): { readonly state: string; readonly parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${name}/stat`, "utf8");
    const [state = "", parent = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** Asks on a connection of its own, so that workers answer in turn. */
export function ask(
  server: { readonly url?: string; readonly socketPath?: string },
  path: string,
  {
    method = "POST",
    headers = {},
    body,
  }: { method?: string; headers?: Readonly<Record<string, string>>; body?: unknown } = {},
): Promise<Answer> {
  const text =
    body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const where = server.url === undefined ? { socketPath: server.socketPath } : { ...hostOf(server.url) };
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        ...where,
        path,
        method,
        agent: false,
        headers: { ...(text === undefined ? {} : { "content-type": "application/json" }), ...headers },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(chunks).toString("latin1"),
          }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(text);
  });
}

function hostOf(url: string): { readonly host: string; readonly port: string } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port };
}

/** Asks again until it is so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`It never came to be: ${what}`);
}

/** Removes a folder of {@link shopFolder}. */
export function removeFolder(root: string): void {
  rmSync(root, { recursive: true, force: true });
}
