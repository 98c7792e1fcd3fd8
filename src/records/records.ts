// The door of `records`: what happened, remembered in SQL. Rows are as the database holds them; rooms above turn them into their own
// values and back with the conversions here.

export { fromJson, instantFromSql, instantToSql, numberFromSql, numberToSql, toJson } from "./conversions.ts";
export { groupedWrites, type Write } from "./grouped-writes.ts";
export { openRecords, type Records, type RecordsDatabase, type RecordsTransaction } from "./open.ts";
export type {
  AlertChange,
  AlertDeliveryStatus,
  AlertStatus,
  DecisionVerdict,
  LoggedModelStatus,
  QuarantineKind,
  QuarantineStatus,
  RampStatus,
  RunRow,
  RunStatus,
  Schema,
  VersionRow,
} from "./schema.ts";
