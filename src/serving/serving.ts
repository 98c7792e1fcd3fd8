// The door of `serving`: load the champion, look features up, score, log.

export { CHAMPION } from "../registry/registry.ts";
export {
  type Admission,
  type AdmissionLimits,
  type AdmissionState,
  type AskedTurn,
  openAdmission,
  type Turn,
} from "./admission.ts";
export { checkContract, contractDifferences, type ServingContract, servingContract } from "./contract.ts";
export type { JsonRow } from "./imported/columns.ts";
export {
  type AskedVersion,
  type ImportedModel,
  type ImportedServing,
  inspectModel,
  openImported,
} from "./imported/imported.ts";
export { type Invocation, namesOf } from "./imported/invocation.ts";
export { appendLabels, labelHistorySql, labelType, newestLabelsSql, type PushedLabel } from "./label-log.ts";
export { type LabelPlace, type ReadLabel, type ReadLabels, readLabelsAfter } from "./label-reading.ts";
export { openServing, type Prediction, type ServedModel, type Serving } from "./live.ts";
export { type LogSource, loggedInputs, loggedReads, logSql } from "./log-query.ts";
export type { ServedBeside } from "./slot.ts";
export type { RouteName, Steering } from "./steering.ts";
export { newTally, tallyQuantile, tallySince, type VersionTally } from "./version-tally.ts";
