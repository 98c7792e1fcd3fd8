import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { git } from "./git.ts";
import { MOST_PATCH } from "./patch.ts";
import { withoutCredentials } from "./remote.ts";

const env = {
  ...process.env,
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.org",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.org",
  GIT_CONFIG_GLOBAL: "/dev/null",
};
const code = git(env);
let folder: string;
const run = (...words: string[]): string => execFileSync("git", ["-C", folder, ...words], { env, encoding: "utf8" });
const write = (file: string, text: string): void => {
  mkdirSync(join(folder, file, ".."), { recursive: true });
  writeFileSync(join(folder, file), text);
};
const commit = (message: string): string => {
  run("add", "-A");
  run("commit", "-q", "-m", message);
  return run("rev-parse", "HEAD").trim();
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-git-"));
  run("init", "-q", "-b", "main");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the state of a folder", () => {
  test("is its commit, branch, remote, changes and untracked files", async () => {
    write("a.txt", "one\n");
    write("ä b.txt", "x\n");
    const head = commit("first");
    run("remote", "add", "origin", "https://me:secret@example.org/team/code.git");
    expect(await code.stateOf(folder)).toEqual({
      commit: head,
      branch: "main",
      remote: "https://example.org/team/code.git",
      changed: [],
      untracked: [],
      patch: null,
      problem: null,
    });
    write("a.txt", "two\n");
    write("new/file.txt", "n\n");
    write(".slipway/records.db", "r\n");
    const state = await code.stateOf(folder, [join(folder, ".slipway")]);
    expect(state).toMatchObject({ changed: ["a.txt"], untracked: ["new/"] });
    expect(state.patch?.text).toMatch(/^diff --git a\/a\.txt b\/a\.txt\n[\s\S]*-one\n\+two\n$/);
    // What was recorded brings the change back.
    run("checkout", "-q", "--", "a.txt");
    execFileSync("git", ["-C", folder, "apply", "-"], { input: state.patch?.text ?? "", env });
    expect((await code.stateOf(folder)).patch?.hash).toBe(state.patch?.hash);
    run("checkout", "-q", "--detach");
    expect(await code.stateOf(folder)).toMatchObject({ commit: head, branch: null });
  });

  test("keeps whole files of a large change, and says which it left out", async () => {
    write("big.txt", "a\n");
    write("small.txt", "a\n");
    commit("first");
    write("big.txt", "line of text\n".repeat(MOST_PATCH / 10));
    write("small.txt", "b\n");
    const { patch } = await code.stateOf(folder);
    expect(patch?.leftOut).toEqual(["big.txt"]);
    expect(patch?.text).toMatch(/^diff --git a\/small\.txt/);
    expect(patch?.bytes).toBeGreaterThan(MOST_PATCH);
  });

  test("that is in no repository, or where git is not installed, is a problem in words", async () => {
    const bare = mkdtempSync(join(tmpdir(), "slipway-no-git-"));
    expect(await code.stateOf(bare)).toMatchObject({ commit: null, problem: `${bare} is in no Git repository` });
    rmSync(bare, { recursive: true });
    expect((await git({ PATH: "/nowhere" }).stateOf(folder)).problem).toContain("git is not installed");
    expect((await code.stateOf(folder)).problem).toContain("has no commit yet");
  });

  test("starts nothing that the repository names", async () => {
    write("a.txt", "one\n");
    write(".gitattributes", "*.txt diff=evil\n");
    commit("first");
    const evil = `touch ${join(folder, "ran")}`;
    for (const key of ["diff.external", "diff.evil.textconv", "diff.evil.command", "core.fsmonitor", "core.pager"])
      run("config", key, evil);
    write("a.txt", "two\n");
    const { untracked, patch } = await code.stateOf(folder);
    expect(untracked).toEqual([]);
    expect(patch?.text).toContain("+two");
  });

  test("is not led elsewhere by GIT_DIR", async () => {
    write("a.txt", "one\n");
    const head = commit("first");
    expect((await git({ ...env, GIT_DIR: "/nowhere" }).stateOf(folder)).commit).toBe(head);
  });
});

test("two commits are held against each other, whole or in a folder", async () => {
  write("in/a.txt", "one\n");
  write("b.txt", "one\n");
  const first = commit("first");
  write("b.txt", "two\n");
  const second = commit("second");
  expect((await code.diff(folder, first, second))?.text).toContain("+two");
  expect(await code.diff(join(folder, "in"), first, second, "folder")).toBeNull();
  expect(await code.diff(folder, first, "0".repeat(40))).toBeUndefined();
});

describe("tags", () => {
  test("are found from a commit and its descendants, nearest first", async () => {
    write("a.txt", "1");
    const first = commit("first");
    await code.tag(folder, { name: "v1", commit: first, message: "one\n\nSlipway-Model: a@1\n" });
    write("a.txt", "2");
    const second = commit("second");
    await code.tag(folder, { name: "v2", commit: second, message: "two\n\nSlipway-Model: a@2\n" });
    run("tag", "-a", "-m", "of something else", "other");
    run("tag", "light");
    expect(await code.tagsUpTo(folder, "HEAD", "Slipway-")).toEqual([
      { name: "v2", commit: second, message: "two\n\nSlipway-Model: a@2\n", distance: 0 },
      { name: "v1", commit: first, message: "one\n\nSlipway-Model: a@1\n", distance: 1 },
    ]);
    run("checkout", "-q", "-b", "side", first);
    expect((await code.tagsUpTo(folder, "side", "Slipway-"))?.map(({ name }) => name)).toEqual(["v1"]);
    expect(await code.tagsUpTo(folder, "nowhere", "Slipway-")).toBeUndefined();
    expect(await code.tagsUpTo(folder, "--help", "Slipway-")).toBeUndefined();
  });

  test("are refused when the name is taken or none", async () => {
    write("a.txt", "1");
    const head = commit("first");
    await code.tag(folder, { name: "v1", commit: head, message: "m" });
    await expect(code.tag(folder, { name: "v1", commit: head, message: "m" })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
    for (const name of ["-d", "a b", "a..b", "", "x.lock"])
      await expect(code.tag(folder, { name, commit: head, message: "m" })).rejects.toMatchObject({
        code: "INPUT_INVALID",
      });
  });
});

test("a remote's address loses its credentials", () => {
  expect(withoutCredentials("https://u:p@h/x?token=1")).toBe("https://h/x");
  expect(withoutCredentials("git@github.com:a/b.git")).toBe("git@github.com:a/b.git");
});
