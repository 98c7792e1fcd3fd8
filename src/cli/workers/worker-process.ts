// A worker of `slipway serve --workers`: it reads features and hands everything else on. It follows its main process alone: a Ctrl-C reaches
// every process of a terminal, but when to stop is said once, over the channel; and with the main process gone, it ends at once.

import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { type Access, openReader, type ProjectConfig } from "../../platform/platform.ts";
import { local } from "../../presets/presets.ts";
import { createWorkerServer, type WorkerServer } from "../../server/server.ts";
import { loadConfig } from "../load-config.ts";
import { callsOver } from "./calls.ts";
import type { MainAnswers, WorkerAnswers, WorkerTask } from "./protocol.ts";

/** How long a request under way may take to finish, in milliseconds. */
const PATIENCE_MS = 10_000;

type Engines = Parameters<typeof openReader>[0]["engines"];

let folder: string | undefined;
let running: { readonly server: WorkerServer; readonly close: () => Promise<void> } | undefined;

const answers: WorkerAnswers = {
  async start(task) {
    const { root, stateDir, cacheDir, memoryLimit, project, ahead, keyLimit, host, port, socket, cors, tls, logger } =
      task;
    const reader = await openReader({
      engines: await enginesOf(task),
      project,
      root,
      stateDir,
      cacheDir,
      env: process.env,
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
      ...(ahead === undefined ? {} : { startAt: BigInt(Date.now()) * 1000n + ahead }),
    });
    const { features, now } = reader;
    const server = await createWorkerServer({
      features,
      now,
      keyLimit,
      host,
      port,
      socket,
      access,
      cors,
      logger,
      ...(tls ? { tls } : {}),
    });
    folder = dirname(socket);
    running = {
      server,
      async close() {
        await server.close(AbortSignal.timeout(PATIENCE_MS));
        await reader.close();
      },
    };
    return { url: server.url, port: server.port };
  },
  counts() {
    if (running) return running.server.counts();
    throw new SlipwayError("NOT_READY", "This worker is still starting.");
  },
  renewTls: async () => (await running?.server.renewTls()) ?? false,
  close: async () => running?.close(),
};

process
  .on("SIGINT", () => undefined)
  .on("SIGTERM", () => undefined)
  .on("SIGHUP", () => undefined);
process.once("disconnect", () => process.exit());
// A main process that was killed leaves its socket behind.
process.on("exit", () => {
  if (!process.connected && folder !== undefined) rmSync(folder, { recursive: true, force: true });
});
const ask = callsOver<MainAnswers>(process, answers);
const access: Access = {
  isSignInNeeded: () => ask("isSignInNeeded", []),
  signIn: (...asked) => ask("signIn", asked),
  permissionOn: (...asked) => ask("permissionOn", asked),
  experimentOf: (...asked) => ask("experimentOf", asked),
  experimentNamed: (...asked) => ask("experimentNamed", asked),
  isProtected: (...asked) => ask("isProtected", asked),
};

await ask("hear");

async function enginesOf({ config: place }: WorkerTask): Promise<Engines> {
  if (!place) return local();
  const { config } = await loadConfig<ProjectConfig>(place.cwd, place.project);
  return (config.engines as Engines | undefined) ?? local();
}
