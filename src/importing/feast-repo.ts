// The Python files of a Feast repository as one set of named objects: which class each was made of, with which arguments, where. Names are
// looked up in their own file first, then in all, because modules import from one another.

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { parse } from "yaml";
import { SlipwayError } from "../core/core.ts";
import type { Notes } from "./notes.ts";
import {
  type PythonCall,
  type PythonModule,
  type PythonStatement,
  type PythonValue,
  readPython,
} from "./python-values.ts";

/** A function with its decorators. */
export type PythonFunction = Extract<PythonStatement, { readonly kind: "function" }>;

/** An object that a file makes: `driver = Entity(name="driver")`. */
export interface FeastObject {
  /** The class: `Entity`. */
  readonly type: string;
  /** The variable; undefined for one that is made in place. */
  readonly variable: string | undefined;
  readonly call: PythonCall;
  readonly file: string;
  readonly where: string;
}

/** A repository as it was read. */
export interface FeastRepo {
  readonly folder: string;
  readonly project: string;
  readonly objects: readonly FeastObject[];
  readonly functions: readonly { readonly definition: PythonFunction; readonly file: string; readonly where: string }[];
  /** What an expression stands for: names and constants followed as far as they can be. */
  resolve(value: PythonValue, file: string): PythonValue;
  /** The object that an expression makes or names. */
  objectOf(value: PythonValue, file: string): FeastObject | undefined;
}

const SKIPPED = new Set(["__pycache__", "node_modules", "site-packages", "venv", "env"]);
/** Bigger files are no definitions. */
const MOST_BYTES = 2_000_000;

/** Reads a repository's files. Throws INPUT_INVALID when the folder is none. */
export async function readFeastRepo(given: string, notes: Notes): Promise<FeastRepo> {
  const folder = resolve(given);
  const config = join(folder, "feature_store.yaml");
  if (!existsSync(config))
    throw new SlipwayError(
      "INPUT_INVALID",
      `${folder} has no feature_store.yaml, so it is no Feast repository. Give the folder that \`feast apply\` runs in.`,
    );
  const project = projectOf(await readFile(config, "utf8"), config);
  if (existsSync(join(folder, ".feastignore")))
    notes.add(".feastignore", ".feastignore", "is not read; every Python file was looked at.");
  const modules = new Map<string, PythonModule>();
  for (const file of await pythonFiles(folder)) {
    const text = await readFile(join(folder, file), "utf8");
    if (text.length > MOST_BYTES) {
      notes.add(`file "${file}"`, file, `is larger than ${MOST_BYTES} characters and was not read.`);
      continue;
    }
    const module = readPython(text);
    for (const line of module.brokenLines.slice(0, 3))
      notes.add(`file "${file}"`, `${file}:${line}`, "holds something here that is not Python as it is known.");
    modules.set(file, module);
  }
  return repoOf(folder, project, modules);
}

function projectOf(text: string, file: string): string {
  let config: unknown;
  try {
    config = parse(text);
  } catch (cause) {
    throw new SlipwayError("INPUT_INVALID", `${file} is not YAML: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  const { project } = (config ?? {}) as { readonly project?: unknown };
  return typeof project === "string" && project !== "" ? project : "imported";
}

async function pythonFiles(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (at: string): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) continue;
      const path = join(at, entry.name);
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile() && entry.name.endsWith(".py")) found.push(relative(folder, path).split(sep).join("/"));
    }
  };
  await walk(folder);
  return found.sort();
}

function repoOf(folder: string, project: string, modules: ReadonlyMap<string, PythonModule>): FeastRepo {
  const byFile = new Map<string, Map<string, PythonValue>>();
  const anywhere = new Map<string, { readonly value: PythonValue; readonly file: string }>();
  const objects: FeastObject[] = [];
  const made = new Map<PythonValue, FeastObject>();
  const functions: FeastRepo["functions"][number][] = [];
  const keep = (value: PythonValue, variable: string | undefined, file: string): void => {
    if (value.kind !== "call") return;
    const object = { type: nameOf(value.callee), variable, call: value, file, where: `${file}:${value.line}` };
    objects.push(object);
    made.set(value, object);
  };
  for (const [file, { statements }] of modules) {
    const names = new Map<string, PythonValue>();
    byFile.set(file, names);
    for (const statement of statements) {
      if (statement.kind === "assign" && statement.target.kind === "name") {
        names.set(statement.target.name, statement.value);
        anywhere.set(statement.target.name, { value: statement.value, file });
        keep(statement.value, statement.target.name, file);
      }
      if (statement.kind === "expression") keep(statement.value, undefined, file);
      if (statement.kind === "function")
        functions.push({ definition: statement, file, where: `${file}:${statement.line}` });
    }
  }

  const follow = (value: PythonValue, file: string, depth: number): PythonValue => {
    if (depth > 20) return value;
    if (value.kind === "name") {
      const local = byFile.get(file)?.get(value.name);
      if (local) return follow(local, file, depth + 1);
      const other = anywhere.get(value.name);
      return other ? follow(other.value, other.file, depth + 1) : value;
    }
    if (value.kind === "binary" && value.operator === "+") {
      const [left, right] = [follow(value.left, file, depth + 1), follow(value.right, file, depth + 1)];
      if (left.kind === "string" && right.kind === "string")
        return { ...value, kind: "string", value: left.value + right.value };
    }
    return value;
  };
  return {
    folder,
    project,
    objects,
    functions,
    resolve: (value, file) => follow(value, file, 0),
    objectOf: (value, file) => {
      const found = follow(value, file, 0);
      if (found.kind !== "call") return undefined;
      return (
        made.get(found) ?? {
          type: nameOf(found.callee),
          variable: undefined,
          call: found,
          file,
          where: `${file}:${found.line}`,
        }
      );
    },
  };
}

/** The last part of a name: `Entity` of `feast.Entity`. */
export function nameOf(value: PythonValue): string {
  if (value.kind === "name" || value.kind === "member") return value.name;
  return "";
}
