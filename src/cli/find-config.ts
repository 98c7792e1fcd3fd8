// Where a project's configuration is: --project, else the nearest slipway.config.* upwards, else what the nearest package.json
// with `"slipway": { "project": "folder" }` points to.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SlipwayError } from "../core/core.ts";

const NAMES = ["slipway.config.ts", "slipway.config.mts", "slipway.config.js", "slipway.config.mjs"];

function configIn(folder: string): string | undefined {
  return NAMES.map((name) => join(folder, name)).find((file) => existsSync(file));
}

function upwards(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upwards(parent)];
}

function pointerIn(folder: string): string | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new SlipwayError("CONFIG_INVALID", `${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const project = (content as { slipway?: { project?: unknown } } | null)?.slipway?.project;
  return typeof project === "string" ? resolve(folder, project) : undefined;
}

/** The configuration file to use. Throws CONFIG_NOT_FOUND, saying where it looked. */
export function findConfig(cwd: string, project?: string): string {
  if (project !== undefined) {
    const folder = resolve(cwd, project);
    return configIn(folder) ?? notFound(`There is no slipway.config.ts in ${folder}. Check --project.`, [folder]);
  }
  const folders = upwards(resolve(cwd));
  for (const folder of folders) {
    const file = configIn(folder);
    if (file) return file;
  }
  for (const folder of folders) {
    const pointed = pointerIn(folder);
    if (pointed === undefined) continue;
    const named = `${join(folder, "package.json")} points to ${pointed}`;
    return configIn(pointed) ?? notFound(`${named}, but there is no slipway.config.ts in it.`, [pointed]);
  }
  return notFound(
    `There is no slipway.config.ts in ${folders[0]} or above it. Run \`slipway init\` to start a project, or name one with --project DIR.`,
    folders,
  );
}

function notFound(message: string, searched: readonly string[]): never {
  throw new SlipwayError("CONFIG_NOT_FOUND", message, { details: { searched } });
}
