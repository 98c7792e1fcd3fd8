// Ask and tell on standard input and output: one JSON line in, one out, until `quit` or the end of the input.

import { createInterface } from "node:readline";
import { converse } from "../../tuning/tuning.ts";
import type { CommandContext } from "../run-command.ts";
import { ownVersion } from "../version.ts";

/** `slipway tune serve` */
export async function run({ host, signal }: CommandContext): Promise<void> {
  const answer = converse(ownVersion());
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY, signal });
  for await (const line of lines) {
    if (line.trim() === "") continue;
    const reply = answer(line);
    if (reply === undefined) break;
    host.stdout.write(`${reply}\n`);
  }
  process.stdin.destroy();
}
