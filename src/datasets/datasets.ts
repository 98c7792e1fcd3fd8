// The door of `datasets`: snapshots of features and labels, and the datasets cut out of them.

export {
  cutDataset,
  type Dataset,
  type DatasetEngines,
  ensureSnapshot,
  type PartSummary,
  type Snapshot,
  snapshotSchema,
  streamPart,
  trainingCategories,
  trainingFindings,
} from "./dataset.ts";
export type { QualityFinding } from "./quality.ts";
export { checkSources, labelsSql, snapshotSql } from "./snapshot-sql.ts";
export { type SplitBounds, type SplitPart, splitBounds } from "./split.ts";
