// The door of `datasets`: snapshots of features and labels, and the datasets cut out of them.

export { writeCsv } from "./csv-file.ts";
export {
  cutDataset,
  type Dataset,
  type DatasetEngines,
  ensureSnapshot,
  foundSnapshot,
  type LabelClass,
  labelClasses,
  type PartSummary,
  type Snapshot,
  snapshotSchema,
  streamPart,
  trainingCategories,
  trainingFindings,
} from "./dataset.ts";
export { type ColumnDiff, type ColumnFigures, type DatasetDiff, diffDatasets } from "./diff-dataset.ts";
export type { DefinitionDiff, SourceDiff } from "./diff-origins.ts";
export { type EntityOverlap, entityOverlaps } from "./entity-overlap.ts";
export { copyFolder, type ExportFormat, exportDataset } from "./export-dataset.ts";
export { type ImportedFolder, importFolder } from "./import-folder.ts";
export { type JudgedSpan, streamJudged } from "./judged-rows.ts";
export { laterTimes } from "./later-times.ts";
export {
  type DatasetManifest,
  type DatasetPart,
  type DatasetSource,
  readManifest,
} from "./manifest.ts";
export { modelDefinitions, modelSources, placeOf, snapshotSources } from "./origins.ts";
export { ownBounds } from "./own-bounds.ts";
export { type PartitionUnit, partitionUnits } from "./partition-unit.ts";
export type { QualityFinding } from "./quality.ts";
export {
  boundsFrom,
  folderDataset,
  type ReadableDataset,
  requireSnapshot,
  type TrainingRows,
  trainingDataset,
} from "./readable-dataset.ts";
export { type ScoringPlan, type ScoringSpan, scoredColumns, scoringPlan } from "./scoring-rows.ts";
export { isShareBounds, type PartSide } from "./share-bounds.ts";
export { checkSources, labelsSql, writeSnapshot } from "./snapshot-sql.ts";
export { boundsText, earlierFolds, knownInTime, type SplitBounds, type SplitPart, type TimeBounds } from "./split.ts";
export { type SplitOverlap, splitOverlap } from "./split-overlap.ts";
export { type DatasetVerification, verifyDataset, verifyTrainingRows } from "./verify-dataset.ts";
export { type DatasetRequest, writeDataset } from "./write-dataset.ts";
