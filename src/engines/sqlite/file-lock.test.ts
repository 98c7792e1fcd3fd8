// Locks that are the kernel's: held by another process, gone with kill -9 at once, and the same for two containers that call themselves alike.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { markedProcess } from "../system/system.ts";
import { holdFile, isFileHeld, tryHoldFile } from "./sqlite.ts";

let folder: string;
let children: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway lock #1? "));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const libsql = JSON.stringify(pathToFileURL(join(process.cwd(), "node_modules/libsql/index.js")).href);

/** A process that holds a file until it is killed, perhaps behind a program that gives it other surroundings. */
async function holder(file: string, before: readonly string[] = []): Promise<() => Promise<void>> {
  const script = join(folder, "holder.mjs");
  writeFileSync(
    script,
    `import Sqlite from ${libsql};
const database = new Sqlite(${JSON.stringify(file)});
database.pragma("journal_mode = MEMORY");
database.exec("BEGIN EXCLUSIVE");
console.log("held");
setInterval(() => undefined, 1000);`,
  );
  const [program = "", ...words] = [...before, process.execPath, script];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return async () => {
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await ended;
  };
}

test("a file is held by who took it, asked as often as one likes, until it is given back, and then it is gone", () => {
  const file = join(folder, "deeper", "a.lock");
  expect(isFileHeld(file)).toBeUndefined();
  const release = holdFile(file);
  for (let times = 0; times < 3; times += 1) expect(isFileHeld(file)).toBe(true);
  expect(readdirSync(join(folder, "deeper"))).toEqual(["a.lock"]);
  release();
  expect(isFileHeld(file)).toBeUndefined();
  expect(existsSync(file)).toBe(false);
});

test("a file is held by one of several that try, here and in another process, and by the next once it was given back", async () => {
  const file = join(folder, "tried.lock");
  const release = tryHoldFile(file);
  expect(release).toBeTypeOf("function");
  expect(tryHoldFile(file)).toBeUndefined();
  release?.();
  expect(existsSync(file)).toBe(false);
  const kill = await holder(file);
  expect(tryHoldFile(file)).toBeUndefined();
  await kill();
  expect(tryHoldFile(file)).toBeTypeOf("function");
  expect(() => tryHoldFile(join(folder, "nowhere", "x.lock"))).toThrow(/cannot be locked/);
});

test("a file that another process holds is free the moment that process is killed, and can be taken once", async () => {
  const file = join(folder, "a.lock");
  const kill = await holder(file);
  expect(isFileHeld(file)).toBe(true);
  expect(() => holdFile(file)).toThrow(expect.objectContaining({ code: "STATE_NOT_WRITABLE" }));
  expect(isFileHeld(file)).toBe(true);
  await kill();
  expect(isFileHeld(file)).toBe(false);
  const release = holdFile(file);
  expect(isFileHeld(file)).toBe(true);
  expect(() => holdFile(file)).toThrow("locked");
  expect(isFileHeld(file)).toBe(true);
  release();
});

test.runIf(existsSync("/proc/self/fd"))(
  "asking about a file of one's own takes no file descriptors, by whatever name",
  () => {
    const open = (): number => readdirSync("/proc/self/fd").length;
    const release = holdFile(join(folder, "a.lock"));
    symlinkSync(folder, join(folder, "same"));
    const before = open();
    for (let times = 0; times < 50; times += 1)
      for (const name of ["a.lock", "same/a.lock"]) expect(isFileHeld(join(folder, name))).toBe(true);
    expect(open()).toBe(before);
    release();
    expect(isFileHeld(join(folder, "same/a.lock"))).toBeUndefined();
  },
);

describe("processes that are marked by such files", () => {
  const locks = { hold: holdFile, isHeld: isFileHeld };
  const lockOf = (mark: string): string => (JSON.parse(mark) as { readonly lock: string }).lock;

  test("are alive as long as the lock is held, whatever host, boot and number say", async () => {
    const own = markedProcess(folder, locks);
    const mark = (changes: object): string => JSON.stringify({ ...(JSON.parse(own.mark) as object), ...changes });
    expect(own.isAlive(own.mark)).toBe(true);
    const lock = "00000000-0000-4000-8000-000000000000.lock";
    const kill = await holder(join(folder, lock));
    // A container that calls itself like this one, in which another process has this number.
    for (const changes of [{}, { started: "1" }, { boot: "another" }, { host: "another" }, { pid: 1 }])
      expect(own.isAlive(mark({ ...changes, lock }))).toBe(true);
    await kill();
    // A container that was started again under another name, and one whose process has the same number and start.
    for (const changes of [{}, { host: "another" }]) expect(own.isAlive(mark({ ...changes, lock }))).toBe(false);
    own.release();
  });

  test("are told apart within one process, and fall back on their number where there is no file", () => {
    const [first, second] = [markedProcess(folder, locks), markedProcess(folder, locks)];
    expect(lockOf(first.mark)).not.toBe(lockOf(second.mark));
    expect(second.isAlive(first.mark)).toBe(true);
    first.release();
    expect(second.isAlive(first.mark)).toBe(true);
    expect(second.isAlive(first.mark.replace(/"started":"\d+"/, '"started":"1"'))).toBe(false);
    expect(second.isAlive(first.mark.replace(/"lock":"[^"]*"/, '"lock":"../../etc/passwd"'))).toBe(true);
    second.release();
  });

  const space = [
    "unshare",
    "--pid",
    "--uts",
    "--fork",
    "--kill-child=SIGKILL",
    "--mount-proc",
    "sh",
    "-c",
    'hostname "$0" && exec "$@"',
    "twin",
  ];
  const [unshare = "", ...rest] = space;
  const canUnshare = spawnSync(unshare, [...rest, "true"]).status === 0;

  test.skipIf(!canUnshare)(
    "in two containers of one name with one number: each sees the other, and its end",
    async () => {
      const lock = "11111111-1111-4111-8111-111111111111.lock";
      const asked = join(folder, "asked.mjs");
      writeFileSync(
        asked,
        `import Sqlite from ${libsql};
const database = new Sqlite("file:" + encodeURI(${JSON.stringify(join(folder, lock))}).replaceAll("?", "%3f").replaceAll("#", "%23") + "?mode=ro");
let isHeld = false;
try {
  database.exec("SELECT 1 FROM sqlite_master");
} catch {
  isHeld = true;
}
console.log(process.pid, isHeld);`,
      );
      const ask = (): string =>
        spawnSync(unshare, [...rest, process.execPath, asked], { encoding: "utf8" }).stdout.trim();
      const kill = await holder(join(folder, lock), space);
      expect(ask()).toBe("1 true");
      await kill();
      await expect.poll(ask, { timeout: 5000 }).toBe("1 false");
    },
  );
});
