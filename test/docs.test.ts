// Holds the documents to the code: every error is explained with its real numbers, and every `ts` block type-checks. A block that begins with
// its file's name, `// memory-store.ts`, may be imported by that name in the blocks of the same page.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { errorTable } from "../src/core/core.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].concat(
  readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
);
const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

describe("docs/errors.md", () => {
  const sections = [
    ...textOf("docs/errors.md").matchAll(
      /^## `(\w+)`\n\nHTTP (\d+) · gRPC (\d+) \w+ · exit (\d+) · (retrying[\w ]+)\n\n(.+)\n\n(.+)$/gm,
    ),
  ];

  test("explains every code, in the table's order, and nothing else", () => {
    expect(sections.map(([, code]) => code)).toEqual(Object.keys(errorTable));
    expect(textOf("docs/errors.md").match(/^## /gm)).toHaveLength(sections.length);
  });

  test("gives each code's own numbers", () => {
    const documented = sections.map(([, code, http, grpc, exit, retry]) => [
      code,
      { http: Number(http), grpc: Number(grpc), exit: Number(exit), retry: retry === "retrying later can help" },
    ]);
    expect(Object.fromEntries(documented)).toEqual(errorTable);
  });
});

describe("links", () => {
  test.each(pages)("%s points at files that are there", (page) => {
    const links = [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, target]) => target ?? "");
    const missing = links.filter((target) => {
      const path = join(root, page, "..", target);
      try {
        return readFileSync(path).length < 0;
      } catch (thrown) {
        return (thrown as NodeJS.ErrnoException).code !== "EISDIR";
      }
    });
    expect(missing).toEqual([]);
  });
});

describe("code in documents", () => {
  test("every ts block type-checks", () => {
    const folder = mkdtempSync(join(root, ".docs-check-"));
    try {
      for (const page of pages) {
        const blocks = [...textOf(page).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? "");
        const own = join(folder, page.replace(/\W+/g, "-"));
        mkdirSync(own);
        blocks.forEach((code, index) => {
          const [, name = `${index}.ts`] = /^\/\/ ([\w.-]+\.ts)$/m.exec(code.split("\n")[0] ?? "") ?? [];
          const file = join(own, existsSync(join(own, name)) ? `${index}.ts` : name);
          writeFileSync(file, /^(import|export) /m.test(code) ? code : `${code}\nexport {};\n`);
        });
      }
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({
          extends: "../tsconfig.json",
          // Blocks show a few lines of a file; the names they leave unused are no fault of theirs.
          compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
          include: ["**/*.ts"],
        }),
      );
      const checked = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
      expect(checked.stdout.split("\n").filter((line) => line.includes(".docs-check-"))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
