// Copies the starter project into a folder and adds what a project of its own needs. It writes nothing at all when one of the
// starter's own files would be overwritten; a package.json, tsconfig.json or .gitignore that is there is left as it is.

import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { SlipwayError } from "../../core/core.ts";
import type { CommandContext } from "../run-command.ts";

const PACKAGE = fileURLToPath(new URL("../../../", import.meta.url));
const STARTER = join(PACKAGE, "examples/starter");
const COPIED = ["definitions.ts", "slipway.config.ts", "README.md", "data/orders.parquet", "data/deliveries.parquet"];

/** `slipway init [dir]` */
export async function run(
  { host, output }: CommandContext,
  _options: Readonly<Record<string, never>>,
  folder = ".",
): Promise<void> {
  const root = resolve(host.cwd, folder);
  const taken = COPIED.filter((file) => file !== "README.md" && existsSync(join(root, file)));
  if (taken.length > 0)
    throw new SlipwayError("INPUT_INVALID", `${root} already has ${taken.join(", ")}. Choose another folder.`, {
      details: { folder: root, taken },
    });
  const written: string[] = [];
  const kept: string[] = [];
  const write = async (file: string, make: (target: string) => Promise<void>): Promise<void> => {
    const target = join(root, file);
    if (existsSync(target)) return void kept.push(file);
    await mkdir(dirname(target), { recursive: true });
    await make(target);
    written.push(file);
  };
  for (const file of COPIED) await write(file, (target) => copyFile(join(STARTER, file), target));
  for (const [file, content] of Object.entries(await ownFiles(root)))
    await write(file, (target) => writeFile(target, content));
  const change = relative(host.cwd, root);
  const next = [
    ...(change === "" ? [] : [`cd ${change}`]),
    "npm install",
    "npx slipway apply",
    "npx slipway train delivery_late",
    "npx slipway features materialize --to 2025-04-30T01:00:00Z",
    "npx slipway serve --at 2025-04-30T01:00:00Z",
  ];
  output.show({ folder: root, written, kept, next }, [
    `${output.style.good("✓")} A project is in ${root}: ${written.join(", ")}.`,
    ...(kept.length > 0 ? [`  Left as they were: ${kept.join(", ")}.`] : []),
    "",
    "Next:",
    ...next.map((line) => `  ${line}`),
  ]);
}

/** What a project says to get this very package: its version, or a checkout's folder, which no registry has. */
function dependency(root: string, version: string): string {
  const isInstalled = PACKAGE.split(sep).includes("node_modules");
  return isInstalled ? `^${version}` : `file:${relative(root, PACKAGE).split(sep).join("/")}`;
}

async function ownFiles(root: string): Promise<Readonly<Record<string, string>>> {
  const own = await readFile(join(PACKAGE, "package.json"), "utf8");
  const { version, engines } = JSON.parse(own) as { version: string; engines: unknown };
  const name =
    basename(root)
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .replace(/^-+|-+$/g, "") || "slipway-project";
  const manifest = {
    name,
    private: true,
    type: "module",
    engines,
    scripts: { check: "tsc" },
    dependencies: { slipway: dependency(root, version) },
    devDependencies: { typescript: ">=5.7" },
  };
  const typescript = {
    compilerOptions: {
      target: "es2023",
      module: "esnext",
      moduleResolution: "bundler",
      allowImportingTsExtensions: true,
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      types: [],
    },
    include: ["*.ts"],
  };
  return {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "tsconfig.json": `${JSON.stringify(typescript, null, 2)}\n`,
    ".gitignore": "node_modules/\n.slipway/\n",
  };
}
