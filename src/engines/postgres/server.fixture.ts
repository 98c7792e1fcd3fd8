// A real Postgres for tests: a cluster of its own in a temporary folder, on a free loopback port, with passwords. Postgres refuses to run as
// root, so root runs it as the user that its package made.

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Client } from "pg";

/** Where initdb and pg_ctl are; undefined where Postgres is not installed. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  return folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_ctl")));
}

const DEBIAN = "/usr/lib/postgresql";

/** Why tests with a server are skipped; undefined where they run. */
export const noPostgres: string | undefined =
  postgresPrograms() === undefined
    ? "skipped: no initdb in PATH or /usr/lib/postgresql; install postgresql"
    : undefined;

/** A running server. */
export interface PostgresServer {
  readonly port: number;
  readonly password: string;
  /** The connection string of the superuser, or one with other parts. */
  url(parts?: { readonly user?: string; readonly password?: string; readonly database?: string }): string;
  /** Runs statements, and gives the rows of the last. */
  run(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** A connection to be closed by the caller. */
  connect(): Promise<Client>;
  stop(): void;
  start(): void;
  /** Stops it and removes its folder. */
  remove(): void;
}

/** Makes and starts a server; takes a second or two. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error("Postgres is not installed.");
  const isRoot = process.getuid?.() === 0;
  const folder = mkdtempSync(join(tmpdir(), "slipway-postgres-"));
  const data = join(folder, "data");
  const password = "s3cr3t-p@ss/word";
  writeFileSync(join(folder, "password"), password);
  mkdirSync(data);
  chmodSync(folder, 0o755);
  if (isRoot) execFileSync("chown", ["-R", "postgres", folder]);
  const program = (name: string, ...args: readonly string[]): void => {
    const [file, ...rest] = isRoot
      ? ["runuser", "-u", "postgres", "--", join(programs, name), ...args]
      : [join(programs, name), ...args];
    execFileSync(file ?? "", rest, { stdio: "ignore", cwd: folder });
  };
  program(
    "initdb",
    "-D",
    data,
    "-U",
    "slipway",
    "-A",
    "scram-sha-256",
    `--pwfile=${join(folder, "password")}`,
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  );
  const port = await freePort();
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_prepared_transactions=4`;
  const start = (): void => program("pg_ctl", "-D", data, "-o", options, "-l", join(folder, "log"), "-w", "start");
  const stop = (): void => program("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop");
  start();
  const url: PostgresServer["url"] = (parts = {}) =>
    `postgres://${parts.user ?? "slipway"}:${encodeURIComponent(parts.password ?? password)}@127.0.0.1:${port}/${parts.database ?? "postgres"}`;
  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: url() });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  return {
    port,
    password,
    url,
    connect,
    async run(sql) {
      const client = await connect();
      try {
        const results = [await client.query(sql)].flat();
        return results.at(-1)?.rows ?? [];
      } finally {
        await client.end();
      }
    },
    start,
    stop,
    remove() {
      try {
        stop();
      } catch {
        // It was stopped by the test.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
