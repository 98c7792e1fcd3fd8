// The door of `core`: values that everything else is made of.

export { type ByteRoom, byteRoom } from "./byte-room.ts";
export { civilDate, dateText, isDay, parseDate } from "./calendar.ts";
export {
  type Calibration,
  calibrateScores,
  calibrationFrom,
  interpolated,
  type LogisticStep,
  logOdds,
  type MonotoneStep,
} from "./calibration.ts";
export {
  asSlipwayError,
  type ErrorCode,
  type ErrorContext,
  type ErrorMeaning,
  errorTable,
  SlipwayError,
} from "./errors.ts";
export {
  type AnswerLink,
  type Explanation,
  explanationJson,
  explanationsOf,
  foldColumns,
  type OutputExplanation,
} from "./explanation.ts";
export { canonicalJson, contentHash, sha256, sha256Mark } from "./hash.ts";
export { newId, type RandomBytes } from "./ids.ts";
export { didYouMean, nearestName } from "./nearest.ts";
export { OWNER_FILE } from "./owner-file.ts";
export {
  categoryPlaces,
  encodedAt,
  missingIn,
  numbersIn,
  type StepFunction,
  stepFunction,
  textsIn,
} from "./prepared/apply.ts";
export {
  columnNames,
  type Encoder,
  encoderOf,
  matrixColumns,
  type PreparedInput,
  type RawInput,
  rawInputs,
  rawNames,
  signalColumns,
  signalOf,
  stepsFunction,
  type VersionInput,
} from "./prepared/prepared-input.ts";
export type { RawColumn, ReadAs, Signal } from "./prepared/signal.ts";
export { CROSSED, type DatePart, dateParts, type FittedOf, type FittedStep, type Scaling } from "./prepared/step.ts";
export { type Random, randomOf } from "./random.ts";
export { redactText, redactWords } from "./redact.ts";
export { type Role, roles } from "./role.ts";
export { isAsSevere, type Severity, severities } from "./severity.ts";
export { type CellEncoder, cellEncoders, encodeTable, type ModelInput, requireMatrix } from "./signature.ts";
export {
  allocateValues,
  type Column,
  columnFrom,
  columnOf,
  concatTables,
  isValid,
  numberAt,
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
export { instantInZone, readTime } from "./time-text.ts";
export {
  type ColumnSchema,
  type DataType,
  type DecimalType,
  decimalNumber,
  fitsDecimal,
  fitsInt64,
  isCategory,
  isDecimal,
  isFloat,
  isList,
  isNumeric,
  isStruct,
  kindOf,
  type ListType,
  type NumericType,
  type ScalarType,
  type StructShape,
  type StructType,
  type StructValue,
  sameType,
  scalarTypes,
  type TypeKind,
  typeText,
  type Value,
  type ValueOf,
} from "./types.ts";
export {
  decimalText,
  expectationOf,
  isWellFormed,
  type JsonValue,
  jsonFromText,
  parseDecimal,
  type RefuseInput,
  rowToJson,
  valueFrom,
  valueText,
  valueToJson,
} from "./value-json.ts";
export { lineCell, lineName, lineObject } from "./value-line.ts";
