import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Params } from "slipway/tuning";
import { drawsOf } from "./draws.ts";
import type { Task } from "./tasks.ts";

/** An optimiser behind the ask-tell protocol, in a process of its own. */
export interface Peer {
  /** The true value of the best told trial, after each told trial; so many are pending at once. */
  run(task: Task, seed: number, budget: number, pending?: number): Promise<readonly number[]>;
  /** Processor seconds so far, and peak memory in bytes; the Linux way. */
  cost(): { readonly cpuSeconds: number; readonly peakBytes: number };
  close(): void;
}

type Reply = Record<string, unknown> & { readonly id: number; readonly params: Params };

/** Starts an optimiser. What it writes to stderr is passed on. */
export function startPeer([program = "", ...words]: readonly string[], sampler?: string): Peer {
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const send = async (command: object): Promise<Reply> => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const line = await lines.next();
    if (line.done === true) throw new Error(`${program} ${words.join(" ")} ended.`);
    const reply = JSON.parse(line.value) as Reply;
    if ("error" in reply) throw new Error(`${JSON.stringify(command)}: ${line.value}`);
    return reply;
  };
  return {
    async run(task, seed, budget, pending = 1) {
      await send({ cmd: "create", space: task.space, direction: "minimize", seed, budget, sampler });
      const noise = drawsOf("noise", seed);
      const order = drawsOf("order", seed);
      let [best, bestTrue] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      const curve: number[] = [];
      const open: Reply[] = [];
      for (let asked = 0; curve.length < budget; ) {
        for (; open.length < pending && asked < budget; asked += 1) open.push(await send({ cmd: "ask" }));
        // Any of those under way may end first.
        const [{ id, params }] = open.splice(pending === 1 ? 0 : order.below(open.length), 1) as [Reply];
        const value = task.value(params);
        const told = value + task.noise * noise.normal();
        if (told < best) [best, bestTrue] = [told, value];
        curve.push(bestTrue);
        await send({ cmd: "tell", id, value: told });
      }
      return curve;
    },
    cost() {
      // The fields after the command's name: the 12th and 13th are user and system time in hundredths.
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
      const ticks = Number(fields[11]) + Number(fields[12]);
      const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
      return { cpuSeconds: ticks / 100, peakBytes: Number(kilobytes) * 1024 };
    },
    close: () => void child.stdin.end(),
  };
}
