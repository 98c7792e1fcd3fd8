// What a version was made with, so that it can be made again: code, packages, engines, machine, seed. It goes with the version wherever the version
// goes; the run that made it has more of it.

import { contentHash } from "../core/core.ts";
import type { MachineFacts, PackageSet } from "../ports/ports.ts";
import type { Provenance } from "../registry/registry.ts";
import type { ContinuedOrigin } from "./continuation.ts";
import type { LearntLabels } from "./learn.ts";

/** The environment a version was trained in. */
export interface TrainingEnvironment {
  readonly git: {
    readonly commit: string;
    readonly branch: string | null;
    readonly dirty: boolean;
    /** The SHA-256 of the uncommitted changes; null when there were none in tracked files. */
    readonly patch: string | null;
  } | null;
  readonly node: string;
  readonly platform: string;
  /** Engine versions by name, e.g. duckdb and xgboost. */
  readonly engines: Readonly<Record<string, string>>;
  readonly slipway: string;
  readonly seed: number;
  readonly threads: number;
  readonly packages: { readonly lock: PackageSet["lock"]; readonly hash: string };
  readonly machine: MachineFacts;
  /** What the trainer's own process had installed beside its engine, as `name==version`. */
  readonly installed?: readonly string[];
  /** The version that the training went on from. */
  readonly from?: ContinuedOrigin;
  /** What it has learnt from labels that were pushed. */
  readonly learnt?: LearntLabels;
}

/** The environment that a version is made in. */
export function environmentOf(
  { code, machine, engines, slipway, threads, packages }: Omit<Provenance, "seeds">,
  seed: number,
): TrainingEnvironment {
  const { commit, branch, changed, untracked, patch } = code;
  return {
    git:
      commit === null
        ? null
        : { commit, branch, dirty: changed.length + untracked.length > 0, patch: patch?.hash ?? null },
    node: machine.node,
    platform: `${machine.system.split(" ")[0]}-${machine.architecture}`,
    engines,
    slipway,
    seed,
    threads,
    packages: { lock: packages.lock, hash: contentHash([packages.direct, packages.resolved]) },
    machine,
  };
}
