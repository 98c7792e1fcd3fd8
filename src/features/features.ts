// The door of `features`: point-in-time joins, materialisation, online reads and the audit that holds the two sides together.

export { type AuditResult, auditView, type LoggedReads, type Mismatch } from "./audit.ts";
export { countRows } from "./count-rows.ts";
export { type DerivedReader, derivedReader } from "./derived-reads.ts";
export { dropGradually } from "./drop-gradually.ts";
export { encodeKey } from "./entity-key.ts";
export {
  type EventBatch,
  type EventMark,
  eventMark,
  eventsAfter,
  eventTable,
  foldChange,
  foldEvents,
} from "./fold-events.ts";
export { type ChangeReason, type History, type HistoryChange, keyHistory, valuesAsOf } from "./history.ts";
export { type KeptUp, keepUp } from "./keep-up.ts";
export { inKeyShares } from "./key-shares.ts";
export {
  applyViews,
  cursorsOf,
  knownOf,
  materializedThrough,
  materializeView,
  streamRows,
  type ViewRows,
} from "./materialize.ts";
export type { MaterializeProgress } from "./materialize-watch.ts";
export { type Cursor, type OnlineView, onlineView, viewNamespace } from "./online-view.ts";
export { holdingView, ownerOf, type Processes, takeOwnership } from "./ownership.ts";
export {
  keyColumns,
  type PointInTimePlan,
  type PointInTimeTables,
  pointInTimePlan,
  pointInTimeTables,
} from "./point-in-time-sql.ts";
export {
  type KeyRead,
  type KeyStatus,
  type OnlineRead,
  readOnline,
  readRows,
  readViews,
  type ValueStatus,
  type ViewReads,
  valueStatus,
  type WantedView,
} from "./read-online.ts";
export { rebuildKeys } from "./rebuild-keys.ts";
export {
  type ExampleRow,
  exampleRows,
  type FeatureStatistics,
  sampledValues,
  type ViewStatistics,
  viewStatistics,
} from "./statistics.ts";
export { guardedFeatures } from "./value-guard.ts";
export { keyColumn, sourceExpression, timeColumns } from "./view-events-sql.ts";
export { hasMoments, type ViewQuery, viewQuery } from "./view-query.ts";
