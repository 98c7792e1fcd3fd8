// The door of `registry`: what was tried, what came of it and what is in production. Functions over a context, each one transaction;
// facts are only ever added, and the few names that move leave a trail.

export {
  type Alert,
  type AlertFilter,
  acknowledgeAlerts,
  listAlerts,
  type NewAlert,
  recordAlert,
} from "./alerts.ts";
export { type AliasChange, aliasHistory, type MoveEvidence } from "./alias-history.ts";
export { type AliasMove, aliasOf, listAliases, listAliasesOf, moveAlias, resolveVersion, rollback } from "./aliases.ts";
export { type Approval, approveVersion, type NewApproval, withdrawApproval } from "./approvals.ts";
export { type AuditEntry, type AuditFilter, auditTrail } from "./audit.ts";
export type { RegistryContext } from "./context.ts";
export {
  type DatasetRecord,
  datasetOfBlob,
  FOLDER,
  findDataset,
  getDataset,
  listDatasets,
  recordDataset,
  recordWrittenDataset,
} from "./datasets.ts";
export { type Decision, listDecisions, type NewDecision, recordDecision } from "./decisions.ts";
export { createExperiment, type Experiment, listExperiments } from "./experiments.ts";
export { type ImportedVersion, registerImported } from "./imported-version.ts";
export {
  lastMonitorRun,
  listMonitorRuns,
  type MonitorRun,
  type NewMonitorRun,
  recordMonitorRun,
} from "./monitor-runs.ts";
export {
  type GateResult,
  type PromotionStanding,
  promotionStanding,
  protectedAliases,
} from "./promotion.ts";
export { recoverRuns } from "./recover.ts";
export {
  linkDataset,
  logMetrics,
  logParams,
  type MetricPoint,
  metricHistory,
  type StoredMetric,
  setTags,
} from "./run-log.ts";
export {
  failRun,
  finishRun,
  type GitState,
  getRun,
  listRuns,
  type NewRun,
  type RunFilter,
  type RunRecord,
  startRun,
} from "./runs.ts";
export * as tracking from "./tracking/tracking.ts";
export { type DatasetOrigin, datasetOrigins, type VersionOrigin, versionOrigins, versionOriginsIn } from "./uses.ts";
export type { VersionRecord } from "./version.ts";
export { loadableFile, putContent, readVersionFile, type VersionFile } from "./version-content.ts";
export { getVersion, listModels, listVersions, type NewVersion, readArtifact, registerVersion } from "./versions.ts";
