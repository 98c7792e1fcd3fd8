// An engine must: never run code that comes with an artifact; refuse bytes it cannot load with ARTIFACT_CORRUPT; answer each row
// from that row alone; be safe to call again before an earlier call has ended; and return memory of its own, never a native buffer.

/** A loaded model. */
export interface Predictor {
  /** Columns of the matrix that `predict` takes. */
  readonly inputCount: number;
  /** Their names, when the artifact holds them; else absent or empty. */
  readonly inputNames?: readonly string[];
  /** What the model was trained to do, in its library's word, when the artifact says it: `multi:softprob`. */
  readonly objective?: string;
  /**
   * Scores `rows` rows of a row-major (rows, inputCount) float32 matrix, NaN = missing. Returns rows × outputs float32 values,
   * row-major: one probability a row for binary classification. INPUT_INVALID when the sizes disagree.
   */
  predict(matrix: Float32Array, rows: number): Promise<Float32Array>;
  /** Frees native memory; calls under way end first. */
  close(): void;
}

/** How to load an artifact. */
export interface LoadOptions {
  readonly rounds?: number | "best";
  readonly threads?: number;
  /** Whether this thread has other work: loading may take longer, and must not hold it up. */
  readonly beside?: boolean;
}

/** Loads artifacts of one format. */
export interface Runtime {
  readonly format: string;
  /** `rounds` limits a boosted model to its first rounds; "best" to those that early stopping found best, where the artifact says so. */
  load(artifact: Uint8Array, options?: LoadOptions): Promise<Predictor>;
}

/** A runtime that can say what a byte of its artifacts is about. */
export interface LegibleRuntime extends Runtime {
  /** The part of the artifact that holds the byte at `offset`, such as `tree 12, split_conditions of node 5`; undefined when it cannot be told. */
  placeOf(artifact: Uint8Array, offset: number): string | undefined;
}

/** Whether a runtime can say what a byte is about. */
export function isLegibleRuntime(runtime: Runtime): runtime is LegibleRuntime {
  return "placeOf" in runtime;
}
