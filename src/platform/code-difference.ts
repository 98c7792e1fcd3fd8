// How the code of two runs differs: their commits held against each other where both are in the repository here, and the changes that either
// had not committed.

import { type RunProvenance, uncommittedChanges } from "../registry/registry.ts";
import type { Platform } from "./open.ts";
import type { ShownRun } from "./run-operations.ts";

/** Differences of code. */
export interface CodeDifference {
  /** Whether both are known to have run the same code. */
  readonly isSame: boolean;
  /** A unified diff from one commit to the other; null when there is none, or it cannot be told. */
  readonly between: string | null;
  /** Files of that diff which are too large to show. */
  readonly leftOut: readonly string[];
  /** Why the commits cannot be held against each other; null when they can. */
  readonly problem: string | null;
  /** What was not committed, as unified diffs; null where all was. */
  readonly uncommitted: { readonly from: string | null; readonly to: string | null };
}

/** Holds the code of two runs against each other. */
export async function codeDifference(platform: Platform, from: ShownRun, to: ShownRun): Promise<CodeDifference> {
  const { engines, root } = platform;
  const [a, b] = [from.git?.commit, to.git?.commit];
  const uncommitted = {
    from: await uncommittedChanges(platform.registry, from.id),
    to: await uncommittedChanges(platform.registry, to.id),
  };
  const common = { between: null, leftOut: [], uncommitted };
  if (a === undefined || b === undefined) {
    const unknown = [from, to].filter(({ git }) => git === null).map(reasonOf);
    return { ...common, isSame: false, problem: unknown.join("; ") };
  }
  const samePatch = hashOf(from.provenance) === hashOf(to.provenance);
  if (a === b) return { ...common, isSame: samePatch, problem: null };
  const patch = await engines.versionControl.diff(root, a, b);
  if (patch === undefined) {
    const missing: string[] = [];
    for (const commit of [a, b])
      if ((await engines.versionControl.commitOf(root, commit)) === undefined) missing.push(commit.slice(0, 12));
    const problem = `commit ${missing.join(" and ") || "one of them"} is not in the repository here; git fetch may bring it`;
    return { ...common, isSame: false, problem };
  }
  return {
    ...common,
    isSame: patch === null && samePatch,
    between: patch?.text ?? null,
    leftOut: patch?.leftOut ?? [],
    problem: null,
  };
}

function reasonOf(run: ShownRun): string {
  return `run ${run.id.slice(-6)}: ${run.provenance?.code.problem ?? "nobody told the commit"}`;
}

function hashOf(provenance: RunProvenance | null): string | undefined {
  return provenance?.code.patch?.hash;
}
