import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { main } from "./program.ts";
import { tree } from "./tree.ts";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function slipway(words: readonly string[], cwd = mkdtempSync(join(tmpdir(), "slipway-cli-"))): Promise<Ended> {
  const said = { stdout: "", stderr: "" };
  const sink = (name: keyof typeof said) => ({
    write(text: string): void {
      said[name] += text;
    },
  });
  const code = await main(words, {
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    env: { PATH: process.env["PATH"] },
    cwd,
  });
  return { code, ...said };
}

function projectWith(config: string): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-cli-"));
  writeFileSync(join(folder, "slipway.config.ts"), config);
  return folder;
}

const words = tree.flatMap((entry) =>
  "commands" in entry
    ? [[entry.name], ...entry.commands.map((verb) => [entry.name, verb.name.split(" ")[0] ?? ""])]
    : [[entry.name]],
);

describe("help", () => {
  test("names every noun, on stdout", async () => {
    const { code, stdout, stderr } = await slipway(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { name } of tree) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, "m"));
  });

  test.each(words)("%s %s --help ends with an example of it", async (...path) => {
    const { code, stdout } = await slipway([...path.filter((word) => typeof word === "string"), "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\\n  \\$ slipway ${path.join(" ")}`));
  });

  test("a bare `slipway` helps", async () => {
    expect(await slipway([])).toEqual(await slipway(["--help"]));
  });

  test("loads commander and nothing else heavy", () => {
    const loaded = (file: string): readonly string[] =>
      [...readFileSync(join("src/cli", file), "utf8").matchAll(/^import (?!type\b)[^"]* from "([^"]+)"/gm)].flatMap(
        ([, specifier = ""]) => (specifier.startsWith(".") ? loaded(specifier) : [specifier]),
      );
    expect(loaded("bin.ts")).toEqual(["commander", "node:fs"]);
  });

  test("prints the package's version", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect((await slipway(["--version"])).stdout.trim()).toBe(version);
  });
});

describe("a wrong command line", () => {
  test("is USAGE, with a suggestion, and nothing on stdout", async () => {
    const { code, stdout, stderr } = await slipway(["docter"]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toMatch(/^USAGE Unknown command 'docter' \(Did you mean doctor\?\)/);
  });

  test("under --json is one document on stdout", async () => {
    const { stdout } = await slipway(["doctor", "--nonsense", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "USAGE", details: {} } });
  });
});

describe("a configuration", () => {
  const problem = async (cwd: string, ...more: string[]): Promise<string> => {
    const { stdout } = await slipway(["doctor", "--json", ...more], cwd);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; found: string; next?: string }[] };
    const { found, next } = checks.find(({ name }) => name === "Config") ?? { found: "no check" };
    return next === undefined ? found : `${found}: ${next}`;
  };

  test("that is nowhere is CONFIG_NOT_FOUND and exit 78", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-cli-"));
    expect(await problem(folder)).toMatch(/^CONFIG_NOT_FOUND: .*slipway init/);
    expect((await slipway(["doctor"], folder)).code).toBe(78);
    expect(await problem(folder, "--project", "elsewhere")).toMatch(/elsewhere\. Check --project/);
  });

  test("is found above, and where package.json points", async () => {
    const folder = projectWith(`export default { name: "above", definitions: {} };`);
    mkdirSync(join(folder, "a/b"), { recursive: true });
    expect(await problem(join(folder, "a/b"))).toMatch(/^above, from /);
    const pointing = mkdtempSync(join(tmpdir(), "slipway-cli-"));
    mkdirSync(join(pointing, "model"));
    writeFileSync(join(pointing, "model/slipway.config.mts"), `export default { name: "pointed", definitions: {} };`);
    writeFileSync(join(pointing, "package.json"), `{ "slipway": { "project": "model" } }`);
    expect(await problem(pointing)).toMatch(/^pointed, from /);
  });

  test("that throws is named with its line", async () => {
    const folder = projectWith(`export const fine = 1;\n\nthrow new Error("no luck");\n`);
    expect(await problem(folder)).toMatch(/^CONFIG_INVALID: slipway\.config\.ts:\d+ failed to load: no luck/);
  });

  test("that exports something else says what to export", async () => {
    expect(await problem(projectWith("export const project = 1;"))).toMatch(
      /^CONFIG_INVALID: .*its default export is missing/,
    );
    expect(await problem(projectWith("export default 7;"))).toMatch(/its default export is 7/);
  });
});

describe("init", () => {
  test("writes a whole project and nothing twice", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-init-"));
    const { code, stdout } = await slipway(["init", "My Model", "--json"], folder);
    expect(code).toBe(0);
    const { written } = JSON.parse(stdout) as { written: string[] };
    expect(written).toContain("data/orders.parquet");
    const { name, dependencies } = JSON.parse(readFileSync(join(folder, "My Model/package.json"), "utf8")) as {
      name: string;
      dependencies: { slipway: string };
    };
    expect(name).toBe("my-model");
    // No registry has what a checkout holds, so the project takes it from there.
    const [, path = ""] = /^file:(.+)$/.exec(dependencies.slipway) ?? [];
    expect(resolve(folder, "My Model", path)).toBe(fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, ""));
    expect(await slipway(["init", "My Model"], folder)).toMatchObject({ code: 65, stdout: "" });
  });

  test("leaves a package.json that is there as it is", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-init-"));
    writeFileSync(join(folder, "package.json"), "{}");
    const { stdout } = await slipway(["init", "--json"], folder);
    expect(JSON.parse(stdout)).toMatchObject({ kept: ["package.json"] });
    expect(readFileSync(join(folder, "package.json"), "utf8")).toBe("{}");
  });
});

test("a reader that closes the pipe early is no failure", async () => {
  const bin = fileURLToPath(new URL("./bin.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", bin, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
