// Which files a module needs: its own imports, those of what it imports, and so on. Modules of this package are followed file by file, other
// packages are named whole, for what a package reads from beside itself cannot be seen from outside.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join, parse as parsePath } from "node:path";
import { init, parse } from "es-module-lexer";

/** A module of this package, as it is to run elsewhere. */
export interface CodeFile {
  /** Its place below the code's root, ending in `.js`. */
  readonly name: string;
  readonly text: string;
}

/** What a program is made of. */
export interface ModuleGraph {
  readonly files: readonly CodeFile[];
  /** Folders of the packages that are imported. */
  readonly packages: ReadonlySet<string>;
}

/** Follows `modules`, named below `root` without their ending, which is `.ts` in a checkout and `.js` once built. */
export async function moduleGraph(root: string, modules: readonly string[]): Promise<ModuleGraph> {
  await init;
  const ending = existsSync(join(root, `${modules[0]}.js`)) ? ".js" : ".ts";
  const files = new Map<string, CodeFile>();
  const packages = new Set<string>();
  const waiting = modules.map((module) => `${module}${ending}`);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const name = path.replace(/\.ts$/, ".js");
    if (files.has(name)) continue;
    const text = await plainText(join(root, path));
    files.set(name, { name, text });
    for (const { n: specifier } of parse(text)[0]) {
      if (specifier === undefined || isBuiltin(specifier)) continue;
      if (!specifier.startsWith(".")) packages.add(packageFolder(specifier, dirname(join(root, path))));
      else waiting.push(join(dirname(path), specifier.replace(/\.js$/, ending)));
    }
  }
  return { files: [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), packages };
}

/** A module's text as JavaScript that names no map of it, for none is taken along. */
async function plainText(file: string): Promise<string> {
  const text = await readFile(file, "utf8");
  if (!file.endsWith(".ts")) return text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
  const { transformSync } = await import("oxc-transform");
  const { code, errors } = transformSync(file, text, {
    sourceType: "module",
    lang: "ts",
    typescript: { rewriteImportExtensions: "rewrite" },
  });
  const [problem] = errors;
  if (problem) throw new SyntaxError(`${file}: ${problem.message}`);
  return code;
}

/** The folder of the package that `specifier` names, looked for as Node does. */
export function packageFolder(specifier: string, from: string): string {
  const found = findPackage(specifier, from);
  if (found !== undefined) return found;
  throw new Error(`The package of "${specifier}" is not installed where ${from} could import it.`);
}

/** As {@link packageFolder}; undefined for a package that is not installed. */
export function findPackage(specifier: string, from: string): string | undefined {
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (folder === parsePath(folder).root) return undefined;
  }
}
