// Copies the starter project into a folder and adds what a project of its own needs. It writes nothing at all when one of the
// starter's own files would be overwritten; a package.json, tsconfig.json or .gitignore that is there is left as it is.

import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SlipwayError } from "../../core/core.ts";
import type { CommandContext } from "../run-command.ts";

const STARTER = fileURLToPath(new URL("../../../examples/starter/", import.meta.url));
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
  for (const [file, content] of Object.entries(await ownFiles(basename(root))))
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

async function ownFiles(folder: string): Promise<Readonly<Record<string, string>>> {
  const own = await readFile(new URL("../../../package.json", import.meta.url), "utf8");
  const { version, engines } = JSON.parse(own) as { version: string; engines: unknown };
  const name =
    folder
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .replace(/^-+|-+$/g, "") || "slipway-project";
  const manifest = {
    name,
    private: true,
    type: "module",
    engines,
    scripts: { check: "tsc" },
    dependencies: { slipway: `^${version}` },
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
