import type { Dataset, QualityFinding } from "../datasets/datasets.ts";
import type { ModelSpec } from "../define/define.ts";
import type { RunRecord, VersionRecord } from "../registry/registry.ts";

/** Told how a piece of work ended. */
export interface Ending<T> {
  done(result: T): void;
  failed(thrown: unknown): void;
}

/** Told of what a training does as it does it; never fails and never waits. */
export interface TrainingWatch {
  /** The training set is being built. */
  dataset(model: ModelSpec): Ending<{ readonly dataset: Dataset; readonly findings: readonly QualityFinding[] }>;
  /** A run has begun on it. */
  run(model: ModelSpec, run: RunRecord, dataset: Dataset): Ending<VersionRecord>;
  /** Its version is being registered. */
  registration(model: ModelSpec, run: RunRecord): Ending<VersionRecord>;
}

/** Does a piece of work and tells how it ended; `result` is what is told of what it gave, default that itself. */
export async function watched<T, R = T>(
  ending: Ending<R> | undefined,
  work: () => Promise<T>,
  result: (value: T) => R = (value) => value as unknown as R,
): Promise<T> {
  try {
    const value = await work();
    ending?.done(result(value));
    return value;
  } catch (thrown) {
    ending?.failed(thrown);
    throw thrown;
  }
}
