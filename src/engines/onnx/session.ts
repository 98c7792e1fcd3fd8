// The near side of a model's process: calls go out with a number and come back by it. However the process ends, every call under way hears
// of it; one that takes too long ends the process, because a model that loops cannot be asked to stop.

import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import type { Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { FromSession, ToSession } from "./protocol.ts";

/** A process with one model in it. */
export interface Session {
  /** Asks and waits; throws a {@link SessionLost} when the process ends first. */
  ask(asked: Unnumbered<ToSession>, limitMs: number): Promise<FromSession>;
  close(): void;
}

type Unnumbered<T> = T extends unknown ? Omit<T, "call"> : never;

/** Thrown when the process ended before it answered. */
export class SessionLost extends Error {}

interface Call {
  readonly resolve: (said: FromSession) => void;
  readonly reject: (why: Error) => void;
}

const START_LIMIT_MS = 60_000;
const TAIL_CHARACTERS = 500;

/** Starts a process for a model. */
export async function startSession(): Promise<Session> {
  const child = startProcess();
  const calls = new Map<number, Call>();
  let numbered = 0;
  let printed = "";
  let lost: string | undefined;

  const end = (why: string): void => {
    lost ??= why;
    child.kill("SIGKILL");
    for (const { reject } of calls.values()) reject(new SessionLost(lost));
    calls.clear();
  };
  (child.stderr as Readable).on("data", (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-TAIL_CHARACTERS);
  });
  child.on("error", (thrown) => end(`its process could not be started: ${thrown.message}`));
  child.on("exit", (code, signal) => {
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    end(`its process ${how}${printed.trim() === "" ? "" : `: ${printed.trim()}`}`);
  });
  child.on("message", (said: FromSession) => {
    calls.get(said.call)?.resolve(said);
    calls.delete(said.call);
  });

  const wait = (call: number, limitMs: number): Promise<FromSession> =>
    new Promise((resolve, reject) => {
      if (lost !== undefined) return reject(new SessionLost(lost));
      const limit = AbortSignal.timeout(limitMs);
      const tooLong = (): void => end(`it took longer than ${limitMs / 1000} s`);
      limit.addEventListener("abort", tooLong, { once: true });
      const settled = (): void => limit.removeEventListener("abort", tooLong);
      calls.set(call, {
        resolve: (said) => {
          settled();
          resolve(said);
        },
        reject: (why) => {
          settled();
          reject(why);
        },
      });
    });

  await wait(0, START_LIMIT_MS);
  return {
    ask: (asked, limitMs) => {
      numbered += 1;
      const call = numbered;
      const said = wait(call, limitMs);
      if (child.connected) child.send({ ...asked, call }, (failed) => failed && end(failed.message));
      return said;
    },
    close: () => end("it was closed"),
  };
}

function startProcess(): ChildProcess {
  const fromSource = import.meta.url.endsWith(".ts");
  const file = fileURLToPath(new URL(`./session-process.${fromSource ? "ts" : "js"}`, import.meta.url));
  const loader = fromSource ? ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href] : [];
  return fork(file, [], {
    // Nothing of this process's environment is any business of a model.
    env: {},
    execArgv: loader,
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
}
