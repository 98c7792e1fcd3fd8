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
export { type ColumnDiff, type ColumnFigures, type DatasetDiff, diffDatasets } from "./diff-dataset.ts";
export {
  type DatasetManifest,
  type DatasetPart,
  type DatasetSource,
  type PartitionUnit,
  partitionUnits,
  readManifest,
} from "./manifest.ts";
export type { QualityFinding } from "./quality.ts";
export { checkSources, labelsSql, writeSnapshot } from "./snapshot-sql.ts";
export { type SplitBounds, type SplitPart, splitBounds } from "./split.ts";
export { type DatasetVerification, verifyDataset } from "./verify-dataset.ts";
export { type DatasetRequest, writeDataset } from "./write-dataset.ts";
