import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { type Send, Undeliverable } from "./delivery.ts";

/** Appends each event to a file as one line, in one write, so that several processes may share it. */
export function appendTo(file: string): Send {
  return async (event) => {
    try {
      await mkdir(dirname(file), { recursive: true });
      const handle = await open(file, "a");
      try {
        await handle.appendFile(`${JSON.stringify(event)}\n`);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    } catch (cause) {
      throw new Undeliverable(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  };
}
