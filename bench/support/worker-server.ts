// Slipway as users start it, `slipway serve --workers`, on the project of the online-http bench.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadedServer } from "./feast-server.ts";
import { repository } from "./project.ts";
import { treeCpu } from "./usage.ts";

/** Serves what is online in `root` with that many workers. */
export async function serveWorkers(root: string, workers: number): Promise<LoadedServer> {
  const definitions = JSON.stringify(join(import.meta.dirname, "online-project.ts"));
  writeFileSync(join(root, "slipway.config.ts"), `export { config as default } from ${definitions};\n`);
  const words = ["serve", "--project", root, "--workers", String(workers), "--port", "0", "--json"];
  const child = spawn(process.execPath, [join(repository, "dist", "cli", "bin.js"), ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.endsWith("}\n")) break;
  }
  const { url } = JSON.parse(text) as { readonly url: string };
  return {
    url,
    cpu: async () => treeCpu(child.pid ?? 0) ?? Number.NaN,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
