// The door of `registry`: what was tried, what came of it and what is in production. Functions over a context, each one transaction;
// facts are only ever added, and the few names that move leave a trail.

export {
  type Alert,
  type AlertAnswer,
  type AlertDelivery,
  type AlertFilter,
  type AlertPolicy,
  type AlertStep,
  alertId,
  alertTimes,
  answerAlert,
  clearAlerts,
  type DeliveryFilter,
  deliverAlerts,
  listAlerts,
  listDeliveries,
  type NewAlert,
  type RecordedAlert,
  recordAlert,
  retryDeliveries,
  type ShownAlert,
  showAlert,
  type Tell,
  type Told,
} from "./alerts/alerts.ts";
export { type AliasChange, aliasHistory, type MoveEvidence } from "./alias-history.ts";
export { type AliasMove, aliasOf, listAliases, listAliasesOf, moveAlias, resolveVersion, rollback } from "./aliases.ts";
export { type Approval, approveVersion, type NewApproval, withdrawApproval } from "./approvals.ts";
export { ARCHIVE_START, type TakenArchive, takeArchive, writeArchive } from "./archive/archive.ts";
export type { ArchiveManifest } from "./archive/manifest.ts";
export { checkedKey, fingerprint, newSigningKey, publicKeyOf } from "./archive/signature.ts";
export { type AuditEntry, type AuditFilter, auditTrail } from "./audit.ts";
export { TRIAL_TAGS } from "./client-words.ts";
export { inOneTransaction, type RegistryContext } from "./context.ts";
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
export { type DeploymentRecord, endDeployments, liveDeployments, noteDeployment } from "./deployments.ts";
export { createExperiment, type Experiment, listExperiments } from "./experiments.ts";
export { type Cleared, type ClearOptions, clearGarbage } from "./garbage.ts";
export { type ImportedVersion, registerImported } from "./imported-version.ts";
export {
  endLease,
  type HeldLease,
  isHeld,
  LEASE,
  type LeaseHolder,
  leaseLost,
  renewLease,
  takeLease,
  whileHeld,
} from "./leases.ts";
export { calibrationBytes, loadVersion, readCalibration, runtimeOf } from "./load-version.ts";
export {
  lastMonitorRun,
  listMonitorRuns,
  type MonitorRun,
  type NewMonitorRun,
  recordMonitorRun,
} from "./monitor-runs.ts";
export {
  CHAMPION,
  type GateResult,
  type PromotionStanding,
  promotionStanding,
  protectedAliases,
} from "./promotion.ts";
export {
  type Provenance,
  provenanceOf,
  type RunEnding,
  type RunProvenance,
  type RunResources,
  uncommittedChanges,
} from "./provenance.ts";
export {
  moveRamp,
  noteObserved,
  type Observed,
  observedOf,
  type Ramp,
  type RampObservation,
  type RampPlan,
  rampOf,
  runningRamps,
  startRamp,
  stepLasts,
} from "./ramps.ts";
export { recoverRuns } from "./recover.ts";
export {
  moveRoute,
  type RouteChange,
  type RouteMove,
  routeHistory,
  routeOf,
  type StandingRoute,
  type StandingVersions,
  standingVersions,
} from "./routes.ts";
export { findRun, findRuns, listRuns, type RunFilter, type RunPage, recordedModels } from "./run-list.ts";
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
  getRun,
  type RunRecord,
} from "./runs.ts";
export { SECRET_KEY_BYTES, type Secrets, sealedSecrets, secretKeyName } from "./secrets.ts";
export { type NewRun, startRun } from "./start-run.ts";
export {
  changeStudyPlan,
  childRuns,
  findStudy,
  listStudies,
  type NewStudy,
  recordStudy,
  reopenRun,
  type StudyRecord,
} from "./studies.ts";
export * as tracking from "./tracking/tracking.ts";
export type { Amount } from "./unnamed-rows.ts";
export {
  type DatasetOrigin,
  datasetOrigins,
  type LoggedOrigins,
  loggedOrigins,
  type VersionOrigin,
  versionOrigins,
  versionOriginsIn,
} from "./uses.ts";
export { classesOf, type VersionRecord } from "./version.ts";
export { loadableFile, putContent, type VersionFile } from "./version-content.ts";
export { readVersionFile, versionFiles } from "./version-files.ts";
export { versionNotes } from "./version-notes.ts";
export {
  getVersion,
  listModels,
  listVersions,
  type NewVersion,
  readArtifact,
  registerVersion,
  versionsByContent,
  versionsOfCommit,
  versionsOfRuns,
} from "./versions.ts";
