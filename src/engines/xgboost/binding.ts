// Opening a libxgboost: the calls Slipway makes, bound once per file, after its version has been looked at.

import koffi, { type LibraryHandle } from "koffi";
import { SlipwayError } from "../../core/core.ts";
import { type BoosterCalls, boosterCalls } from "./boosters.ts";
import { type CollectiveCalls, collectiveCalls } from "./collective.ts";
import { type MatrixCalls, matrixCalls } from "./matrices.ts";
import { type Bind, binder, firstLine, type NativeFunction } from "./native.ts";

/** An open libxgboost. Its functions throw an Error with the first line of what the library said. */
export interface Xgboost extends MatrixCalls, BoosterCalls, CollectiveCalls {
  readonly version: string;
  /** Whether it can use GPUs at all. */
  isBuiltForCuda(): boolean;
  /** Whether it can use GPUs and there is one. */
  hasCuda(): boolean;
}

const OLDEST = [1, 7, 4] as const;
const opened = new Map<string, Xgboost>();

/** Opens a libxgboost once per path; one that cannot be loaded or is too old is LIBRARY_NOT_FOUND. */
export function openXgboost(path: string): Xgboost {
  const known = opened.get(path);
  if (known) return known;
  const handle = loadLibrary(path);
  const version = versionOf(handle);
  if (isOlder(version))
    throw new SlipwayError(
      "LIBRARY_NOT_FOUND",
      `${path} is XGBoost ${version}, and Slipway needs ${OLDEST.join(".")} or newer. Set XGBOOST_LIB to a newer libxgboost, or run: pip install --upgrade xgboost`,
    );
  const bind = binder(handle);
  const isBuiltForCuda = (): boolean => cudaIn(bind);
  const library = {
    version,
    isBuiltForCuda,
    hasCuda: () => isBuiltForCuda() && gpuCount() > 0,
    ...matrixCalls(bind, version),
    ...boosterCalls(bind),
    ...collectiveCalls(bind, version),
  };
  opened.set(path, library);
  return library;
}

function cudaIn(bind: Bind): boolean {
  const info: [string] = [""];
  bind("int XGBuildInfo(_Out_ const char **)")(info);
  return (JSON.parse(info[0]) as { readonly USE_CUDA?: boolean }).USE_CUDA === true;
}

/** How many GPUs NVIDIA's driver shows this process; 0 where there is no driver. */
function gpuCount(): number {
  try {
    const driver = koffi.load(process.platform === "win32" ? "nvcuda.dll" : "libcuda.so.1");
    const count: [number] = [0];
    const isUp = driver.func("int cuInit(unsigned int)")(0) === 0;
    return isUp && driver.func("int cuDeviceGetCount(_Out_ int *)")(count) === 0 ? count[0] : 0;
  } catch {
    return 0;
  }
}

function versionOf(library: LibraryHandle): string {
  const read: NativeFunction = library.func("void XGBoostVersion(_Out_ int *, _Out_ int *, _Out_ int *)");
  const parts: readonly [number][] = [[0], [0], [0]];
  read(...parts);
  return parts.map(([part]) => part).join(".");
}

function loadLibrary(path: string): LibraryHandle {
  try {
    return koffi.load(path);
  } catch (cause) {
    throw new SlipwayError(
      "LIBRARY_NOT_FOUND",
      `${path} cannot be loaded as a native library: ${firstLine(String(cause instanceof Error ? cause.message : cause))}. Set XGBOOST_LIB to a libxgboost built for ${process.platform} ${process.arch}, or run: pip install xgboost`,
      { cause },
    );
  }
}

function isOlder(version: string): boolean {
  const parts = version.split(".").map(Number);
  const place = OLDEST.findIndex((part, index) => part !== parts[index]);
  return place >= 0 && (parts[place] ?? 0) < (OLDEST[place] ?? 0);
}
