// The calls that put rows into XGBoost's matrices. A quantile matrix pulls its batches through two callbacks, several times over,
// on this thread and only while it is being made.

import koffi from "koffi";
import { SlipwayError } from "../../core/core.ts";
import { arrayInterface, type Bind, type Handle, holding, made } from "./native.ts";

/** What a quantile matrix is built from: `next` sets a batch on the proxy and says whether there was one. */
export interface BatchIterator {
  readonly reset: () => void;
  readonly next: (proxy: Handle) => boolean;
}

/** What a column beside the inputs may be to XGBoost. */
export type MatrixInfo = "label" | "weight" | "base_margin" | "qid" | "label_lower_bound" | "label_upper_bound";

/** How a quantile matrix is built. */
export interface QuantileOptions {
  readonly threads: number;
  readonly maxBins: number;
  /** The training matrix whose bins a validation matrix takes over. */
  readonly reference?: Handle;
  /** How the files begin in which the binned rows are kept instead of in memory. Throws LIBRARY_NOT_FOUND with a library older than 3.0. */
  readonly cachePrefix?: string;
}

/** The calls on matrices. */
export interface MatrixCalls {
  createProxy(): Handle;
  /** Points a proxy at a row-major matrix without copying it; the caller keeps the matrix. */
  setDense(proxy: Handle, matrix: Float32Array, rows: number, width: number): void;
  /** Copies a column of shape (rows) that is no input. */
  setInfo(matrix: Handle, field: MatrixInfo, values: Float32Array): void;
  nameMatrixFeatures(matrix: Handle, names: readonly string[], types: readonly string[]): void;
  /** A quantile matrix of all batches; what a callback throws is thrown again once the library has returned. */
  createQuantile(proxy: Handle, batches: BatchIterator, options: QuantileOptions): Handle;
  createDense(matrix: Float32Array, rows: number, width: number): Handle;
  freeMatrix(matrix: Handle): void;
}

/** Binds the calls on matrices. */
export function matrixCalls(bind: Bind, version: string): MatrixCalls {
  const nextPointer = koffi.pointer(koffi.proto("int", ["void *"]));
  const resetPointer = koffi.pointer(koffi.proto("void", ["void *"]));

  const proxyCreate = bind("int XGProxyDMatrixCreate(_Out_ void **)");
  const proxySetDense = bind("int XGProxyDMatrixSetDataDense(void *, const char *)");
  const quantileCreate = bind(
    "int XGQuantileDMatrixCreateFromCallback(void *, void *, void *, void *, void *, const char *, _Out_ void **)",
  );
  const externalCreate = (): typeof quantileCreate => {
    try {
      return bind(
        "int XGExtMemQuantileDMatrixCreateFromCallback(void *, void *, void *, void *, void *, const char *, _Out_ void **)",
      );
    } catch (cause) {
      throw new SlipwayError(
        "LIBRARY_NOT_FOUND",
        `XGBoost ${version} keeps binned rows in memory alone: 3.0 or newer can keep them in files. Set XGBOOST_LIB to a newer libxgboost, or leave externalMemory out.`,
        { cause },
      );
    }
  };
  const denseCreate = bind("int XGDMatrixCreateFromDense(const char *, const char *, _Out_ void **)");
  const setInfo = bind("int XGDMatrixSetInfoFromInterface(void *, const char *, const char *)");
  const matrixStrings = bind("int XGDMatrixSetStrFeatureInfo(void *, const char *, const char **, uint64_t)");
  const matrixFree = bind("int XGDMatrixFree(void *)");

  return {
    createProxy: () => made((out) => proxyCreate(out)),
    setDense: (proxy, matrix, rows, width) => proxySetDense(proxy, arrayInterface(matrix, [rows, width])),
    setInfo: (matrix, field, values) =>
      holding(values, () => setInfo(matrix, field, arrayInterface(values, [values.length]))),
    nameMatrixFeatures: (matrix, names, types) => {
      matrixStrings(matrix, "feature_name", names, names.length);
      matrixStrings(matrix, "feature_type", types, types.length);
    },
    createQuantile: (proxy, batches, options) => {
      const create = options.cachePrefix === undefined ? quantileCreate : externalCreate();
      let thrown: { readonly error: unknown } | undefined;
      const guarded = (step: () => boolean): number => {
        if (thrown) return 0;
        try {
          return step() ? 1 : 0;
        } catch (error) {
          thrown = { error };
          return 0;
        }
      };
      const next = koffi.register(() => guarded(() => batches.next(proxy)), nextPointer);
      const reset = koffi.register(() => {
        guarded(() => {
          batches.reset();
          return true;
        });
      }, resetPointer);
      const { threads, maxBins, cachePrefix } = options;
      const external = cachePrefix === undefined ? "" : `,"cache_prefix":${JSON.stringify(cachePrefix)}`;
      const config = `{"missing":NaN,"nthread":${threads},"max_bin":${maxBins}${external}}`;
      try {
        const handle = made((out) => create(null, proxy, options.reference ?? null, reset, next, config, out));
        if (thrown) matrixFree(handle);
        else return handle;
      } catch (error) {
        thrown ??= { error };
      } finally {
        koffi.unregister(next);
        koffi.unregister(reset);
      }
      throw thrown.error;
    },
    createDense: (matrix, rows, width) =>
      holding(matrix, () =>
        made((out) => denseCreate(arrayInterface(matrix, [rows, width]), '{"missing":NaN,"nthread":1}', out)),
      ),
    freeMatrix: (matrix) => matrixFree(matrix),
  };
}
