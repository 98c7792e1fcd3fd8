// The calls that fit, save, load and score boosters.

import koffi from "koffi";
import { arrayInterface, type Bind, type Handle, holding, made } from "./native.ts";

/** What a prediction through a DMatrix gives, by the library's numbers. */
export const PREDICTION = { score: 0, margin: 1, contributions: 2, interactions: 4 } as const;

/** One of them. */
export type PredictionKind = (typeof PREDICTION)[keyof typeof PREDICTION];

/** The calls on boosters. */
export interface BoosterCalls {
  createBooster(cached: readonly Handle[]): Handle;
  freeBooster(booster: Handle): void;
  setParameter(booster: Handle, name: string, value: string): void;
  /** Sets an attribute; null takes it away. */
  setAttribute(booster: Handle, name: string, value: string | null): void;
  nameBoosterFeatures(booster: Handle, names: readonly string[], types: readonly string[]): void;
  update(booster: Handle, round: number, training: Handle): void;
  /** The library's line of metrics, e.g. `[0]\ttrain-logloss:0.5\tvalidate-logloss:0.6`. */
  evaluate(booster: Handle, round: number, sets: readonly (readonly [string, Handle])[]): string;
  /** The model as UBJSON. */
  save(booster: Handle): Uint8Array;
  load(booster: Handle, artifact: Uint8Array): void;
  /** All that training needs to go on: the model, its settings and, since 3.3, its random numbers. For the same version of the library alone. */
  snapshot(booster: Handle): Uint8Array;
  restore(booster: Handle, snapshot: Uint8Array): void;
  rounds(booster: Handle): number;
  /** A booster of another's first rounds. */
  firstRounds(booster: Handle, rounds: number): Handle;
  featureCount(booster: Handle): number;
  /** Total gain by feature name, for features that were split on. */
  totalGain(booster: Handle): ReadonlyMap<string, number>;
  /** Scores of the first `rounds` rounds (0 for all) for the rows of a matrix, through a reused proxy. */
  predict(
    booster: Handle,
    proxy: Handle,
    matrix: Float32Array,
    rows: number,
    width: number,
    rounds: number,
  ): Float32Array;
  /** What there is to say of a DMatrix's rows: the same scores by the other way, the sums behind them, or what columns add to these. */
  predictMatrix(booster: Handle, matrix: Handle, rounds: number, kind?: PredictionKind): Float32Array;
}

/** A copy of the bytes that the library points at. */
function bytesFrom(write: (length: [number], bytes: [Handle]) => void): Uint8Array {
  const length: [number] = [0];
  const bytes: [Handle] = [0n];
  write(length, bytes);
  return new Uint8Array(koffi.view(bytes[0], Number(length[0])).slice(0));
}

/** Binds the calls on boosters. */
export function boosterCalls(bind: Bind): BoosterCalls {
  const boosterCreate = bind("int XGBoosterCreate(void **, uint64_t, _Out_ void **)");
  const boosterFree = bind("int XGBoosterFree(void *)");
  const setParameter = bind("int XGBoosterSetParam(void *, const char *, const char *)");
  const setAttribute = bind("int XGBoosterSetAttr(void *, const char *, const char *)");
  const boosterStrings = bind("int XGBoosterSetStrFeatureInfo(void *, const char *, const char **, uint64_t)");
  const updateOneIter = bind("int XGBoosterUpdateOneIter(void *, int, void *)");
  const evalOneIter = bind(
    "int XGBoosterEvalOneIter(void *, int, void **, const char **, uint64_t, _Out_ const char **)",
  );
  const saveModel = bind("int XGBoosterSaveModelToBuffer(void *, const char *, _Out_ uint64_t *, _Out_ void **)");
  const loadModel = bind("int XGBoosterLoadModelFromBuffer(void *, const void *, uint64_t)");
  const serialize = bind("int XGBoosterSerializeToBuffer(void *, _Out_ uint64_t *, _Out_ void **)");
  const unserialize = bind("int XGBoosterUnserializeFromBuffer(void *, const void *, uint64_t)");
  const boostedRounds = bind("int XGBoosterBoostedRounds(void *, _Out_ int *)");
  const slice = bind("int XGBoosterSlice(void *, int, int, int, _Out_ void **)");
  const numFeature = bind("int XGBoosterGetNumFeature(void *, _Out_ uint64_t *)");
  const featureScore = bind(
    "int XGBoosterFeatureScore(void *, const char *, _Out_ uint64_t *, _Out_ void **, _Out_ uint64_t *, _Out_ void **, _Out_ void **)",
  );
  const predictDense = bind(
    "int XGBoosterPredictFromDense(void *, const char *, const char *, void *, _Out_ void **, _Out_ uint64_t *, _Out_ void **)",
  );
  const predictMatrix = bind(
    "int XGBoosterPredictFromDMatrix(void *, void *, const char *, _Out_ void **, _Out_ uint64_t *, _Out_ void **)",
  );

  const scores = (run: (shape: [Handle], dimensions: [number], result: [Handle]) => void): Float32Array => {
    const shape: [Handle] = [0n];
    const dimensions: [number] = [0];
    const result: [Handle] = [0n];
    run(shape, dimensions, result);
    const sizes: readonly (number | bigint)[] = koffi.decode(shape[0], "uint64_t", Number(dimensions[0]));
    let count = 1;
    for (const size of sizes) count *= Number(size);
    return count === 0 ? new Float32Array(0) : new Float32Array(koffi.view(result[0], 4 * count).slice(0));
  };

  return {
    createBooster: (cached) => made((out) => boosterCreate(cached, cached.length, out)),
    freeBooster: (booster) => boosterFree(booster),
    setParameter: (booster, name, value) => setParameter(booster, name, value),
    setAttribute: (booster, name, value) => setAttribute(booster, name, value),
    nameBoosterFeatures: (booster, names, types) => {
      boosterStrings(booster, "feature_name", names, names.length);
      boosterStrings(booster, "feature_type", types, types.length);
    },
    update: (booster, round, training) => updateOneIter(booster, round, training),
    evaluate: (booster, round, sets) => {
      const out: [string] = [""];
      const handles = sets.map(([, handle]) => handle);
      const names = sets.map(([name]) => name);
      evalOneIter(booster, round, handles, names, sets.length, out);
      return out[0];
    },
    save: (booster) => bytesFrom((length, bytes) => saveModel(booster, '{"format":"ubj"}', length, bytes)),
    load: (booster, artifact) => loadModel(booster, artifact, artifact.byteLength),
    snapshot: (booster) => bytesFrom((length, bytes) => serialize(booster, length, bytes)),
    restore: (booster, snapshot) => unserialize(booster, snapshot, snapshot.byteLength),
    rounds: (booster) => {
      const out: [number] = [0];
      boostedRounds(booster, out);
      return out[0];
    },
    firstRounds: (booster, rounds) => made((out) => slice(booster, 0, rounds, 1, out)),
    featureCount: (booster) => {
      const out: [number] = [0];
      numFeature(booster, out);
      return Number(out[0]);
    },
    totalGain: (booster) => {
      const count: [number] = [0];
      const names: [Handle] = [0n];
      const values: [Handle] = [0n];
      featureScore(booster, '{"importance_type":"total_gain"}', count, names, [0], [0n], values);
      const length = Number(count[0]);
      if (length === 0) return new Map();
      const gains = new Float32Array(koffi.view(values[0], 4 * length));
      const labels: readonly string[] = koffi.decode(names[0], "const char *", length);
      return new Map(labels.map((label, index) => [label, gains[index] ?? 0]));
    },
    predict: (booster, proxy, matrix, rows, width, rounds) =>
      holding(matrix, () =>
        scores((shape, dimensions, result) =>
          predictDense(
            booster,
            arrayInterface(matrix, [rows, width]),
            // XGBoost 1.7 insists on a cache_id.
            `{"type":0,"training":false,"iteration_begin":0,"iteration_end":${rounds},"strict_shape":true,"missing":NaN,"cache_id":0}`,
            proxy,
            shape,
            dimensions,
            result,
          ),
        ),
      ),
    predictMatrix: (booster, matrix, rounds, kind = PREDICTION.score) =>
      scores((shape, dimensions, result) =>
        predictMatrix(
          booster,
          matrix,
          `{"type":${kind},"training":false,"iteration_begin":0,"iteration_end":${rounds},"strict_shape":true}`,
          shape,
          dimensions,
          result,
        ),
      ),
  };
}
