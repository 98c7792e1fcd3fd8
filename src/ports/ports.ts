// The door of `ports`: what an engine must do. Interfaces; each file's first lines are the contract in words. It is public, as `slipway/ports`,
// and so it also names the values that pass through ports, for engines that are made elsewhere and have no other way to them.

export {
  type Column,
  type ColumnSchema,
  cellEncoders,
  columnFrom,
  type ModelInput,
  rowAt,
  type Table,
  tableFrom,
  valueAt,
} from "../core/core.ts";
export type { ExpressionNode, Fields, LeafNode, PushSpec, SourceSpec } from "../define/define.ts";

export type { AppendLog } from "./append-log.ts";
export type { BlobPart, BlobStore, BlobStream, HoldBlob, KnownBlob, StoredBlob } from "./blob-store.ts";
export type { Clock, ReplayClock } from "./clock.ts";
export {
  type Contributions,
  type ExplainablePredictor,
  type InteractingPredictor,
  isExplainable,
  isInteracting,
} from "./contributions.ts";
export type { DataVersioning, PinnedFiles, PinnedSummary, VersionedFolder } from "./data-versioning.ts";
export type { Database } from "./database.ts";
export type { EventFiles, EventLog } from "./event-log.ts";
export {
  type DecisionTree,
  type ExplicitRuntime,
  type FormulaLink,
  isExplicitRuntime,
  type ModelFormula,
} from "./formula.ts";
export type {
  ColumnQuality,
  LineageCode,
  LineageColumn,
  LineageDataset,
  LineageDelivery,
  LineageEvent,
  LineageJob,
  LineageSink,
} from "./lineage-sink.ts";
export type { ModelWriter, WholeModel, WrittenModel } from "./model-writer.ts";
export type { Notice, NoticeOutcome, Notifier } from "./notifier.ts";
export type { LocatedFile, OfflineEngine, OfflineSession, WrittenFile } from "./offline-engine.ts";
export {
  isJointStore,
  isShowingStore,
  type JointOnlineStore,
  type OnlineChange,
  type OnlineKey,
  type OnlineStore,
  type ShowingOnlineStore,
} from "./online-store.ts";
export type { Outbound, OutboundAnswer, OutboundRequest } from "./outbound.ts";
export { isLegibleRuntime, type LegibleRuntime, type Predictor, type Runtime } from "./runtime.ts";
export type { Scheduler } from "./scheduler.ts";
export type { SourceReader, SourceRows } from "./source-reader.ts";
export type { LeafSql, SqlDialect } from "./sql-dialect.ts";
export type {
  Tensor,
  TensorData,
  TensorInfo,
  TensorModel,
  TensorRuntime,
  TensorType,
} from "./tensor-runtime.ts";
export {
  type ContinuingTrainer,
  isContinuingTrainer,
  type TrainedModel,
  type Trainer,
  type TrainingBase,
  type TrainingJob,
  type TrainingStep,
  type TrainingWatch,
} from "./trainer.ts";
export type {
  CodePatch,
  CodeState,
  CommitTag,
  MachineFacts,
  PackageSet,
  ProcessUse,
  VersionControl,
  Workspace,
} from "./workspace.ts";
