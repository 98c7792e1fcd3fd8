// The door of `ports`: what an engine must do. Interfaces only; each file's first lines are the contract in words.

export type { AppendLog } from "./append-log.ts";
export type { BlobStore, BlobStream, StoredBlob } from "./blob-store.ts";
export type { Clock, ReplayClock } from "./clock.ts";
export type { Database } from "./database.ts";
export type { EventFiles, EventLog } from "./event-log.ts";
export type { OfflineEngine, OfflineSession, WrittenFile } from "./offline-engine.ts";
export {
  isJointStore,
  isShowingStore,
  type JointOnlineStore,
  type OnlineChange,
  type OnlineKey,
  type OnlineStore,
  type ShowingOnlineStore,
} from "./online-store.ts";
export type { Predictor, Runtime } from "./runtime.ts";
export type { Scheduler } from "./scheduler.ts";
export type { SourceReader, SourceRows } from "./source-reader.ts";
export type { LeafSql, SqlDialect } from "./sql-dialect.ts";
export type { TrainedModel, Trainer, TrainingJob, TrainingStep, TrainingWatch } from "./trainer.ts";
