// Installed packages and everything they depend on, as files to be copied: what runs on this platform, without types, maps and texts for
// people. A package's licence goes with it.

import { readdir, readFile, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { findPackage } from "./module-graph.ts";

/** A file of a package. */
export interface PackageFile {
  /** Where it goes, from `node_modules` on. */
  readonly name: string;
  readonly path: string;
}

interface Description {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const LEFT_OUT = /(?:\.d\.[cm]?ts|\.[cm]?ts|\.map|\.md|\.markdown|\.tsbuildinfo)$/i;
const LEFT_OUT_FOLDERS = new Set([
  "node_modules",
  "test",
  "tests",
  "docs",
  "doc",
  "example",
  "examples",
  "benchmark",
  "benchmarks",
  "vendor",
]);
const LICENCE = /^(?:licen[cs]e|notice|copying)/i;
const PLATFORMS = new Set(["darwin", "linux", "win32", "freebsd", "openbsd", "android"]);
const PROCESSORS = new Set(["x64", "arm64", "ia32", "arm", "riscv64", "ppc64", "loong64"]);

/** The files of `folders` and of what they need, each package once; of one with two versions the second stands in the folder of who needs it. */
export async function packageFiles(folders: Iterable<string>): Promise<readonly PackageFile[]> {
  const placed = new Map<string, string>();
  const files: PackageFile[] = [];
  const place = async (folder: string, below: string): Promise<void> => {
    const real = await realpath(folder);
    const description = JSON.parse(await readFile(join(real, "package.json"), "utf8")) as Description;
    const top = join("node_modules", description.name);
    const known = placed.get(top);
    if (known === real) return;
    const home = known === undefined ? top : join(below, "node_modules", description.name);
    if (placed.get(home) === real) return;
    placed.set(home, real);
    files.push(...(await filesOf(real, home)));
    const { dependencies = {}, optionalDependencies = {} } = description;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies }).sort()) {
      const found = findPackage(name, real);
      if (found !== undefined) await place(found, home);
      // One that is optional is there on the platforms that it is for.
      else if (!(name in optionalDependencies))
        throw new Error(`The package ${name}, which ${description.name} needs, is not installed.`);
    }
  };
  for (const folder of [...folders].sort()) await place(folder, "");
  return files;
}

async function filesOf(folder: string, home: string): Promise<readonly PackageFile[]> {
  const found: PackageFile[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    const [path, target] = [join(folder, name), join(home, name)];
    if (entry.isDirectory()) {
      if (!LEFT_OUT_FOLDERS.has(name) && !isForOthers(name, basename(folder)))
        found.push(...(await filesOf(path, target)));
    } else if (entry.isFile() && (LICENCE.test(name) || !LEFT_OUT.test(name))) found.push({ name: target, path });
  }
  return found;
}

/** Whether a folder holds what runs on another system or processor: `bin/napi-v6/darwin`, `linux/arm64`. */
function isForOthers(name: string, parent: string): boolean {
  if (PLATFORMS.has(name)) return name !== process.platform;
  return PLATFORMS.has(parent) && PROCESSORS.has(name) && name !== process.arch;
}
