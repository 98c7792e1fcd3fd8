import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { importPlain } from "./plain-modules.ts";

let folder: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-plain-"));
  cache = join(folder, "cache");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const load = (file: string): Promise<object | undefined> => importPlain(file, cache);
const defaultOf = async (file: string): Promise<unknown> => ((await load(file)) as { default: unknown }).default;

test("imports TypeScript that imports TypeScript, each file once", async () => {
  write("shared.ts", "export const list: number[] = [];\nlist.push(1);");
  write("a.ts", 'import { list } from "./shared.ts";\nexport const a: number[] = list;');
  write(
    "b.ts",
    'import { join } from "node:path";\nexport { list as b } from "./shared.js";\nexport const c = join("x", "y");',
  );
  const file = write(
    "main.ts",
    'import { a } from "./a";\nimport { b, c } from "./b.ts";\nexport default { same: a === b, a, c };',
  );
  expect(await load(file)).toMatchObject({ default: { same: true, a: [1], c: join("x", "y") } });
});

test("finds a change of a file, and of one that it imports, and keeps each text once", async () => {
  write("dep.ts", "export const n: number = 1;");
  const file = write("main.ts", 'import { n } from "./dep.ts";\nexport default n;');
  expect(await defaultOf(file)).toBe(1);
  expect(await defaultOf(file)).toBe(1);
  expect(readdirSync(cache)).toHaveLength(2);
  write("dep.ts", "export const n: number = 2;");
  expect(await defaultOf(file)).toBe(2);
  expect(readdirSync(cache)).toHaveLength(3);
});

test.each([
  ["does not parse", "export default {;"],
  ["throws", 'throw new Error("no");'],
  ["imports a package", 'import { z } from "zod";\nexport default z;'],
  ["imports what is not there", 'import "./none.ts";'],
  ["asks where it is", "export default import.meta.url;"],
  ["imports as it goes", "export default await import(`./main.ts`);"],
  ["imports itself", 'import * as me from "./main.ts";\nexport default me;'],
])("leaves to the hooks a file that %s", async (_, text) => {
  expect(await load(write("main.ts", text))).toBeUndefined();
});

test("a cache that cannot be written is no hindrance", async () => {
  const file = write("main.ts", "export default 1 as number;");
  expect(await importPlain(file, join(file, "no folder"))).toHaveProperty("default");
});
