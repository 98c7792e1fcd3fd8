// Fetching is tried with a stand-in for Python, a shell script, so that these tests need no network.

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openXgboost } from "./binding.ts";
import { findLibrary, type LibraryHost } from "./library.ts";
import type { WheelPin } from "./wheel.ts";

const pin: WheelPin = {
  version: "9.9.9",
  tag: "anywhere",
  sha256: "0".repeat(64),
  megabytes: 0.1,
  library: "xgboost/lib/libxgboost.so",
  libraryBytes: 6,
};
const host: LibraryHost = { platform: "linux", arch: "x64", pins: { "linux-x64": pin }, systemFolders: [] };

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-xgboost-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Options whose PATH has a `python3` with this body; the usual tools stay reachable. */
async function withPython(body: string): Promise<{ env: Record<string, string>; cacheDir: string }> {
  const bin = join(folder, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "python3"), `#!/bin/sh\n${body}\n`);
  await chmod(join(bin, "python3"), 0o755);
  return { env: { PATH: `${bin}:/usr/bin:/bin` }, cacheDir: join(folder, "cache") };
}

const unpacks = `case "$2" in
  pip) cp wanted.txt ../../asked.$$ && mv -f ../../asked.$$ ../../asked.txt ;;
  zipfile) mkdir -p unpacked/xgboost/lib; sleep 0.2; printf native > unpacked/xgboost/lib/libxgboost.so ;;
esac`;

describe.skipIf(process.platform === "win32")("finding libxgboost", () => {
  it("takes XGBOOST_LIB, and only an existing one", async () => {
    const path = join(folder, "mine.so");
    await writeFile(path, "");
    expect(await findLibrary({ env: { XGBOOST_LIB: path }, cacheDir: folder }, {}, host)).toBe(path);
    const missing = findLibrary({ env: { XGBOOST_LIB: `${path}.not` }, cacheDir: folder }, {}, host);
    await expect(missing).rejects.toMatchObject({
      code: "LIBRARY_NOT_FOUND",
      message: expect.stringContaining("mine.so.not"),
    });
  });

  it("takes the library of an installed Python package, then the system's", async () => {
    const system = join(folder, "system", "libxgboost.so.3");
    await mkdir(dirname(system));
    await writeFile(system, "");
    const withSystem = { ...host, systemFolders: [dirname(system)] };
    const installed = await withPython('echo "/somewhere/libxgboost.so"');
    expect(await findLibrary(installed, {}, withSystem)).toBe("/somewhere/libxgboost.so");
    expect(await findLibrary(await withPython("echo"), {}, withSystem)).toBe(system);
  });

  it("fetches once, with notes, and leaves nothing but the library", async () => {
    const options = await withPython(unpacks.replace("native", "libxgb"));
    const notes: string[] = [];
    const path = await findLibrary(options, { onNote: (text) => notes.push(text) }, host);
    expect(path).toBe(join(options.cacheDir, "xgboost-cpu-9.9.9-anywhere", pin.library));
    expect(notes.join()).toContain("9.9.9");
    expect(await readFile(join(folder, "asked.txt"), "utf8")).toBe(`xgboost-cpu==9.9.9 --hash=sha256:${pin.sha256}\n`);
    expect(await findLibrary(await withPython("exit 1"), {}, host)).toBe(path);
    expect(await readdir(options.cacheDir)).toEqual(["xgboost-cpu-9.9.9-anywhere"]);
  });

  it("may be asked by several at once", async () => {
    const options = await withPython(unpacks.replace("native", "libxgb"));
    const paths = await Promise.all([1, 2, 3, 4].map(() => findLibrary(options, {}, host)));
    expect(new Set(paths).size).toBe(1);
    expect(await readdir(options.cacheDir)).toHaveLength(1);
  });

  it("replaces a cached library that was cut short", async () => {
    const options = await withPython(unpacks.replace("native", "libxgb"));
    const path = join(options.cacheDir, "xgboost-cpu-9.9.9-anywhere", pin.library);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "lib");
    expect(await findLibrary(options, {}, host)).toBe(path);
    expect(await readdir(options.cacheDir)).toHaveLength(1);
  });

  const failures: readonly (readonly [string, string, RegExp])[] = [
    ["pip is missing", 'echo "No module named pip" >&2; exit 1', /no pip/],
    ["the hash differs", 'echo "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES" >&2; exit 1', /SHA-256/],
    ["there is no network", 'echo "NewConnectionError(...)" >&2; exit 1', /cannot be reached/],
    ["another reason is given", 'echo "ERROR: Your pip is out of order" >&2; exit 1', /Your pip is out of order/],
    ["the unpacked file is another", unpacks.replace("native", "other file"), /another library/],
  ];
  for (const [name, body, reason] of failures)
    it(`says what to do when ${name}`, async () => {
      const options = await withPython(body);
      const error = await findLibrary(options, {}, host).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "LIBRARY_NOT_FOUND", message: expect.stringMatching(reason) });
      expect(error).toMatchObject({ message: expect.stringMatching(/pip install xgboost.*XGBOOST_LIB/) });
      expect(await readdir(options.cacheDir)).toEqual([]);
    });

  it("says what to do when there is no Python, or no wheel", async () => {
    const nothing = { env: { PATH: folder }, cacheDir: join(folder, "cache") };
    await expect(findLibrary(nothing, {}, host)).rejects.toThrow(/python3 is not installed/);
    await expect(findLibrary(nothing, {}, { ...host, platform: "darwin" })).rejects.toThrow(/brew install libomp/);
  });

  it("can be cancelled while it fetches", async () => {
    const options = await withPython('[ "$2" = pip ] && exec sleep 60; exit 0');
    const control = new AbortController();
    const onNote = (): void => {
      setTimeout(() => control.abort(), 50);
    };
    const fetching = findLibrary(options, { signal: control.signal, onNote }, host);
    await expect(fetching).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await readdir(options.cacheDir)).toEqual([]);
  });

  it("refuses a file that is no library", async () => {
    const path = join(folder, "libxgboost.so");
    await writeFile(path, "not a library");
    expect(() => openXgboost(path)).toThrow(expect.objectContaining({ code: "LIBRARY_NOT_FOUND" }));
  });
});
