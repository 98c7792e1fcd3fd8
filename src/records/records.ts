// The door of `records`: what happened, remembered in SQL. Rows are as the database holds them; rooms above turn them into their own
// values and back with the conversions here.

export { fromJson, instantFromSql, instantToSql, numberFromSql, numberToSql, toJson } from "./conversions.ts";
export { openRecords, type Records, type RecordsDatabase, type RecordsTransaction } from "./open.ts";
export type {
  AlertStatus,
  DecisionVerdict,
  QuarantineKind,
  QuarantineStatus,
  RunStatus,
  Schema,
} from "./schema.ts";
