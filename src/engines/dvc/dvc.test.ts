// DVC's formats held to what DVC 3.67.1 wrote, and what a hostile repository could write in their place.

import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dvc } from "./dvc.ts";
import { decodeList, encodeList } from "./folder-list.ts";
import { objectPath } from "./objects.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-dvc-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** What `dvc add data` made of `a.csv` ("a\n") and `sub/b é.csv` ("b\n"). */
const GOLDEN = {
  pointer: "outs:\n- md5: 7b98e40410ee496a4385837781738414.dir\n  size: 4\n  nfiles: 2\n  hash: md5\n  path: data\n",
  list: '[{"md5": "60b725f10c9c85c70d97880dfe8191b3", "relpath": "a.csv"}, {"md5": "3b5d5c3712955042212316173ccf37be", "relpath": "sub/b \\u00e9.csv"}]',
  name: "7b98e40410ee496a4385837781738414.dir",
} as const;

async function repository(config = ""): Promise<void> {
  await mkdir(join(root, ".dvc"));
  await mkdir(join(root, ".git"));
  await writeFile(join(root, ".dvc", "config"), config);
}

async function writeData(folder = "data"): Promise<string> {
  await mkdir(join(root, folder, "sub"), { recursive: true });
  await writeFile(join(root, folder, "a.csv"), "a\n");
  await writeFile(join(root, folder, "sub", "b é.csv"), "b\n");
  return join(root, folder);
}

async function filled(pointer: string): Promise<readonly string[]> {
  const target = await mkdtemp(join(root, "out-"));
  await (await dvc().open(pointer)).fill(target);
  return (await readdir(target, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

describe("writing", () => {
  test("gives the pointer, the list and the objects that DVC gives", async () => {
    await repository("[core]\n    remote = store\n['remote \"store\"']\n    url = ../remote\n");
    const added = await dvc().add(await writeData());
    expect(added).toMatchObject({ id: GOLDEN.name, files: 2, bytes: 4, unreached: null });
    expect(await readFile(join(root, "data.dvc"), "utf8")).toBe(GOLDEN.pointer);
    expect(await readFile(join(root, ".gitignore"), "utf8")).toBe("/data\n");
    for (const store of [join(root, ".dvc", "cache"), join(root, "remote")]) {
      const list = objectPath(store, GOLDEN.name);
      expect(await readFile(list, "utf8")).toBe(GOLDEN.list);
      expect((await stat(list)).mode & 0o777).toBe(0o444);
      expect(await readFile(objectPath(store, "60b725f10c9c85c70d97880dfe8191b3"), "utf8")).toBe("a\n");
    }
    await dvc().add(join(root, "data"));
    expect(await readFile(join(root, ".gitignore"), "utf8")).toBe("/data\n");
  });

  test("needs a repository or a folder to push to, says which remote is out of reach, and leaves links out", async () => {
    const data = await writeData();
    await expect(dvc().add(data)).rejects.toMatchObject({ code: "USAGE" });
    expect(await dvc().add(data, { remote: join(root, "elsewhere") })).toMatchObject({
      stores: [join(root, "elsewhere")],
    });
    await repository("[core]\nremote = s\n['remote \"s\"']\nurl = s3://bucket/x\n");
    expect(await dvc().add(data)).toMatchObject({ unreached: "s3://bucket/x", stores: [join(root, ".dvc", "cache")] });
    await symlink("/etc/hostname", join(data, "link"));
    await expect(dvc().add(data)).rejects.toMatchObject({ code: "DATASET_CORRUPT" });
  });

  test("sorts and escapes paths as Python does", () => {
    const md5 = "0".repeat(32);
    const { bytes } = encodeList(["\u{1f600}", "\uffee", 'a"\\', "a\u007f"].map((relpath) => ({ md5, relpath })));
    const text = ['"a\\"\\\\"', '"a\\u007f"', '"\\uffee"', '"\\ud83d\\ude00"'].map(
      (path) => `{"md5": "${md5}", "relpath": ${path}}`,
    );
    expect(bytes.toString()).toBe(`[${text.join(", ")}]`);
  });
});

describe("reading", () => {
  test("takes files from the workspace, the cache or a remote, and never ones that were changed", async () => {
    await repository("[core]\n    remote = store\n['remote \"store\"']\n    url = ../remote\n");
    const data = await writeData();
    await dvc().add(data);
    const pointer = join(root, "data.dvc");
    const expected = ["a.csv", "b é.csv"];
    expect(await filled(pointer)).toEqual(expected);
    await writeFile(join(data, "a.csv"), "somebody works here\n");
    expect(await filled(pointer)).toEqual(expected);
    await rm(data, { recursive: true });
    await rm(join(root, ".dvc", "cache"), { recursive: true });
    expect(await filled(pointer)).toEqual(expected);
    const object = objectPath(join(root, "remote"), "60b725f10c9c85c70d97880dfe8191b3");
    await rm(object);
    await writeFile(object, "A\n");
    await expect(filled(pointer)).rejects.toMatchObject({ code: "DATASET_CORRUPT" });
    await rm(object);
    await expect(filled(pointer)).rejects.toMatchObject({
      code: "DATASET_NOT_FOUND",
      message: expect.stringContaining("dvc pull"),
    });
  });

  test("takes a single file, and a folder without cache that is as it was committed", async () => {
    await writeFile(join(root, "single.txt"), "one\n");
    const out = "md5: 5bbf5a52328e7439ae6e719dfe712200\n  size: 4\n  hash: md5\n  path: single.txt\n";
    await writeFile(join(root, "single.txt.dvc"), `outs:\n- ${out}`);
    expect(await filled(join(root, "single.txt.dvc"))).toEqual(["single.txt"]);
    await writeData();
    await writeFile(join(root, "data.dvc"), GOLDEN.pointer);
    expect(await filled(join(root, "data.dvc"))).toEqual(["a.csv", "b é.csv"]);
  });

  test.each([
    ["an absolute path", GOLDEN.pointer.replace("path: data", "path: /etc")],
    ["a path that leads out", GOLDEN.pointer.replace("path: data", "path: ../data")],
    ["a path through another", GOLDEN.pointer.replace("path: data", "path: a/../../data")],
    ["a path with a NUL", GOLDEN.pointer.replace("path: data", 'path: "da\\0ta"')],
    ["a hash that is a path", GOLDEN.pointer.replace(/md5: .*\n/, "md5: ../../../../etc/passwd\n")],
    ["DVC 2's hashes", GOLDEN.pointer.replace("  hash: md5\n", "")],
    ["another working directory", `wdir: ..\n${GOLDEN.pointer}`],
    ["two outs", `${GOLDEN.pointer}${GOLDEN.pointer.slice(6)}`],
    ["a size that is none", GOLDEN.pointer.replace("size: 4", "size: -1")],
    ["more bytes than it says", GOLDEN.pointer.replace("size: 4", "size: 3")],
    ["fewer files than it says", GOLDEN.pointer.replace("nfiles: 2", "nfiles: 3")],
    ["no mapping", "- a\n"],
    ["no YAML", "outs: [\n"],
    ["aliases that grow", "a: &a [x, x]\nb: &b [*a, *a]\nouts: [*b, *b]\n"],
    ["too many bytes", `# ${"x".repeat(2 ** 20)}\n`],
  ])("refuses a pointer with %s", async (_what, text) => {
    await repository();
    await dvc().add(await writeData());
    await writeFile(join(root, "data.dvc"), text);
    await expect(filled(join(root, "data.dvc"))).rejects.toMatchObject({ code: "DATASET_CORRUPT" });
  });

  test.each([
    ["a path that leads out", [{ relpath: "../../evil" }]],
    ["an absolute path", [{ relpath: "/etc/cron.d/evil" }]],
    ["a path of another system", [{ relpath: "..\\evil" }, { relpath: "C:evil" }]],
    ["a dot as a folder", [{ relpath: "./a" }]],
    ["an empty path", [{ relpath: "" }]],
    ["the same path twice", [{ relpath: "a" }, { relpath: "a" }]],
    ["a file that is a folder too", [{ relpath: "a" }, { relpath: "a/b" }]],
    ["a hash that is none", [{ relpath: "a", md5: "../../x" }]],
    ["a path that is none", [{ relpath: 7 }]],
  ])("refuses a list with %s", (_what, items) => {
    const bytes = Buffer.from(JSON.stringify(items.map((item) => ({ md5: "0".repeat(32), ...item }))));
    expect(() => decodeList("a list", bytes)).toThrow(expect.objectContaining({ code: "DATASET_CORRUPT" }));
  });

  test("refuses what is no list, and a list under another one's name", async () => {
    for (const text of ["{}", "[1]", "not JSON", "null"])
      expect(() => decodeList("a list", Buffer.from(text))).toThrow(
        expect.objectContaining({ code: "DATASET_CORRUPT" }),
      );
    await repository();
    await dvc().add(await writeData());
    const list = objectPath(join(root, ".dvc", "cache"), GOLDEN.name);
    await rm(list);
    await writeFile(list, GOLDEN.list.replace("a.csv", "c.csv"));
    await expect(filled(join(root, "data.dvc"))).rejects.toMatchObject({ code: "DATASET_CORRUPT" });
  });
});
