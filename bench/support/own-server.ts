// Starts http-server.ts as a process of its own, and asks it over IPC what it has used of the processor.

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { FromServer, ToServer } from "./http-server.ts";
import { script } from "./load.ts";

/** A server that a bench loads. */
export interface OwnServer {
  /** Without a path. */
  readonly url: string;
  readonly cpu: () => Promise<number>;
  readonly stop: () => void;
}

/** Starts one. */
export async function start(what: ToServer): Promise<OwnServer> {
  const [, ...args] = script(join(import.meta.dirname, "http-server.ts"));
  const child = fork(args[2] ?? "", { execArgv: args.slice(0, 2), stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ask = (message: ToServer): Promise<FromServer> => asked(child, message);
  const started = await ask(what);
  if (started.kind !== "url") throw new Error("The server did not start.");
  return {
    url: started.url,
    cpu: async () => {
      const used = await ask({ kind: "cpu" });
      return used.kind === "cpu" ? used.seconds : Number.NaN;
    },
    stop: () => child.disconnect(),
  };
}

function asked(child: ChildProcess, message: ToServer): Promise<FromServer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`A server ended with ${code}.`));
    child.once("exit", onExit);
    child.once("message", (answer) => {
      child.off("exit", onExit);
      resolve(answer as FromServer);
    });
    child.send(message);
  });
}
