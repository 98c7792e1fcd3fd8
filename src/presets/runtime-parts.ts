// What has to be taken along to run models of a format somewhere else: modules of this package by name, the words that make a runtime of
// them, and native files. Whoever takes it along decides how.

import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SlipwayError } from "../core/core.ts";
import { findLibrary, type LibraryOptions } from "../engines/xgboost/xgboost.ts";

/** The parts of one runtime. */
export interface RuntimeParts {
  /** Modules below the package's code, without their ending; the first exports what `make` names. */
  readonly modules: readonly string[];
  /** What is imported from the first module. */
  readonly names: readonly string[];
  /** An expression that makes the runtime; `native` in it is a function from a native file's name to its path. */
  readonly make: string;
  /** Native files, by the name that each has to have. */
  readonly native: Readonly<Record<string, string>>;
}

/** The parts for a format. Throws ENGINE_NOT_INSTALLED for one that is not run here, and LIBRARY_NOT_FOUND. */
export async function runtimeParts(format: string, options: LibraryOptions): Promise<RuntimeParts> {
  switch (format) {
    case "xgboost-ubj":
    case "xgboost-json":
      return xgboostParts(format, options);
    case "slipway-linear":
      return { modules: ["engines/linear/linear"], names: ["linearRuntime"], make: "linearRuntime()", native: {} };
    default:
      throw new SlipwayError(
        "ENGINE_NOT_INSTALLED",
        `Models of format "${format}" cannot be packaged: only those of xgboost() and linear() can. Serve this one with slipway serve.`,
      );
  }
}

async function xgboostParts(format: string, options: LibraryOptions): Promise<RuntimeParts> {
  const library = await findLibrary(options);
  const name = `xgboost/lib/${basename(library)}`;
  return {
    // Not the engine's door: that loads what trains, too.
    modules: ["engines/xgboost/runtime"],
    names: ["xgboostRuntime"],
    make: `xgboostRuntime({ env: { XGBOOST_LIB: native(${JSON.stringify(name)}) }, cacheDir: "" }, { format: ${JSON.stringify(format)} })`,
    native: { [name]: library, ...(await bundledLibraries(library)) },
  };
}

/** What a library from a wheel loads from beside it: wheels keep it in `<package>.libs`, next to the package's folder. */
async function bundledLibraries(library: string): Promise<Readonly<Record<string, string>>> {
  const packageFolder = dirname(dirname(library));
  if (basename(packageFolder) !== "xgboost") return {};
  const site = dirname(packageFolder);
  const folders = (await readdir(site)).filter((name) => /^xgboost\w*\.libs$/.test(name));
  const found = await Promise.all(
    folders.map(async (folder) => (await readdir(join(site, folder))).map((file) => join(folder, file))),
  );
  return Object.fromEntries(found.flat().map((file) => [file, join(site, file)]));
}
