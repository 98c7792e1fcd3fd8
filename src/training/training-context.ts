// What a training works with, what it is asked for and how it is followed.

import type { Instant, Table } from "../core/core.ts";
import type { Dataset, QualityFinding, SplitBounds } from "../datasets/datasets.ts";
import type { ModelSpec, TaskSpec } from "../define/define.ts";
import type { ProcessUse, TrainingStep } from "../ports/ports.ts";
import type { Provenance, RegistryContext } from "../registry/registry.ts";
import type { ContinuedVersion } from "./continuation.ts";
import type { FitEngines, FittedModel } from "./fit.ts";
import type { TrainingWatch } from "./training-watch.ts";

/** What training works with. */
export interface TrainingContext {
  readonly engines: FitEngines;
  readonly registry: RegistryContext;
  /** The project's folder. */
  readonly root: string;
  /** What it is made with, as it was when the process took up the project's code. */
  readonly provenance: () => Promise<Omit<Provenance, "seeds">>;
  /** What this process has used so far. */
  readonly use: () => ProcessUse;
  /** What a version must keep about how it is served. */
  readonly contractOf: (model: ModelSpec, classes: readonly string[] | undefined) => unknown;
  /** What monitoring will compare with, from the training rows and the validation scores. */
  readonly profileOf: ProfileMaker;
  /** Holds the sources of a model to their expectations before anything is computed from them. Throws EXPECTATION_FAILED. */
  readonly requireSources: (model: ModelSpec, onNote?: (text: string) => void) => Promise<void>;
  readonly watch?: TrainingWatch;
}

/** Makes a version's profile; given by the platform, because monitoring is another room. */
export type ProfileMaker = (fitted: FittedModel, tables: AsyncIterable<Table>, task: TaskSpec) => Promise<unknown>;

/** What to train. */
export interface TrainingRequest {
  readonly model: ModelSpec;
  /** Default: the model's own split over all rows. */
  readonly bounds?: SplitBounds;
  /** Without bounds: use only what was known by then; a split by lengths counts back from it. */
  readonly knownBy?: Instant;
  readonly withBaselines?: boolean;
  /** Go on from this version of the model, on the rows that are newer than those it was fitted on. */
  readonly from?: ContinuedVersion;
  /** Why, for the run's name: "manual", "retrain". */
  readonly reason: string;
}

/** What a caller may show while it goes on. */
export interface TrainingProgress {
  readonly onNote?: (text: string) => void;
  readonly onDataset?: (dataset: Dataset, findings: readonly QualityFinding[]) => void;
  readonly onStep?: (step: TrainingStep) => void;
  readonly signal?: AbortSignal;
}
