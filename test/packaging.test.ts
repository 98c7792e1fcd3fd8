// What a stranger gets: the package is packed, unpacked into an empty folder beside its dependencies, and used from there. The
// dependencies are links to this checkout's, so that no network is needed; everything of slipway's own comes from the tarball.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-package-"));
const project = join(folder, "project");
const modules = join(project, "node_modules");
const installed = join(modules, "slipway");

/** Packs a copy, so that a build of this checkout is neither needed nor disturbed. */
function pack(): string {
  const copy = join(folder, "checkout");
  mkdirSync(copy);
  const left = new Set(["node_modules", "dist", ".git", "coverage", ".slipway"]);
  for (const name of readdirSync(root).filter((each) => !left.has(each) && !each.startsWith(".docs-check-")))
    cpSync(join(root, name), join(copy, name), {
      recursive: true,
      filter: (path) => !/[/\\](\.slipway|flights[/\\]data)$/.test(path),
    });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  execFileSync("npm", ["run", "--silent", "build"], { cwd: copy });
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: copy,
    encoding: "utf8",
  });
  return join(folder, packed.trim().split("\n").at(-1) ?? "");
}

function install(tarball: string): void {
  mkdirSync(join(modules, ".bin"), { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", modules]);
  execFileSync("mv", [join(modules, "package"), installed]);
  for (const name of readdirSync(join(root, "node_modules")).filter(
    (each) => !each.startsWith(".") && each !== "slipway",
  ))
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  const { bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as { bin: { slipway: string } };
  symlinkSync(join("..", "slipway", bin.slipway), join(modules, ".bin/slipway"));
  writeFileSync(
    join(project, "package.json"),
    `{ "name": "stranger", "private": true, "dependencies": { "slipway": "*" } }`,
  );
}

function slipway(...words: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync("npx", ["slipway", ...words], {
    cwd: project,
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

function configProblem(): string {
  const { checks } = JSON.parse(slipway("doctor", "--json").stdout) as {
    checks: { name: string; found: string; next?: string }[];
  };
  const { found, next } = checks.find(({ name }) => name === "Config") ?? { found: "no check" };
  return next ?? found;
}

beforeAll(() => install(pack()), 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the packed package", () => {
  test("holds what is needed to use it and no tests or sources", () => {
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
    for (const file of [
      "dist/index.js",
      "dist/index.d.ts",
      "dist/testing/testing.js",
      "dist/ports/online-store.contract.js",
      "docs/errors.md",
      "LICENSE",
      "README.md",
      "examples/starter/definitions.ts",
    ])
      expect(files).toContain(file);
    expect(files.filter((file) => /\.(test|test-d|fixture)\.|^src\b|\.slipway/.test(file))).toEqual([]);
  });

  test("npx slipway --help", () => {
    const { code, stdout } = slipway("--help");
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: slipway");
  });

  test("a project that is begun elsewhere asks for the version that is installed", () => {
    expect(slipway("init", "another")).toMatchObject({ code: 0 });
    const read = (file: string): { version: string; dependencies: { slipway: string } } =>
      JSON.parse(readFileSync(file, "utf8"));
    const { version } = read(join(installed, "package.json"));
    expect(read(join(project, "another/package.json")).dependencies.slipway).toBe(`^${version}`);
    rmSync(join(project, "another"), { recursive: true });
  });

  test("init, then a TypeScript config that loads and type-checks", () => {
    expect(slipway("init")).toMatchObject({ code: 0 });
    expect(configProblem()).toMatch(/^late_deliveries, from /);
    const checked = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", project], { encoding: "utf8" });
    expect({ code: checked.status, stdout: checked.stdout }).toEqual({ code: 0, stdout: "" });
  });

  test("the starter goes from its data to a served, logged and audited prediction", async () => {
    const answer = (...words: string[]): unknown => {
      const { code, stdout, stderr } = slipway(...words, "--json");
      expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
      return JSON.parse(stdout);
    };
    expect(answer("apply")).toMatchObject({ project: "late_deliveries" });
    expect(answer("train", "delivery_late")).toMatchObject({ version: 1, promoted: true });
    expect(answer("features", "materialize", "--to", "2025-04-30")).toMatchObject({
      materialized: [{ view: "courier_record", through: "2025-04-30T00:00:00Z" }],
    });
    const bin = join(installed, "dist/cli/bin.js");
    const server = spawn(process.execPath, [bin, "serve", "--port", "0", "--at", "2025-04-30", "--json"], {
      cwd: project,
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [said] = (await once(server.stdout, "data")) as [Buffer];
      const { url } = JSON.parse(String(said)) as { url: string };
      const response = await fetch(`${url}/api/v1/models/delivery_late/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ keys: { courier: "courier-03" }, request: { distance_km: 9.5, items: 2 } }),
      });
      expect({ status: response.status, body: await response.json() }).toMatchObject({
        status: 200,
        body: { version: 1 },
      });
    } finally {
      server.kill("SIGINT");
      await once(server, "exit");
    }
    expect(server.exitCode).toBe(0);
    expect(answer("features", "audit")).toMatchObject({ reads: 1, mismatches: 0 });
    expect(answer("models", "list")).toMatchObject({ models: [{ name: "delivery_late", aliases: { champion: 1 } }] });
  }, 180_000);

  test("an engine written as docs/engines.md says type-checks and is held to its contract", () => {
    const engine = join(folder, "engine");
    mkdirSync(engine);
    symlinkSync(modules, join(engine, "node_modules"));
    const page = readFileSync(join(installed, "docs/engines.md"), "utf8");
    const written = [...page.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, name = "", code = ""]) => {
      writeFileSync(join(engine, name), code);
      return name;
    });
    expect(written).toEqual(["memory-store.ts", "memory-store.test.ts", "slipway.config.ts"]);
    writeFileSync(join(engine, "package.json"), `{ "name": "engine", "private": true, "type": "module" }`);
    const compilerOptions = {
      target: "es2023",
      module: "nodenext",
      types: ["node"],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
    };
    writeFileSync(join(engine, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const checked = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", engine], { encoding: "utf8" });
    expect({ code: checked.status, stdout: checked.stdout }).toEqual({ code: 0, stdout: "" });

    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")));
    const held = (): { numPassedTests: number; failed: readonly string[] } => {
      const vitest = join(modules, "vitest/vitest.mjs");
      const ran = spawnSync(process.execPath, [vitest, "run", "--reporter=json"], {
        cwd: engine,
        encoding: "utf8",
        env,
      });
      const { numPassedTests, testResults } = JSON.parse(ran.stdout) as {
        numPassedTests: number;
        testResults: readonly { assertionResults: readonly { status: string; fullName: string }[] }[];
      };
      const all = testResults.flatMap(({ assertionResults }) => assertionResults);
      return { numPassedTests, failed: all.filter(({ status }) => status === "failed").map((each) => each.fullName) };
    };
    const sound = held();
    expect(sound.failed).toEqual([]);
    expect(sound.numPassedTests).toBeGreaterThan(5);

    const store = readFileSync(join(engine, "memory-store.ts"), "utf8");
    writeFileSync(join(engine, "memory-store.ts"), store.replace("memory.delete(namespace);", ""));
    expect(held().failed).toEqual([
      "memoryStore keeps the OnlineStore contract keeps namespaces apart, also where one begins like another",
    ]);
  }, 120_000);

  test("definitions in the config are of the installed module, wherever else `slipway` could be found", () => {
    writeFileSync(
      join(project, "slipway.config.ts"),
      `import { SlipwayError } from "slipway";\nconst code: string = "INPUT_INVALID";\n\nthrow new SlipwayError(code as never, "mine");\n`,
    );
    expect(configProblem()).toBe("slipway.config.ts:4: mine");
  });

  test("a syntax error is named with file and line", () => {
    writeFileSync(join(project, "slipway.config.ts"), `import "./broken.ts";\n`);
    writeFileSync(join(project, "broken.ts"), `export const fine = 1;\n// ünïcode\nconst = 3;\n`);
    expect(configProblem()).toMatch(/^broken\.ts:3 does not parse: /);
  });

  test("a thrown error has the line of the source, not of the stripped file", () => {
    writeFileSync(
      join(project, "slipway.config.ts"),
      `interface Gone {\n  readonly a: string;\n}\n\nconst gone = undefined as Gone | undefined;\nexport default { name: gone!.a };\n`,
    );
    expect(configProblem()).toMatch(/^slipway\.config\.ts:6 failed to load: Cannot read properties of undefined/);
  });
});
