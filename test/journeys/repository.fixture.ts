// A folder as a Git repository with a project's usual files.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A repository made of a folder. */
export interface TestRepository {
  /** The first commit. */
  readonly commit: string;
  git(...words: string[]): string;
  /** Commits everything. */
  commitAll(message: string): string;
}

/** A lockfile of one package in some version. */
export function lockfile(version: string): string {
  return JSON.stringify({ lockfileVersion: 3, packages: { "node_modules/left": { version } } });
}

/** Makes a folder a Git repository with one commit, which holds neither data nor state. */
export function repository(folder: string): TestRepository {
  const git = (...words: string[]): string =>
    execFileSync("git", ["-C", folder, "-c", "user.name=T", "-c", "user.email=t@example.org", ...words], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null" },
    }).trim();
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write(".gitignore", "data/\n.slipway/\n");
  write("notes.txt", "first thoughts\n");
  write("package.json", JSON.stringify({ dependencies: { left: "1" } }));
  write("package-lock.json", lockfile("1.0.0"));
  git("init", "-q", "-b", "main");
  git("config", "user.name", "T");
  git("config", "user.email", "t@example.org");
  const commitAll = (message: string): string => {
    git("add", "-A");
    git("commit", "-q", "-m", message);
    return git("rev-parse", "HEAD");
  };
  return { commit: commitAll("first"), git, commitAll };
}
