// Finds and imports a project's configuration, and says where in the user's files it failed when it does.

import { dirname, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { SlipwayError } from "../core/core.ts";
import { findConfig } from "./find-config.ts";
import { strippedFolder } from "./places.ts";
import { importPlain } from "./plain-modules.ts";

/** A configuration as it was found. */
export interface LoadedConfig<C> {
  readonly config: C;
  readonly file: string;
  /** The configuration's folder: paths in definitions start here. */
  readonly root: string;
}

/** What every configuration has, whatever else it says. */
interface ConfigShape {
  readonly name: string;
  readonly definitions: Readonly<Record<string, unknown>>;
}

/** Loads slipway.config.ts. Throws CONFIG_NOT_FOUND, CONFIG_INVALID, or what a definition refused, with file and line. */
export async function loadConfig<C extends ConfigShape>(cwd: string, project?: string): Promise<LoadedConfig<C>> {
  const file = findConfig(cwd, project);
  // Loaded first: should the hooks be needed, every import takes a detour through their thread from then on, and a config imports all of this.
  await import("../define/define.ts");
  const plain = await importPlain(file, strippedFolder({ env: process.env, cwd }));
  if (!plain) await import("./typescript.ts");
  const module: { readonly default?: unknown } =
    plain ??
    (await import(pathToFileURL(file).href).catch((thrown: unknown) => {
      throw explain(thrown, file, cwd);
    }));
  const config = module.default;
  if (!isConfig(config))
    throw new SlipwayError(
      "CONFIG_INVALID",
      `${file} must end with \`export default project({ name: "…", definitions })\`; its default export is ${describe(config)}.`,
      { details: { file } },
    );
  return { config: config as C, file, root: dirname(file) };
}

function isConfig(value: unknown): value is ConfigShape {
  const config = value as Partial<ConfigShape> | null | undefined;
  return typeof config === "object" && typeof config?.name === "string" && typeof config.definitions === "object";
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  return value === null || typeof value !== "object" ? JSON.stringify(value) : "something else";
}

const SYNTAX = /^(\S.*\.m?ts):(\d+):\d+: (.*)$/s;
const FRAME = /\(?((?:file:\/\/)?\/[^()\n]*?):(\d+):(\d+)\)?$/;

function explain(thrown: unknown, config: string, cwd: string): SlipwayError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const [, syntaxFile, syntaxLine, syntaxMessage] = SYNTAX.exec(error.message) ?? [];
  const place =
    syntaxFile === undefined ? placeOf(error, dirname(config)) : { file: syntaxFile, line: Number(syntaxLine) };
  const at = `${relative(cwd, place?.file ?? config)}${place ? `:${place.line}` : ""}`;
  const details = { file: place?.file ?? config, ...(place ? { line: place.line } : {}) };
  const context = { cause: error, details };
  if (syntaxMessage !== undefined)
    return new SlipwayError("CONFIG_INVALID", `${at} does not parse: ${syntaxMessage}`, context);
  if (error instanceof SlipwayError)
    return new SlipwayError(error.code, `${at}: ${error.message}`, {
      ...context,
      details: { ...error.details, ...details },
    });
  return new SlipwayError("CONFIG_INVALID", `${at} failed to load: ${error.message}`, context);
}

/** The innermost stack frame in the user's own files. */
function placeOf(error: Error, root: string): { readonly file: string; readonly line: number } | undefined {
  for (const text of (error.stack ?? "").split("\n")) {
    const [, path, line] = FRAME.exec(text.trim()) ?? [];
    if (path === undefined) continue;
    const file = decodeURIComponent(path.replace(/^file:\/\//, ""));
    if (file.startsWith(root) && !file.includes("/node_modules/")) return { file, line: Number(line) };
  }
  return undefined;
}
