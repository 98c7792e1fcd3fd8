// Whether workers that fitted one model together came to the same one.

import { SlipwayError } from "../../core/core.ts";
import type { FromProcess } from "./protocol.ts";

/** A model as a process hands it over: the first of several with its bytes, the others with their hash. */
export interface MadeModel {
  readonly header: Extract<FromProcess, { kind: "model" }>;
  readonly artifact: Uint8Array;
}

/** The first's model with what all of them used. Throws TRAINER_FAILED where another came to other bytes. */
export function agreedModel(models: readonly [MadeModel, ...MadeModel[]]): MadeModel {
  const [first] = models;
  const other = models.findIndex(({ header }) => header.hash !== first.header.hash);
  if (other >= 0)
    throw new SlipwayError(
      "TRAINER_FAILED",
      `Worker ${other + 1} of ${models.length} came to another model than worker 1 (SHA-256 ${models[other]?.header.hash.slice(0, 12)} and ${first.header.hash.slice(0, 12)}), so neither is kept. Train with one worker.`,
    );
  const sum = (of: "cpuSeconds" | "peakMemory"): number =>
    models.reduce((total, { header }) => total + header.use[of], 0);
  return {
    ...first,
    header: { ...first.header, use: { cpuSeconds: sum("cpuSeconds"), peakMemory: sum("peakMemory") } },
  };
}
