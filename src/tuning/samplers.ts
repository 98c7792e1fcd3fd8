import { autoSampler } from "./auto.ts";
import { cmaesSampler } from "./cmaes.ts";
import { gpSampler } from "./gp/gp.ts";
import { gridSampler, randomSampler, sobolSampler } from "./plain-samplers.ts";
import { tpeSampler } from "./tpe.ts";
import type { Sampler } from "./trial.ts";

/** The samplers by name; `auto` is the default. */
export const samplers = {
  auto: autoSampler,
  gp: gpSampler,
  tpe: tpeSampler,
  cmaes: cmaesSampler,
  sobol: sobolSampler,
  random: randomSampler,
  grid: gridSampler,
} as const satisfies Record<string, Sampler>;

/** A sampler's name. */
export type SamplerName = keyof typeof samplers;
