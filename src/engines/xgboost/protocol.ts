// The headers of the frames between trainer.ts and training-process.ts.

import type { ErrorCode } from "../../core/core.ts";
import type { FitPlan, Fitted } from "./fitting.ts";

/** Which rows a frame belongs to; all of `train` comes first. */
export type SplitName = "train" | "validate";

/** To the process: the plan, the bytes of the model to go on from if there is one, then for each split its frames and an end (some rows' matrix, then each of the plan's columns of them), then the word to fit. */
export type ToProcess =
  | { readonly kind: "plan"; readonly plan: FitPlan }
  | { readonly kind: "base" }
  | { readonly kind: "matrix"; readonly split: SplitName; readonly rows: number }
  | { readonly kind: "column"; readonly split: SplitName; readonly rows: number; readonly place: number }
  | { readonly kind: "end"; readonly split: SplitName }
  | { readonly kind: "fit" };

/** From the process: a line per round, then the model (its bytes are the artifact), or why there is none. */
export type FromProcess =
  | { readonly kind: "round"; readonly line: string }
  | ({
      readonly kind: "model";
      readonly version: string;
      readonly use: { readonly cpuSeconds: number; readonly peakMemory: number };
    } & Omit<Fitted, "artifact">)
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string };
