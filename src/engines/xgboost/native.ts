// Calling libxgboost: every call is synchronous, because the library keeps its last error and its output buffers per thread, so
// that koffi's async calls would lose the one and share the other. Outputs are copied before returning. A typed array given by
// address must stay referenced until the library has read it.

import koffi, { type LibraryHandle } from "koffi";

/** A native object: a DMatrix, a proxy or a booster. */
export type Handle = bigint;

/** A C function as koffi gives it. */
export type NativeFunction = (...values: readonly unknown[]) => unknown;

/** Binds a C function by its declaration; the result throws an Error with the first line of what the library said. */
export type Bind = (declaration: string) => (...values: readonly unknown[]) => void;

const LIBRARY_ERROR = "XgboostError";

/** Whether an error is what the library itself said. */
export function isLibraryError(error: unknown): boolean {
  return error instanceof Error && error.name === LIBRARY_ERROR;
}

/** Whether an error is the library's word that its collective has lost a member, or never had it. */
export function isCollectiveError(error: unknown): boolean {
  if (!isLibraryError(error)) return false;
  const [said = ""] = String((error as Error).cause).split("Stack trace");
  return /collective\/|allreduce|allgather|broadcast|rabit|socket/i.test(said);
}

/** A binder for the functions of a library that return 0, or -1 and leave a message. */
export function binder(library: LibraryHandle): Bind {
  const lastError: NativeFunction = library.func("const char *XGBGetLastError()");
  return (declaration) => {
    const native: NativeFunction = library.func(declaration);
    return (...values) => {
      if (native(...values) === 0) return;
      const said = String(lastError());
      throw Object.assign(new Error(firstLine(said), { cause: said }), { name: LIBRARY_ERROR });
    };
  };
}

/** The first line of a message from the library, without the source position it begins with. */
export function firstLine(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.replace(/^\[[\d:]+\] \S+:\d+: /, "").trim() || "no reason was given";
}

/** The array interface of a typed array, as XGBoost reads it. */
export function arrayInterface(array: Float32Array, shape: readonly number[]): string {
  return `{"data":[${koffi.address(array)},true],"shape":[${shape.join(",")}],"typestr":"<f4","version":3}`;
}

/** What a creating function puts into its last argument. */
export function made(create: (out: [Handle]) => void): Handle {
  const out: [Handle] = [0n];
  create(out);
  return out[0];
}

const held: Float32Array[] = [];

/** Makes a call with an array kept from the garbage collector, which cannot see that an address in JSON leads to it. */
export function holding<Result>(array: Float32Array, call: () => Result): Result {
  held.push(array);
  try {
    return call();
  } finally {
    held.pop();
  }
}
