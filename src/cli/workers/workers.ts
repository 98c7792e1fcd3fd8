// The workers of a server, seen from its main process: started, replaced when they end, and stopped. They share one listening socket, which
// node:cluster keeps in the main process and whose connections it hands out in turn.

import cluster, { type Worker } from "node:cluster";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { fileURLToPath, pathToFileURL } from "node:url";
import { asSlipwayError } from "../../core/core.ts";
import type { Access } from "../../platform/platform.ts";
import { lastingCounts, type MeterCounts } from "../../server/server.ts";
import { type Ask, callsOver } from "./calls.ts";
import type { MainAnswers, WorkerAnswers, WorkerTask } from "./protocol.ts";

/** Workers that run. */
export interface Workers {
  readonly url: string;
  readonly port: number;
  /** What all of them have counted, with those that are no more. */
  counts(): Promise<readonly MeterCounts[]>;
  /** Has all of them read the files of TLS again; true when they were new. Throws CONFIG_INVALID. */
  renewTls(): Promise<boolean>;
  /** Stops accepting, lets requests under way finish, and ends them. */
  close(): Promise<void>;
}

/** How to run workers. */
export interface WorkersOptions {
  readonly count: number;
  readonly task: WorkerTask;
  readonly access: Access;
  /** Told what happens to them. */
  readonly say: (line: string) => void;
}

interface Member {
  readonly worker: Worker;
  /** Ends when it can be asked. */
  readonly hears: Promise<void>;
  readonly ask: Ask<WorkerAnswers>;
  readonly ended: Promise<void>;
  known: MeterCounts | undefined;
}

/** One that ends sooner than this after its start is replaced only after as long again, in milliseconds. */
const SETTLED_MS = 1000;
/** How long a worker is waited for when it is asked what it has counted, in milliseconds. */
const COUNTS_MS = 1000;
/** How long one may take to end that was told to: what its requests get and a little more, in milliseconds. */
const END_MS = 12_000;

/** Starts them; ends when all of them listen. Throws what kept one from it, with none left running. */
export async function startWorkers({ count, task, access, say }: WorkersOptions): Promise<Workers> {
  const members = new Set<Member>();
  let isClosing = false;
  let gone: readonly MeterCounts[] = [];
  prepareCluster();
  const { host } = task;
  const ready = { ...task, port: task.port === 0 ? await freePort(host) : task.port };

  const start = async (): Promise<{ readonly url: string; readonly port: number }> => {
    const member = fork(access);
    members.add(member);
    void member.ended.then(async () => {
      members.delete(member);
      if (member.known) gone = [await lastingCounts([...gone, member.known])];
    });
    await Promise.race([member.hears, member.ended]);
    try {
      // One that has ended refuses.
      const listening = await member.ask("start", ready);
      const since = performance.now();
      void member.ended.then(() => replace(since));
      return listening;
    } catch (thrown) {
      await end(member);
      throw thrown;
    }
  };
  const replace = async (since: number): Promise<void> => {
    if (isClosing) return;
    say("A worker ended; another takes its place.");
    if (performance.now() - since < SETTLED_MS) await pause(SETTLED_MS);
    while (!isClosing) {
      try {
        await start();
        return;
      } catch (thrown) {
        if (isClosing) return;
        say(`A worker could not start: ${asSlipwayError(thrown).message}`);
        await pause(SETTLED_MS);
      }
    }
  };
  const close = async (): Promise<void> => {
    isClosing = true;
    await Promise.all([...members].map(end));
  };

  try {
    const [first] = await Promise.all(Array.from({ length: count }, start));
    return {
      ...(first as { readonly url: string; readonly port: number }),
      async counts() {
        const counted = await Promise.all([...members].map(countsOf));
        return [...gone, ...counted.filter((counts) => counts !== undefined)];
      },
      async renewTls() {
        const renewed = await Promise.all([...members].map(({ ask }) => ask("renewTls")));
        return renewed.includes(true);
      },
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function prepareCluster(): void {
  const fromSource = import.meta.url.endsWith(".ts");
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({
    exec: fileURLToPath(new URL(`./worker-process.${fromSource ? "ts" : "js"}`, import.meta.url)),
    args: [],
    execArgv: fromSource ? ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href] : [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}

function fork(access: Access): Member {
  const worker = cluster.fork();
  let onHearing: () => void = () => undefined;
  const hears = new Promise<void>((resolve) => {
    onHearing = resolve;
  });
  const answers: MainAnswers = {
    hear: () => onHearing(),
    isSignInNeeded: () => access.isSignInNeeded(),
    signIn: (asked) => access.signIn(...asked),
    permissionOn: (asked) => access.permissionOn(...asked),
    experimentOf: (asked) => access.experimentOf(...asked),
    experimentNamed: (asked) => access.experimentNamed(...asked),
    isProtected: (asked) => access.isProtected(...asked),
  };
  return {
    worker,
    hears,
    ask: callsOver<WorkerAnswers>(worker.process, answers),
    // A process that the system would not start says so instead of ending.
    ended: new Promise((resolve) => worker.once("exit", () => resolve()).once("error", () => resolve())),
    known: undefined,
  };
}

async function countsOf(member: Member): Promise<MeterCounts | undefined> {
  await Promise.race([
    member.ask("counts").then(
      (counts) => {
        member.known = counts;
      },
      // One that ends or still starts has told all that it will.
      () => undefined,
    ),
    pause(COUNTS_MS),
  ]);
  return member.known;
}

async function end({ worker, hears, ask, ended }: Member): Promise<void> {
  const late = setTimeout(() => worker.process.kill("SIGKILL"), END_MS);
  await Promise.race([hears, ended]);
  await ask("close").catch(() => undefined);
  if (worker.isConnected()) worker.process.disconnect();
  await ended;
  clearTimeout(late);
}

/** A port that is free now: workers that come later must find the one of the first. */
async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
