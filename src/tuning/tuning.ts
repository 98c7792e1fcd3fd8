// The door of `tuning`: spaces, samplers, pruners, and studies that are asked and told.

export { checkSpace } from "./check-space.ts";
export { configurationOf } from "./encoding.ts";
export { dominates } from "./goals.ts";
export { type Importance, importanceOf } from "./importance.ts";
export {
  createOptimiser,
  type Direction,
  type KnownTrial,
  type Optimiser,
  type OptimiserOptions,
  type Outcome,
  type Suggestion,
} from "./optimiser.ts";
export { type Conversation, converse } from "./protocol.ts";
export { type PrunerOptions, prunerKinds } from "./pruner.ts";
export type { SamplerName } from "./samplers.ts";
export {
  bool,
  categorical,
  float,
  int,
  type Parameter,
  type Params,
  type ParamsOf,
  type Space,
  space,
  when,
} from "./space.ts";
