// The door of `retraining`: rules that turn alerts into challengers, and the gate that decides between challenger and champion.

export type { GateDecision } from "./gate.ts";
export { judgeRamp } from "./ramp-judgement.ts";
export { type RetrainOutcome, runRetrain } from "./retrain.ts";
