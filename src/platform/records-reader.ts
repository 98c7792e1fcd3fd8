import type { RunFilter } from "../registry/registry.ts";
import { type KeptEvaluation, keptEvaluation, keptEvaluations } from "./evaluation-reports.ts";
import { type ListedVersion, type ShownVersion, showVersion, versionList } from "./model-operations.ts";
import type { Platform } from "./open.ts";
import { type ListedRun, type MetricValue, runList, runMetric, type ShownRun, showRun } from "./run-operations.ts";

/** What can be asked about runs and versions while serving. */
export interface RecordsReader {
  /** The same, of what a user may see alone; of everything without one. */
  seenBy(user: string | undefined): RecordsReader;
  list(filter: RunFilter): Promise<{ readonly runs: readonly ListedRun[]; readonly next: string | undefined }>;
  show(reference: string): Promise<ShownRun>;
  metric(reference: string, name: string): Promise<readonly MetricValue[]>;
  versions(model: string): Promise<readonly ListedVersion[]>;
  version(reference: string): Promise<ShownVersion>;
  evaluations(reference: string): Promise<readonly KeptEvaluation[]>;
  evaluation(reference: string, which: Parameters<typeof keptEvaluation>[2]): Promise<Uint8Array>;
}

/** The runs and versions of an open platform. */
export function recordsReader(platform: Platform): RecordsReader {
  return {
    seenBy: (user) =>
      user === undefined
        ? recordsReader(platform)
        : recordsReader({ ...platform, registry: { ...platform.registry, onlooker: user } }),
    list: (filter) => runList(platform, filter),
    show: (reference) => showRun(platform, reference),
    metric: (reference, name) => runMetric(platform, reference, name),
    versions: (model) => versionList(platform, model),
    version: (reference) => showVersion(platform, reference),
    evaluations: (reference) => keptEvaluations(platform, reference),
    evaluation: (reference, which) => keptEvaluation(platform, reference, which),
  };
}
