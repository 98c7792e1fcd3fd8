// The door of `platform`: the wiring of all rooms, and what the command line and the server do with them.

export {
  type Action,
  actions,
  addUser,
  type Credentials,
  defaultPermission,
  giveAccess,
  isSignInNeeded,
  listUsers,
  mayDo,
  newKeyFor,
  type Permission,
  type Person,
  permissionOn,
  permissions,
  removeUser,
  setDefaultPermission,
  setRole,
  signIn,
  type Thing,
  takeAccess,
  type User,
} from "../access/access.ts";
export type { DefinitionChange, Lineage } from "../catalog/catalog.ts";
export type { DatasetManifest, PartitionUnit } from "../datasets/datasets.ts";
export { partitionUnits } from "../datasets/datasets.ts";
export type { ProjectConfig } from "../define/define.ts";
export { type InputBounds, limeExplainer, rowsFrom } from "../explaining/explaining.ts";
export { type KeyRead, type MaterializeProgress, type ValueStatus, valueStatus } from "../features/features.ts";
export type { Enforced, Finding, QuarantineBatch, QuarantinedRow, QuarantineFilter, Released } from "../guard/guard.ts";
export type { Intake, IntakeState, PushOutcome, PushRequest } from "../ingest/ingest.ts";
export {
  type Adwin,
  type AdwinOptions,
  adwin,
  type ColumnPicture,
  type ColumnVerdict,
  type Cusum,
  type CusumOptions,
  columnPicture,
  cusum,
  type Detector,
  type DriftVerdict,
  type PageHinkleyOptions,
  type PairVerdict,
  pageHinkley,
} from "../monitoring/monitoring.ts";
export type { NoticeOutcome, Tensor, TensorData, TensorInfo, TensorType } from "../ports/ports.ts";
export {
  type Alert,
  type AlertAnswer,
  type AlertDelivery,
  type AliasChange,
  type Approval,
  type AuditEntry,
  aliasHistory,
  aliasOf,
  approveVersion,
  auditTrail,
  clearGarbage,
  type Decision,
  getDataset,
  getRun,
  getVersion,
  listAlerts,
  listAliases,
  listDecisions,
  listModels,
  listRuns,
  listVersions,
  metricHistory,
  moveAlias,
  type PromotionStanding,
  promotionStanding,
  provenanceOf,
  type Ramp,
  type RouteChange,
  type RunRecord,
  resolveVersion,
  rollback,
  tracking,
  type VersionRecord,
  withdrawApproval,
} from "../registry/registry.ts";
export type { RetrainOutcome } from "../retraining/retraining.ts";
export { LONE_FILES, loneModelText } from "../scoring/scoring.ts";
export {
  type Admission,
  type AdmissionLimits,
  type AskedTurn,
  type AskedVersion,
  type ImportedModel,
  type Invocation,
  type JsonRow,
  namesOf,
  openAdmission,
  type Prediction,
  type ServedBeside,
  type ServedModel,
  type Serving,
  type Steering,
  type Turn,
} from "../serving/serving.ts";
export { type Access, accessOf } from "./access-service.ts";
export { keepTellingAlerts, tellAlerts, testChannel } from "./alert-delivery.ts";
export { type Alerts, alertsOf } from "./alert-service.ts";
export { type ApplyOptions, applyDefinitions, planDefinitions } from "./apply.ts";
export type { BatchManifest } from "./batch/batch-output.ts";
export { type BatchOutcome, type BatchProgress, type BatchRequest, batchPredict } from "./batch/batch-predict.ts";
export {
  type FoundFeature,
  type ListedView,
  listFeatures,
  type ShownView,
  searchCatalog,
  showFeatures,
  showLineage,
} from "./catalog.ts";
export { type Catalog, catalogOf } from "./catalog-service.ts";
export { type CleanOptions, cleanOnline, type OldValues } from "./clean-online.ts";
export { clearTemporary } from "./clear-temporary.ts";
export type { CodeDifference } from "./code-difference.ts";
export {
  type DatasetAt,
  datasetsAt,
  type MadeTag,
  type NamedDataset,
  type NamedVersion,
  type TagRequest,
  tagCommit,
  type VersionAt,
  versionsAt,
} from "./commit-names.ts";
export { compareRuns, compareVersions, type Difference, diffRuns, diffVersions } from "./compare-operations.ts";
export {
  type Datasets,
  datasetList,
  datasetsOf,
  diffNamedDatasets,
  type ExportedDataset,
  exportNamedDataset,
  importDataset,
  type ListedDataset,
  type ShownDataset,
  showDataset,
  verifyNamedDataset,
  writeDatasetFolder,
} from "./dataset-operations.ts";
export { type ComparedWindow, type CompareOptions, compareFiles, storeReference } from "./drift-files.ts";
export { type DriftSegment, driftSegments } from "./drift-segments.ts";
export type { EngineContext, EngineFactory, Engines, LineageFactory, SourceReader } from "./engines.ts";
export type { EnvironmentDifference } from "./environment-differences.ts";
export { type Evaluation, type EvaluationRequest, evaluateVersion } from "./evaluate-operations.ts";
export { type KeptEvaluation, keepEvaluation, keepExplanation } from "./evaluation-reports.ts";
export {
  explainOne,
  explainVersion,
  type RowExplanation,
  type VersionExplanation,
} from "./explain-operations.ts";
export type { ExplainRequest, NamedRow } from "./explain-rows.ts";
export {
  featureHistory,
  featuresAsOf,
  type HistoryRequest,
  type PastDocument,
  type PastValues,
} from "./feature-history.ts";
export {
  type AuditSummary,
  auditReads,
  computeFeatures,
  describeViews,
  type MaterializeRequest,
  materialize,
  type ViewStatus,
  writeTrainingSet,
} from "./feature-operations.ts";
export type { FeatureReader, FeatureReads, FeatureSelection, SelectedView } from "./feature-reader.ts";
export {
  checkExpectations,
  dropQuarantined,
  listQuarantined,
  type OnEnforced,
  proposeExpectations,
  readQuarantined,
  replayQuarantined,
} from "./guard-operations.ts";
export { type ImportedModels, type ImportedPlatform, importedModels, importModelFile } from "./imported-models.ts";
export { type AskedLabel, type LabelOutcome, type Labels, labelsOf } from "./label-operations.ts";
export { type LearnOutcome, type LearnRequest, learnFromLog } from "./learn-operations.ts";
export {
  type ListedModel,
  type ListedVersion,
  modelList,
  type ShownVersion,
  showVersion,
  versionList,
} from "./model-operations.ts";
export { writeNew, writeWhole } from "./new-file.ts";
export { type OpenOptions, openPlatform, type Platform } from "./open.ts";
export { type OpenReader, openReader, type ReaderOptions } from "./open-reader.ts";
export { type LoneContents, versionAlone } from "./package-operations.ts";
export { type Plan, planChanges } from "./plan.ts";
export { type LoggedDocument, listPredictions, type ShownPrediction, showPrediction } from "./prediction-operations.ts";
export { type By, type Promotions, promotionsOf } from "./promotion-service.ts";
export { openPushing, pushEvents, pushSources } from "./push-operations.ts";
export { type Quarantine, quarantineDocument, quarantineOf } from "./quarantine-service.ts";
export { type RampLook, type RampRequest, rampModel, showRamp, stepRamps, watchRamps } from "./ramp-operations.ts";
export { type RecordsReader, recordsReader } from "./records-reader.ts";
export {
  type OpenReplay,
  openReplay,
  type ReplayDay,
  type ReplayRequest,
  type ReplayResult,
  runReplay,
} from "./replay.ts";
export { type ReplayMonth, replayMonths } from "./replay-months.ts";
export { type FirstDifference, type ReproduceRequest, type Reproduction, reproduceVersion } from "./reproduce.ts";
export { routeModel, type ShownRoute, showRoute } from "./route-operations.ts";
export type { Comparison } from "./run-facts.ts";
export {
  type ListedRun,
  type MetricValue,
  type RunDataset,
  runList,
  runMetric,
  type ShownRun,
  showRun,
} from "./run-operations.ts";
export { rotateSecretsKey, secretsOf } from "./secret-keys.ts";
export {
  holdServer,
  type KeepOptions,
  keepDelivering,
  keepFresh,
  keepRamping,
  type ServeOptions,
  startServing,
} from "./serve.ts";
export { createSigningKey, distrustKey, listKeys, trustKey } from "./signing-keys.ts";
export { type ListedStudy, type ShownStudy, showStudy, studyList } from "./study-operations.ts";
export { type TrainOutcome, type TrainRequest, trainModel } from "./train-operations.ts";
export { type TuneOutcome, type TuneRequest, tuneModel } from "./tune-operations.ts";
export type { SearchState } from "./tune-search.ts";
export type { Goal } from "./tune-study.ts";
export type { TunedTrial } from "./tuned-trial.ts";
export {
  type FeatureRead,
  type FeatureRows,
  predict,
  type ReadsOf,
  readFeatures,
  type ValueRead,
} from "./typed.ts";
export { exportVersion, importVersion, isVersionArchive } from "./version-archive.ts";
export { runMonitor, runRetraining, type WatchRound, watchOnce } from "./watch.ts";
export { writeModel } from "./write-model.ts";
