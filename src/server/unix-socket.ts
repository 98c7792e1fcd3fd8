// A path for a Unix socket. Its file outlives a killed process, so whoever comes next has to judge it: a lock beside it sees that one does so at a
// time, and only a socket on which the kernel says that nobody listens is removed. A server that is too busy to answer is not a dead one.

import { lstat, rm } from "node:fs/promises";
import { connect } from "node:net";
import { resolve } from "node:path";
import { SlipwayError } from "../core/core.ts";

/** A Unix socket to answer on. */
export interface SocketPlace {
  readonly path: string;
  /** Locks a file against every other process until what it gives is called or this one ends; undefined when another one has it. */
  readonly hold: (file: string) => (() => void) | undefined;
}

/** The longest path that a system takes for a socket, in bytes: macOS has 103, Linux 107. */
const LONGEST = 103;

/**
 * Makes a path free for a socket and keeps it for this process until what it gives is called: what a killed process left there is removed, and nothing
 * else. Throws PORT_IN_USE when somebody answers there, or might, and USAGE for a path that is taken by something else, may not be written, or is too long.
 */
export async function claimSocket({ path: given, hold }: SocketPlace): Promise<() => void> {
  const path = resolve(given);
  if (Buffer.byteLength(path) > LONGEST)
    throw new SlipwayError("USAGE", `The path of a socket has at most ${LONGEST} bytes: ${path} is longer.`);
  await checkFree(path);
  const release = lockBeside(path, hold);
  try {
    await clear(path);
    return release;
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** What listening on a path failed for, as something that a user can act on. */
export function socketError(thrown: unknown, path: string): unknown {
  const code = codeOf(thrown);
  const context = { cause: thrown, details: { path } };
  switch (code) {
    case "EADDRINUSE":
      return inUse(path, "another process listens there");
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOENT":
    case "ENOTDIR":
      return new SlipwayError(
        "USAGE",
        `No socket can be made at ${path} (${code}). Choose a folder that is there and that this user may write to.`,
        context,
      );
    default:
      return thrown;
  }
}

function lockBeside(path: string, hold: SocketPlace["hold"]): () => void {
  let release: (() => void) | undefined;
  try {
    release = hold(`${path}.lock`);
  } catch (thrown) {
    const { cause } = thrown as { readonly cause?: unknown };
    const known = socketError(cause, path);
    throw known === cause ? thrown : known;
  }
  if (!release) throw inUse(path, "another process has it");
  return release;
}

/** Nothing but a socket may be at the path. */
async function checkFree(path: string): Promise<boolean> {
  const found = await lstat(path).catch((thrown: unknown) => {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw socketError(thrown, path);
  });
  if (found && !found.isSocket())
    throw new SlipwayError("USAGE", `${path} is there already and is no socket. Choose another path, or remove it.`);
  return found === undefined;
}

async function clear(path: string): Promise<void> {
  if (await checkFree(path)) return;
  const said = await connecting(path);
  if (said === "ENOENT") return;
  // Refused is what the kernel says of a file behind which nobody listens, and of no other.
  if (said !== "ECONNREFUSED")
    throw inUse(path, said === undefined ? "another process answers there" : `it may be: connecting gives ${said}`);
  await rm(path, { force: true }).catch((thrown: unknown) => {
    throw socketError(thrown, path);
  });
}

/** What connecting fails for; undefined when it does not. */
function connecting(path: string): Promise<string | undefined> {
  return new Promise((settle) => {
    const socket = connect(path);
    const end = (said: string | undefined): void => {
      socket.destroy();
      settle(said);
    };
    socket.once("connect", () => end(undefined));
    socket.once("error", (thrown) => end(codeOf(thrown) ?? thrown.message));
  });
}

function inUse(path: string, why: string): SlipwayError {
  return new SlipwayError("PORT_IN_USE", `The socket ${path} is in use: ${why}. Stop it, or choose another path.`, {
    details: { path },
  });
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : undefined;
}
