// Runs and versions side by side, and what differs from one to another.

import { SlipwayError } from "../core/core.ts";
import { type CodeDifference, codeDifference } from "./code-difference.ts";
import { type ShownVersion, showVersion } from "./model-operations.ts";
import type { Platform } from "./open.ts";
import { type Comparison, compareFacts, type Facts, factsOf } from "./run-facts.ts";
import { runMetric, type ShownRun, showRun } from "./run-operations.ts";

const MOST = 20;

/** Runs side by side; with `curve` each must have a metric of that name. */
export async function compareRuns(
  platform: Platform,
  references: readonly string[],
  curve?: string,
): Promise<{ readonly runs: readonly ShownRun[]; readonly comparison: Comparison }> {
  const runs = await several(references, "runs", (reference) => showRun(platform, reference));
  if (curve !== undefined) for (const { id } of runs) await runMetric(platform, id, curve);
  return { runs, comparison: compareFacts(runs.map(factsOf)) };
}

/** Versions side by side, each given as `model@version` or `model@alias`. */
export async function compareVersions(
  platform: Platform,
  references: readonly string[],
): Promise<{ readonly versions: readonly ShownVersion[]; readonly comparison: Comparison }> {
  const versions = await several(references, "versions", (reference) => showVersion(platform, reference));
  return { versions, comparison: compareFacts(versions.map(versionFacts)) };
}

/** What differs between two things, in facts and in code. */
export interface Difference {
  readonly sections: Comparison["sections"];
  readonly code: CodeDifference;
}

/** What differs from one run to another: facts that are the same are left out. */
export async function diffRuns(
  platform: Platform,
  from: string,
  to: string,
): Promise<Difference & { readonly runs: readonly [ShownRun, ShownRun] }> {
  const [a, b] = [await showRun(platform, from), await showRun(platform, to)];
  const { sections } = compareFacts([factsOf(a), factsOf(b)]);
  return { runs: [a, b], sections: differing(sections), code: await codeDifference(platform, a, b) };
}

/** What differs from one version to another. */
export async function diffVersions(
  platform: Platform,
  from: string,
  to: string,
): Promise<Difference & { readonly versions: readonly [ShownVersion, ShownVersion] }> {
  const [a, b] = [await showVersion(platform, from), await showVersion(platform, to)];
  const { sections } = compareFacts([versionFacts(a), versionFacts(b)]);
  if (a.run === null || b.run === null) {
    const missing = [a, b].filter(({ run }) => run === null).map(({ model, number }) => `${model}@${number}`);
    const problem = `no run is recorded for ${missing.join(" and ")}`;
    const code = { isSame: false, between: null, leftOut: [], problem, uncommitted: { from: null, to: null } };
    return { versions: [a, b], sections: differing(sections), code };
  }
  return { versions: [a, b], sections: differing(sections), code: await codeDifference(platform, a.run, b.run) };
}

function versionFacts(version: ShownVersion): Record<string, Facts[keyof Facts]> {
  const { run, metrics, importance, artifactHash, artifactSize, format, bestRound, definitionsHash } = version;
  const { metrics: _, ...facts } = run === null ? { metrics: {} } : factsOf(run);
  const total = importance.reduce((sum, { gain }) => sum + gain, 0) || 1;
  return {
    version: {
      artifact: artifactHash.slice(0, 12),
      bytes: artifactSize,
      format,
      "best round": bestRound,
      definition: definitionsHash.slice(0, 12),
      inputs: version.inputs.length,
    },
    metrics,
    importance: Object.fromEntries(importance.map(({ input, gain }) => [input, gain / total])),
    ...facts,
  };
}

function differing(sections: Comparison["sections"]): Comparison["sections"] {
  // What a run took differs every time and says nothing of what was done otherwise.
  return sections
    .filter(({ heading }) => heading !== "resources")
    .map(({ heading, facts }) => ({ heading, facts: facts.filter(({ differs }) => differs) }))
    .filter(({ facts }) => facts.length > 0);
}

async function several<T>(
  references: readonly string[],
  what: string,
  find: (reference: string) => Promise<T>,
): Promise<readonly T[]> {
  if (references.length < 2 || references.length > MOST)
    throw new SlipwayError("USAGE", `Give two to ${MOST} ${what} to compare, not ${references.length}.`);
  const found: T[] = [];
  for (const reference of references) found.push(await find(reference));
  return found;
}
