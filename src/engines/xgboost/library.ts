// Finding libxgboost, in this order: where XGBOOST_LIB points, an installed Python package, a system library, a wheel unpacked
// before, and at last a wheel fetched now. Only the file is used: Python itself is asked where things are and never runs beside us.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { SlipwayError } from "../../core/core.ts";
import { fetchWheel, unpackedWheel, type WheelPin, wheelPins } from "./wheel.ts";

/** What finding the library may look at. */
export interface LibraryOptions {
  /** The environment: XGBOOST_LIB and PATH are read, and child processes get all of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a fetched library is kept between runs. */
  readonly cacheDir: string;
}

/** How a caller follows a search, which may download. */
export interface LibraryWatch {
  readonly onNote?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** What the search depends on beside the options; tests give their own. */
export interface LibraryHost {
  readonly platform: string;
  readonly arch: string;
  readonly pins: Readonly<Record<string, WheelPin>>;
  /** Folders a system library may lie in. */
  readonly systemFolders: readonly string[];
}

const DEBIAN_TRIPLES: Readonly<Record<string, string>> = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };

const thisHost: LibraryHost = {
  platform: process.platform,
  arch: process.arch,
  pins: wheelPins,
  systemFolders: [
    "/usr/local/lib",
    `/usr/lib/${DEBIAN_TRIPLES[process.arch] ?? ""}`,
    "/usr/lib64",
    "/usr/lib",
    "/opt/homebrew/lib",
  ],
};

/** A finder that searches once and remembers; a search that failed is tried again. */
export function libraryFinder(
  options: LibraryOptions,
  host: LibraryHost = thisHost,
): (watch?: LibraryWatch) => Promise<string> {
  let found: string | undefined;
  return async (watch = {}) => {
    found ??= await findLibrary(options, watch, host);
    return found;
  };
}

/** The path of a libxgboost for this machine, fetched if there is none; LIBRARY_NOT_FOUND says what to do otherwise. */
export async function findLibrary(
  options: LibraryOptions,
  watch: LibraryWatch = {},
  host: LibraryHost = thisHost,
): Promise<string> {
  const { XGBOOST_LIB: named } = options.env;
  if (named) {
    if (existsSync(named)) return named;
    throw new SlipwayError(
      "LIBRARY_NOT_FOUND",
      `XGBOOST_LIB is ${named}, and there is no such file. Point it at a libxgboost, or unset it to let Slipway find one.`,
    );
  }
  const installed = (await pythonLibrary(options, host)) ?? systemLibrary(host);
  if (installed) return installed;
  const pin = host.pins[`${host.platform}-${host.arch}`];
  if (!pin) throw noWheel(host);
  return (await unpackedWheel(options.cacheDir, pin)) ?? (await fetchWheel(options, pin, python(host), watch));
}

function python(host: LibraryHost): string {
  return host.platform === "win32" ? "python" : "python3";
}

function noWheel(host: LibraryHost): SlipwayError {
  const advice =
    host.platform === "darwin"
      ? "Run: brew install libomp && python3 -m pip install xgboost"
      : "Run: python3 -m pip install xgboost, or build libxgboost";
  return new SlipwayError(
    "LIBRARY_NOT_FOUND",
    `There is no XGBoost library to fetch for ${host.platform} ${host.arch}. ${advice}; or set XGBOOST_LIB to a libxgboost you have.`,
  );
}

// conda keeps the library under the prefix instead of in the package.
const WHERE_IS_XGBOOST = `
import sys
sys.path = [p for p in sys.path if p]
import importlib.util, os
spec = importlib.util.find_spec("xgboost")
folders = [os.path.join(p, "lib") for p in (spec.submodule_search_locations or [])] if spec else []
if spec: folders += [os.path.join(sys.prefix, "lib"), os.path.join(sys.prefix, "Library", "bin")]
names = ["libxgboost.so", "libxgboost.dylib", "xgboost.dll"]
paths = [os.path.join(f, n) for f in folders for n in names]
print(next((p for p in paths if os.path.exists(p)), ""))
`;

async function pythonLibrary(options: LibraryOptions, host: LibraryHost): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(python(host), ["-c", WHERE_IS_XGBOOST], { env: { ...options.env } });
    const path = stdout.trim();
    return path === "" ? undefined : path;
  } catch {
    // No Python is one way among others; fetching says so when it is the last one.
    return undefined;
  }
}

function systemLibrary(host: LibraryHost): string | undefined {
  const names = host.platform === "darwin" ? ["libxgboost.dylib"] : ["libxgboost.so.3", "libxgboost.so.0"];
  const paths = names.flatMap((name) => host.systemFolders.map((folder) => `${folder}/${name}`));
  return host.platform === "win32" ? undefined : paths.find((path) => existsSync(path));
}
