// Starts `git` without a shell, and so that nothing that lies in the repository is run: no hook, monitor, pager, external diff or prompt. A
// `git` that is not there, or does not end, is an answer and no error.

import { spawn } from "node:child_process";
import { SlipwayError } from "../../core/core.ts";

/** Environment variables. */
export type GitEnvironment = Readonly<Record<string, string | undefined>>;

/** How a call of `git` ended. */
export interface GitEnding {
  readonly ok: boolean;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs `git` with some words in a folder. */
export type Git = (folder: string, words: readonly string[], input?: string) => Promise<GitEnding>;

/** Bytes that are read of an answer. */
const MOST_BYTES = 256 * 1024 * 1024;
const PATIENCE_MS = 30_000;

/** What would lead Git to another repository, or to start a program. */
const LEFT_OUT = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_NAMESPACE",
  "GIT_PREFIX",
  "GIT_EXTERNAL_DIFF",
  "GIT_CONFIG_PARAMETERS",
];

const SAFE = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"];

/** Git as the environment finds it. */
export function gitOf(env: GitEnvironment): Git {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !LEFT_OUT.includes(name)));
  const full = { ...kept, GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", GIT_PAGER: "cat", LC_ALL: "C" };
  return (folder, words, input) =>
    new Promise((resolve) => {
      const child = spawn("git", ["--no-pager", ...SAFE, "-C", folder, ...words], {
        env: full,
        stdio: ["pipe", "pipe", "pipe"],
        timeout: PATIENCE_MS,
        windowsHide: true,
      });
      const said: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
      let bytes = 0;
      let problem = "";
      const end = (ok: boolean): void => {
        const stderr = `${problem}${Buffer.concat(said.stderr).toString("utf8").trim()}`;
        resolve({ ok, stdout: Buffer.concat(said.stdout), stderr });
      };
      for (const name of ["stdout", "stderr"] as const)
        child[name].on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= MOST_BYTES) said[name].push(chunk);
          else {
            problem = `its answer is longer than ${MOST_BYTES} bytes `;
            child.kill("SIGKILL");
          }
        });
      child.once("error", (error: NodeJS.ErrnoException) => {
        problem = error.code === "ENOENT" ? "git is not installed " : `${error.message} `;
        end(false);
      });
      child.once("close", (code, signal) => {
        if (signal !== null && problem === "") problem = `it did not end within ${PATIENCE_MS / 1000} seconds `;
        end(code === 0);
      });
      // A child that is gone before it has read everything is told by how it ended.
      child.stdin.on("error", () => undefined);
      child.stdin.end(input ?? "");
    });
}

/** The refusal of what Git would not do, in its own words. */
export function refusalOf({ stderr }: GitEnding, what: string): SlipwayError {
  const words = stderr
    .split("\n")
    .map((line) => line.replace(/^(fatal|error): /, "").trim())
    .filter(Boolean);
  return new SlipwayError("INPUT_INVALID", `${what}: ${words.slice(0, 3).join(" ") || "it did not say why"}.`);
}
