// One server made of several processes: the workers have the port, the main process answers on a Unix socket that only its own user can open.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenOptions, Platform } from "../../platform/platform.ts";
import {
  type AppOptions,
  createSocketServer,
  type GrpcOptions,
  type Secured,
  type Server,
} from "../../server/server.ts";
import type { CommandContext } from "../run-command.ts";
import type { WorkerTask } from "./protocol.ts";
import { startWorkers, type Workers } from "./workers.ts";

/** What workers need to know of an open platform to read its features as it does itself. */
export function taskOf(
  { host: { cwd }, globals }: CommandContext,
  { project, root, stateDir, engines }: Platform,
  { cacheDir, memoryLimit, config, startAt }: OpenOptions,
): Omit<WorkerTask, "keyLimit" | "host" | "port" | "socket" | "cors" | "logger"> {
  const named = globals.project === undefined ? {} : { project: globals.project };
  return {
    project,
    root,
    stateDir,
    cacheDir,
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(config.engines === undefined ? {} : { config: { cwd, ...named } }),
    ...(startAt === undefined ? {} : { ahead: engines.clock.now() - BigInt(Date.now()) * 1000n }),
  };
}

/** Starts to serve with `count` workers. Throws as one process does. */
export async function serveWithWorkers(
  app: AppOptions & GrpcOptions & Secured,
  count: number,
  say: (line: string) => void,
  task: Omit<WorkerTask, "socket">,
): Promise<Server> {
  const { access } = app;
  if (!access) throw new Error("Workers ask the main process who signs in.");
  // Short, for the path of a socket may have 107 bytes; and nobody else's to enter.
  const folder = await mkdtemp(join(tmpdir(), "slipway-"));
  const socket = join(folder, "main");
  const removed = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let workers: Workers | undefined;
  const main = await createSocketServer({ ...app, socket, otherCounts: async () => (await workers?.counts()) ?? [] });
  try {
    workers = await startWorkers({ count, task: { ...task, socket }, access, say });
  } catch (thrown) {
    await main.close();
    await removed();
    throw thrown;
  }
  const { url, port, close, renewTls } = workers;
  return {
    url,
    port,
    ...(main.grpc === undefined ? {} : { grpc: main.grpc }),
    async renewTls() {
      const renewed = await Promise.all([main.renewTls(), renewTls()]);
      return renewed.includes(true);
    },
    async close(force) {
      await close();
      await main.close(force);
      await removed();
    },
  };
}
