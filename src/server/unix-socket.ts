import { lstat, rm } from "node:fs/promises";
import { connect } from "node:net";
import { SlipwayError } from "../core/core.ts";

/** The longest path that a system takes for a socket, in bytes: macOS has 103, Linux 107. */
const LONGEST = 103;

/**
 * Makes a path free for a socket: what a killed process left there is removed, and nothing else. Throws PORT_IN_USE when somebody answers
 * there, and USAGE for a path that is taken by something else or too long.
 */
export async function claimSocket(path: string): Promise<void> {
  if (Buffer.byteLength(path) > LONGEST)
    throw new SlipwayError("USAGE", `The path of a socket has at most ${LONGEST} bytes: ${path} is longer.`);
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket())
    throw new SlipwayError("USAGE", `${path} is there already and is no socket. Choose another path, or remove it.`);
  if (await isAnswered(path))
    throw new SlipwayError("PORT_IN_USE", `Another process answers on ${path}. Stop it, or choose another path.`, {
      details: { path },
    });
  await rm(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
