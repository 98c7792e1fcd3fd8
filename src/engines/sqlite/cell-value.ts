// What one cell of SQLite means by the declared type. Only what loses nothing is taken: no REAL for a decimal, no text for a number, since
// SQLite itself would not say that they differ.

import {
  type DataType,
  type DecimalType,
  fitsInt64,
  instantInZone,
  kindOf,
  parseDate,
  parseDecimal,
  readTime,
  type Value,
  valueFrom,
} from "../../core/core.ts";
import { epochUnits, type TimeText } from "../../define/define.ts";

/** What SQLite keeps in a cell that is not null. */
export type SqliteCell = bigint | number | string | Uint8Array | ArrayBuffer | null;

/** A cell as a value, or why it is none; without a reason it is of another kind. */
export interface CellRead {
  readonly value?: Exclude<Value, null> | undefined;
  readonly problem?: string;
}

/** A cell that is not null as a value of a type, exactly. Whole numbers are taken as float64 where that holds them. */
export function cellValue(type: DataType, cell: SqliteCell, times: TimeText): CellRead {
  const kind = kindOf(type);
  switch (kind) {
    case "bool":
      return { value: cell === 0n || cell === 1n ? cell === 1n : undefined };
    case "int32":
      return { value: typeof cell === "bigint" && BigInt.asIntN(32, cell) === cell ? Number(cell) : undefined };
    case "int64":
      return { value: typeof cell === "bigint" ? cell : undefined };
    case "float64":
      if (typeof cell === "bigint") return { value: BigInt(Number(cell)) === cell ? Number(cell) : undefined };
      return { value: typeof cell === "number" ? cell : undefined };
    case "string":
      return { value: typeof cell === "string" ? cell : undefined };
    case "timestamp":
      return timeValue(cell, times);
    case "float32": {
      const { value } = cellValue("float64", cell, times);
      return { value: Number.isNaN(value) || Math.fround(value as number) === value ? value : undefined };
    }
    case "decimal":
      // A REAL is not taken: 0.1 is another number there.
      return {
        value:
          typeof cell === "string" || typeof cell === "bigint"
            ? parseDecimal(String(cell), type as DecimalType)
            : undefined,
      };
    case "date":
      return { value: typeof cell === "string" ? parseDate(cell) : undefined };
    case "bytes":
      return { value: isBytes(cell) ? new Uint8Array(cell as ArrayBuffer) : undefined };
    case "uuid":
      return { value: uuidOf(cell) };
    case "list":
    case "struct":
      return { value: typeof cell === "string" ? fromJson(type, cell) : undefined };
    default:
      return kind satisfies never;
  }
}

function isBytes(cell: SqliteCell): boolean {
  return cell instanceof ArrayBuffer || ArrayBuffer.isView(cell);
}

/** A uuid as text, or as the 16 bytes that some libraries keep. */
function uuidOf(cell: SqliteCell): string | undefined {
  const bytes = isBytes(cell) ? Buffer.from(new Uint8Array(cell as ArrayBuffer)) : undefined;
  const hex = bytes?.length === 16 ? bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : cell;
  return typeof hex === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(hex)
    ? hex.toLowerCase()
    : undefined;
}

/** Lists and structs are kept as JSON, in the forms that Slipway itself gives them. */
function fromJson(type: DataType, text: string): Exclude<Value, null> | undefined {
  try {
    const value = valueFrom(type, JSON.parse(text), true, "", () => {
      throw new TypeError();
    });
    return value ?? undefined;
  } catch {
    return undefined;
  }
}

function timeValue(cell: SqliteCell, { timeFormat, timeZone }: TimeText): CellRead {
  const unit = epochUnits[timeFormat ?? ""];
  if (typeof cell === "bigint") {
    if (unit !== undefined) return { value: fitsInt64(cell * unit) ? cell * unit : undefined };
    const units = Object.keys(epochUnits).map((word) => `"${word}"`);
    return {
      problem: `a number of unknown unit. Say in the definition which one is meant: timeFormat: ${units.join(" or ")}`,
    };
  }
  const time = typeof cell === "string" && unit === undefined ? readTime(cell) : undefined;
  if (time === undefined || time.hasZone) return { value: time?.instant };
  if (timeZone !== undefined) return { value: instantInZone(time.instant, timeZone) };
  return { problem: 'a time that says no zone. Say which one is meant in the definition: timeZone: "UTC", or another' };
}
