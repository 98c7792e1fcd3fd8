import { type DataType, fitsInt64, instantInZone, readTime, type Value } from "../../core/core.ts";
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
  switch (type) {
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
    default:
      return type satisfies never;
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
