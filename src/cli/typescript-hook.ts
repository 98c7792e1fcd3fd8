// Module hooks, run by Node in a thread of their own. They see every import of the process, so all but TypeScript files and
// the name `slipway` is passed on at once. `slipway` always means the running copy: a config then builds definitions, and
// throws errors, of the very classes that the command line knows.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { LoadHook, ResolveHook } from "node:module";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

let home = import.meta.url;
let cache: string | undefined;

/** Called by Node once, with what `register` was given; `cache` is a folder in which stripped files are kept. */
export function initialize(data: { readonly home: string; readonly cache?: string | undefined }): void {
  home = data.home;
  cache = data.cache;
}

const TYPESCRIPT = /\.m?ts$/;

/** Resolves `slipway` to the running copy, and `./x` or `./x.js` to `./x.ts` where only that is there. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  if (specifier === "slipway" || specifier.startsWith("slipway/"))
    return next(specifier, { ...context, parentURL: home });
  try {
    return await next(specifier, context);
  } catch (thrown) {
    const fromTypeScript = TYPESCRIPT.test(context.parentURL ?? "") && /^\.{1,2}\//.test(specifier);
    const source = typeScriptName(specifier);
    if (!fromTypeScript || source === undefined) throw thrown;
    return Promise.resolve(next(source, context)).catch(() => {
      throw thrown;
    });
  }
};

function typeScriptName(specifier: string): string | undefined {
  const extension = extname(specifier);
  if (extension === ".js" || extension === ".mjs") return specifier.replace(/js$/, "ts");
  return TYPESCRIPT.test(specifier) ? undefined : `${specifier}.ts`;
}

/** Strips the types of TypeScript files outside node_modules. */
export const load: LoadHook = async (url, context, next) => {
  if (!url.startsWith("file:") || !TYPESCRIPT.test(url)) return next(url, context);
  const file = fileURLToPath(url);
  const text = readFileSync(file, "utf8");
  const known = readKept(url, text);
  if (known !== undefined) return { format: "module", source: known, shortCircuit: true };
  const { transformSync } = await import("oxc-transform");
  const { code, map, errors } = transformSync(file, text, { sourcemap: true, sourceType: "module", lang: "ts" });
  const [problem] = errors;
  if (problem) {
    const { line, column } = position(text, problem.labels[0]?.start ?? 0);
    // Only the message of an error survives the way out of this thread.
    throw new SyntaxError(`${file}:${line}:${column}: ${problem.message}`);
  }
  const encoded = Buffer.from(JSON.stringify({ ...map, sources: [url] })).toString("base64");
  const source = `${code}\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`;
  keep(url, text, source);
  return { format: "module", source, shortCircuit: true };
};

// What is kept says what it was made of and is held against that, so that its name may come of a quick hash. This thread starts with every
// command, and node:crypto alone would be a tenth of what a command costs.

interface Kept {
  readonly url: string;
  readonly text: string;
  readonly source: string;
}

/** Where a file is kept: FNV-1a of its URL (Fowler, Noll and Vo), 32 bits. */
function placeOf(url: string): string | undefined {
  if (cache === undefined) return undefined;
  let hash = 0x811c9dc5;
  for (let at = 0; at < url.length; at += 1) hash = Math.imul(hash ^ url.charCodeAt(at), 0x01000193);
  return join(cache, `${(hash >>> 0).toString(16)}.json`);
}

function readKept(url: string, text: string): string | undefined {
  const place = placeOf(url);
  if (place === undefined) return undefined;
  try {
    const kept: Kept = JSON.parse(readFileSync(place, "utf8"));
    return kept.url === url && kept.text === text ? kept.source : undefined;
  } catch {
    return undefined;
  }
}

function keep(url: string, text: string, source: string): void {
  const place = placeOf(url);
  if (place === undefined) return;
  try {
    mkdirSync(cache ?? "", { recursive: true });
    const temporary = `${place}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify({ url, text, source } satisfies Kept));
    renameSync(temporary, place);
  } catch {
    // Without a place to keep it, it is stripped again next time.
  }
}

function position(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = Buffer.from(text).subarray(0, offset).toString();
  const lines = before.split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
