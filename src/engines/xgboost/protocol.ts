// The headers of the frames between trainer.ts and training-process.ts.

import type { ErrorCode } from "../../core/core.ts";
import type { TrackerAddress } from "./collective.ts";
import type { FitPlan, Fitted } from "./fitting.ts";

/** Which rows a frame belongs to; all of `train` comes first. */
export type SplitName = "train" | "validate";

/**
 * To the process: the plan, for one of several workers where they meet, the bytes of the model to go on from if there is one and of the checkpoint to
 * resume, then for each split its frames and an end (some rows' matrix, then each of the plan's columns of them), then the word to fit. With a metric of the plan's own, then
 * its value for every `scores`, as text.
 */
export type ToProcess =
  | { readonly kind: "plan"; readonly plan: FitPlan }
  | { readonly kind: "join"; readonly address: TrackerAddress }
  | { readonly kind: "base" }
  | { readonly kind: "resume"; readonly lines: readonly string[] }
  | { readonly kind: "matrix"; readonly split: SplitName; readonly rows: number }
  | { readonly kind: "column"; readonly split: SplitName; readonly rows: number; readonly place: number }
  | { readonly kind: "end"; readonly split: SplitName }
  | { readonly kind: "fit" }
  | { readonly kind: "measured"; readonly value: string };

/**
 * From the process: a line per round, then the model (its bytes are the artifact), or why there is none. Of several workers the first also says where they
 * meet, and hands over checkpoints; it alone tells rounds and the model's bytes, the others their hash. `lost` is a failure that another's end explains.
 */
export type FromProcess =
  | { readonly kind: "tracker"; readonly address: TrackerAddress }
  | { readonly kind: "round"; readonly line: string }
  | { readonly kind: "checkpoint"; readonly rounds: number }
  | { readonly kind: "scores" }
  | ({
      readonly kind: "model";
      readonly version: string;
      /** SHA-256 of the artifact. */
      readonly hash: string;
      readonly use: { readonly cpuSeconds: number; readonly peakMemory: number };
    } & Omit<Fitted, "artifact">)
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: "lost"; readonly message: string };
