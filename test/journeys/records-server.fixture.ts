// A server of records alone, in a process of its own: real HTTP, real records, real files. Models are served by nothing here.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startScript } from "./child-process.fixture.ts";

/** A folder that `npm run build` made, such as `dist`: from there it starts in a third of the time. Without it, it runs from the sources. */
const BUILT = process.env["SLIPWAY_TEST_DIST"];

const door = (path: string): string =>
  JSON.stringify(
    BUILT === undefined
      ? new URL(`../../src/${path}`, import.meta.url).href
      : pathToFileURL(join(BUILT, path.replace(/ts$/, "js"))).href,
  );

/** Starts it on a folder; `postgres` is the connection string of its records, else they are in a SQLite file. It says `url URL` once it listens. */
export function startRecordsServer(folder: string, postgres?: string): ChildProcess {
  const database =
    postgres === undefined
      ? `sqlite(${JSON.stringify(`${folder}/records.db`)})`
      : `postgresDatabase({ url: { env: "URL" } }, { URL: ${JSON.stringify(postgres)} })`;
  const script = `
    import { ${postgres === undefined ? "sqlite" : "postgresDatabase"} } from ${door(postgres === undefined ? "engines/sqlite/sqlite.ts" : "engines/postgres/postgres.ts")};
    import { fileBlobs } from ${door("engines/files/files.ts")};
    import { randomBytes, systemClock } from ${door("engines/system/system.ts")};
    import { openRecords } from ${door("records/records.ts")};
    import { tracking } from ${door("registry/registry.ts")};
    import { createServer } from ${door("server/server.ts")};
    const clock = systemClock();
    const records = await openRecords(${database});
    const registry = { records, blobs: fileBlobs(${JSON.stringify(`${folder}/blobs`)}), clock, random: randomBytes, actor: "server " + process.pid };
    const server = await createServer({
      serving: { models: () => [], refresh: async () => [], close: async () => {} },
      models: [],
      version: "test",
      now: () => clock.now(),
      tracking: await tracking.openTracking(registry),
      host: "127.0.0.1",
      port: 0,
      logger: { level: "silent" },
    });
    process.stdout.write("url " + server.url + "\\n");`;
  if (BUILT === undefined) return startScript(script);
  return spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "pipe"] });
}
