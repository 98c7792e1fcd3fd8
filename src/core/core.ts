// The door of `core`: values that everything else is made of.

export {
  asSlipwayError,
  type ErrorCode,
  type ErrorContext,
  type ErrorMeaning,
  errorTable,
  SlipwayError,
} from "./errors.ts";
export { canonicalJson, contentHash, sha256 } from "./hash.ts";
export { newId, type RandomBytes } from "./ids.ts";
export { didYouMean, nearestName } from "./nearest.ts";
export { type CellEncoder, cellEncoders, encodeTable, type ModelInput } from "./signature.ts";
export {
  allocateValues,
  type Column,
  columnFrom,
  columnOf,
  concatTables,
  isValid,
  rowAt,
  type Table,
  tableFrom,
  valueAt,
} from "./table.ts";
export {
  type Duration,
  dateOf,
  days,
  floorTo,
  formatDuration,
  formatInstant,
  hours,
  type Instant,
  instantOf,
  minutes,
  parseInstant,
  seconds,
  windowHop,
  windowTail,
} from "./time.ts";
export {
  type ColumnSchema,
  type DataType,
  dataTypes,
  fitsInt64,
  isNumeric,
  type NumericType,
  type Value,
  type ValueOf,
} from "./types.ts";
