import { gridSampler, randomSampler, sobolSampler } from "./plain-samplers.ts";
import { tpeSampler } from "./tpe.ts";
import type { Sampler } from "./trial.ts";

/** The samplers by name; `auto` is the default. */
export const samplers = {
  auto: tpeSampler,
  random: randomSampler,
  sobol: sobolSampler,
  grid: gridSampler,
  tpe: tpeSampler,
} as const satisfies Record<string, Sampler>;

/** A sampler's name. */
export type SamplerName = keyof typeof samplers;
