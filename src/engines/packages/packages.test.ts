import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { projectPackages } from "./packages.ts";

function project(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-packages-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

const manifest = JSON.stringify({ dependencies: { a: "^1.0.0" }, devDependencies: { "@s/b": "2" } });

test("the project's own packages by what is installed, and all that is locked", async () => {
  const lock = JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "": { version: "9" },
      "node_modules/a": { version: "1.2.3" },
      "node_modules/a/node_modules/c": { version: "4.0.0-r.1" },
      "node_modules/@s/b": { version: "2.0.0" },
      "node_modules/linked": { link: true, resolved: "packages/linked" },
    },
  });
  const folder = project({
    "package.json": manifest,
    "package-lock.json": lock,
    "node_modules/a/package.json": '{"version":"1.2.3"}',
    "deep/inside/definitions.ts": "",
  });
  expect(await projectPackages(join(folder, "deep/inside"))).toEqual({
    lock: { file: "package-lock.json", hash: createHash("sha256").update(lock).digest("hex") },
    direct: { "@s/b": "?", a: "1.2.3" },
    resolved: ["@s/b@2.0.0", "a@1.2.3", "c@4.0.0-r.1"],
    problem: null,
  });
});

test.each([
  [
    "pnpm-lock.yaml",
    "lockfileVersion: '9.0'\n\npackages:\n\n  '@s/b@2.0.0':\n    resolution: {integrity: sha512-x}\n\n  a@1.2.3:\n    resolution: {}\n\nsnapshots:\n\n  d@9.9.9: {}\n",
  ],
  [
    "yarn.lock",
    '# yarn lockfile v1\n\n\n"@s/b@2", "@s/b@^2.0.0":\n  version "2.0.0"\n\na@^1.0.0:\n  version "1.2.3"\n',
  ],
  [
    "yarn.lock",
    '__metadata:\n  version: 8\n\n"@s/b@npm:2":\n  version: 2.0.0\n  resolution: "@s/b@npm:2.0.0"\n\n"a@npm:^1.0.0":\n  version: 1.2.3\n\n"own@workspace:.":\n  version: 0.0.0-use.local\n',
  ],
  [
    "bun.lock",
    '{\n  "lockfileVersion": 1,\n  "workspaces": {},\n  "packages": {\n    "@s/b": ["@s/b@2.0.0", "", {}, "sha512-x"],\n\n    "a": ["a@1.2.3", "", {}],\n  }\n}\n',
  ],
])("%s is read", async (name, text) => {
  const { resolved, lock } = await projectPackages(project({ "package.json": manifest, [name]: text }));
  expect(lock?.file).toBe(name);
  expect(resolved).toEqual(["@s/b@2.0.0", "a@1.2.3"]);
});

test("what is not there or cannot be read is a problem in words", async () => {
  expect(await projectPackages(project({}))).toMatchObject({ lock: null, direct: {}, resolved: [] });
  expect((await projectPackages(project({ "package.json": manifest }))).problem).toBe("there is no lockfile");
  expect(await projectPackages(project({ "package.json": manifest, "package-lock.json": "{" }))).toMatchObject({
    lock: { file: "package-lock.json" },
    problem: expect.stringContaining("package-lock.json cannot be read"),
  });
  expect((await projectPackages(project({ "package.json": "[" }))).problem).toContain("cannot be read");
});
