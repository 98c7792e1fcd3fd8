// A reference as a document: counts and cell ends, no row. Read back it gives the same verdicts, byte for byte, so that rows need to be
// read once; whatever in it is not as it was written is refused.

import { SlipwayError } from "../../core/core.ts";
import type { PairReference, Reference } from "./table-sketch.ts";

const FORMAT = "slipway-reference";
const VERSION = 2;

/** The document of a reference without a history, as JSON. */
export function writeReference({ rows, columns, pairs, ignored }: Reference): string {
  const stored = columns.map((column) => {
    const { name, kind, whole } = column;
    const { rows: filled, missing, counts } = whole;
    const shared = { name, kind, rows: filled, missing };
    if ("cells" in column)
      return { ...shared, ...column.cells, counts: Array.from(column.whole.counts), mean: column.whole.mean };
    // In a set order, so that the same rows are the same bytes.
    const values = counts instanceof Map ? [...counts].sort(([a], [b]) => (a < b ? -1 : 1)) : null;
    return { ...shared, values };
  });
  return JSON.stringify({ format: FORMAT, version: VERSION, rows, columns: stored, pairs, ignored });
}

/** Reads such a document. Throws SOURCE_UNREADABLE, naming the file, for anything else. */
export function readStoredReference(text: string, file: string): Reference {
  const refused = (why: string): SlipwayError =>
    new SlipwayError(
      "SOURCE_UNREADABLE",
      `${file} is no stored reference: ${why}. Write it again with slipway drift --save.`,
    );
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw refused("it is not JSON");
  }
  const document = isObject(found) ? found : {};
  if (document["format"] !== FORMAT) throw refused("it has another format");
  if (document["version"] !== VERSION) throw refused(`version ${String(document["version"])} is not known here`);
  const { rows, columns, pairs, ignored } = document;
  if (!isCount(rows) || !Array.isArray(columns) || !Array.isArray(pairs) || !isTexts(ignored))
    throw refused("a part is missing");
  return {
    rows,
    columns: columns.map(
      (each) =>
        columnOf(each) ?? fail(refused(`column ${JSON.stringify(isObject(each) ? each["name"] : each)} is damaged`)),
    ),
    pairs: pairs.map((each) => pairOf(each) ?? fail(refused("a pair is damaged"))),
    ignored,
    phases: undefined,
  };
}

function columnOf(found: unknown): Reference["columns"][number] | undefined {
  if (!isObject(found)) return undefined;
  const { name, kind, rows, missing } = found;
  if (typeof name !== "string" || !isCount(rows) || !isCount(missing)) return undefined;
  if (kind === "number" || kind === "moment") {
    const { origin, uppers, counts, mean } = found;
    if (typeof origin !== "number" || !isFigures(uppers) || !isCounts(counts)) return undefined;
    const isAscending = uppers.every((upper, place) => (place === 0 ? upper >= origin : upper > uppers[place - 1]!));
    if (!isAscending || counts.length !== uppers.length + 2 || !(mean === null || typeof mean === "number"))
      return undefined;
    return { name, kind, cells: { origin, uppers }, whole: { rows, missing, counts, mean } };
  }
  if (kind !== "boolean" && kind !== "category") return undefined;
  const { values } = found;
  if (values === null) return { name, kind, whole: { rows, missing, counts: undefined } };
  if (!Array.isArray(values)) return undefined;
  const isEach = (each: unknown): each is [string, number] =>
    Array.isArray(each) && each.length === 2 && typeof each[0] === "string" && isCount(each[1]);
  return values.every(isEach) ? { name, kind, whole: { rows, missing, counts: new Map(values) } } : undefined;
}

function pairOf(found: unknown): PairReference | undefined {
  if (!isObject(found) || !isObject(found["correlation"])) return undefined;
  const { a, b, correlation } = found;
  const { rows, r, variance } = correlation as Record<string, unknown>;
  // JSON has no NaN: a pair that could not be told is null.
  const figure = (value: unknown): number | undefined =>
    value === null ? Number.NaN : typeof value === "number" ? value : undefined;
  const [ofR, ofVariance] = [figure(r), figure(variance)];
  if (typeof a !== "string" || typeof b !== "string" || !isCount(rows) || ofR === undefined || ofVariance === undefined)
    return undefined;
  return { a, b, correlation: { rows, r: ofR, variance: ofVariance } };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isCount);
const isFigures = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((each) => Number.isFinite(each));
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

function fail(error: SlipwayError): never {
  throw error;
}
