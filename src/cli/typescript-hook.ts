// Module hooks, run by Node in a thread of their own. They see every import of the process, so all but TypeScript files and
// the name `slipway` is passed on at once. `slipway` always means the running copy: a config then builds definitions, and
// throws errors, of the very classes that the command line knows.

import { readFile } from "node:fs/promises";
import type { LoadHook, ResolveHook } from "node:module";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

let home = import.meta.url;

/** Called by Node once, with what `register` was given. */
export function initialize(data: { readonly home: string }): void {
  home = data.home;
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
  const text = await readFile(file, "utf8");
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
  return { format: "module", source, shortCircuit: true };
};

function position(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = Buffer.from(text).subarray(0, offset).toString();
  const lines = before.split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
