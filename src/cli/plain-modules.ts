// A short way to a configuration in TypeScript. Module hooks run in a thread of their own, and starting that thread costs more than everything
// else that loading a configuration does. Most configurations are plain: TypeScript files that import each other, `slipway` and Node's own
// modules, nothing else. Such files are stripped, given absolute imports and imported as data; whatever is not plain, or fails on
// the way, is left to the hooks, which tell the place of an error.

import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { sha256 } from "../core/core.ts";

/** A file without its types, and where in it imports stand. */
interface Stripped {
  readonly code: string;
  readonly imports: readonly { readonly start: number; readonly end: number; readonly specifier: string }[];
}

const TYPESCRIPT = /\.m?ts$/;

/** Imports a TypeScript file without module hooks; undefined when that cannot be done, whatever the reason. */
export async function importPlain(file: string, cache: string): Promise<object | undefined> {
  try {
    const code = await dataOf(file, cache, new Map(), new Set());
    if (code === undefined) return undefined;
    // What a definition's function throws later is then shown in the user's own file.
    process.setSourceMapsEnabled(true);
    return (await import(code)) as object;
  } catch {
    // The hooks find the same error, and know its line.
    return undefined;
  }
}

/** A file as a data URL that imports nothing relative; undefined when it is not plain. */
async function dataOf(
  file: string,
  cache: string,
  known: Map<string, string>,
  above: Set<string>,
): Promise<string | undefined> {
  const done = known.get(file);
  if (done !== undefined) return done;
  // Files that import each other in a circle cannot hold each other's text.
  if (above.has(file)) return undefined;
  const stripped = await strippedFile(file, cache);
  if (!stripped) return undefined;
  let text = "";
  let at = 0;
  for (const { start, end, specifier } of stripped.imports) {
    const target = await targetOf(specifier, file, (other) => dataOf(other, cache, known, new Set([...above, file])));
    if (target === undefined) return undefined;
    text += `${stripped.code.slice(at, start)}${target}`;
    at = end;
  }
  const url = `data:text/javascript;base64,${Buffer.from(text + stripped.code.slice(at)).toString("base64")}`;
  known.set(file, url);
  return url;
}

async function targetOf(
  specifier: string,
  from: string,
  dataOfOther: (file: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  // The running copy: a config then builds definitions, and throws errors, of the very classes that the command line knows.
  if (specifier === "slipway" || specifier.startsWith("slipway/"))
    return pathToFileURL(createRequire(import.meta.url).resolve(specifier)).href;
  if (isBuiltin(specifier)) return specifier;
  if (!/^\.{1,2}\//.test(specifier)) return undefined;
  const path = fileURLToPath(new URL(specifier, pathToFileURL(from)));
  const typed = [path, path.replace(/js$/, "ts"), `${path}.ts`].find((each) => TYPESCRIPT.test(each) && isFile(each));
  if (isFile(path) && !TYPESCRIPT.test(path)) return extname(path) === ".mjs" ? pathToFileURL(path).href : undefined;
  return typed === undefined ? undefined : dataOfOther(typed);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Strips a file, or takes what an earlier process made of the same text; undefined when it uses what data cannot have. */
async function strippedFile(file: string, cache: string): Promise<Stripped | undefined> {
  const text = readFileSync(file, "utf8");
  const place = join(cache, `${sha256(`plain 1\n${file}\n${text}`)}.json`);
  const kept = readKept(place);
  if (kept !== undefined) return kept ?? undefined;
  const made = await strip(file, text);
  keep(cache, place, made);
  return made ?? undefined;
}

async function strip(file: string, text: string): Promise<Stripped | null> {
  const { transformSync } = await import("oxc-transform");
  const { parse } = await import("es-module-lexer/js");
  const { code, map, errors } = transformSync(file, text, { sourcemap: true, sourceType: "module", lang: "ts" });
  if (errors.length > 0) return null;
  const [found] = parse(code);
  // Neither import() nor import.meta: both say where a module is.
  if (found.some(({ d, n }) => d !== -1 || n === undefined)) return null;
  const { href } = pathToFileURL(file);
  const encoded = Buffer.from(JSON.stringify({ ...map, sources: [href] })).toString("base64");
  return {
    code: `${code}\n//# sourceURL=${href}\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`,
    imports: found.map(({ s, e, n }) => ({ start: s, end: e, specifier: n ?? "" })),
  };
}

/** What was kept: null for a file that is known not to be plain, undefined when nothing was. */
function readKept(place: string): Stripped | null | undefined {
  try {
    return JSON.parse(readFileSync(place, "utf8")) as Stripped | null;
  } catch {
    return undefined;
  }
}

function keep(cache: string, place: string, made: Stripped | null): void {
  try {
    mkdirSync(cache, { recursive: true });
    const temporary = `${place}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(made));
    renameSync(temporary, place);
  } catch {
    // Without a place to keep it, it is made again next time.
  }
}
