// Whether what a manifest file says has the shape of a manifest. A folder may come from anywhere, and what is in it is used in SQL, in paths and in records.

import { type DataType, scalarTypes } from "../core/core.ts";
import { partitionUnits } from "./partition-unit.ts";

/** What is wrong with a manifest's shape, in words; undefined when nothing is. */
export function shapeProblem(value: Readonly<Record<string, unknown>>): string | undefined {
  const { model, rows, bytes, schema, partitionBy, parts, sources, definitions, time, label, writer } = value;
  const { copyOf, encoding } = value;
  const checks: readonly (readonly [string, boolean])[] = [
    ["model", isText(model) && model.length <= 200],
    ["rows", isCount(rows)],
    ["bytes", isCount(bytes)],
    ["schema", isList(schema, isColumn)],
    ["partitionBy", partitionBy === "part" || partitionUnits.some((unit) => unit === partitionBy)],
    ["parts", isList(parts, isPart)],
    ["sources", isList(sources, isSource)],
    ["definitions", isObject(definitions) && isText(definitions["model"]) && isTexts(definitions["views"])],
    ["time", isObject(time) && [time["from"], time["to"]].every(isTextOrNull)],
    ["label", isObject(label) && ["known", "positive", "unknown"].every((name) => isCount(label[name]))],
    ["writer", isText(writer)],
    ["copyOf", copyOf === undefined || isHash(copyOf)],
    ["encoding", encoding === undefined || encoding === "csv"],
  ];
  const [wrong] = checks.find(([, isRight]) => !isRight) ?? [];
  return wrong === undefined ? undefined : `its "${wrong}" is not what a manifest has there`;
}

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash = (value: unknown): boolean => isText(value) && /^[0-9a-f]{64}$/.test(value);
const isTexts = (value: unknown): boolean => isObject(value) && Object.values(value).every(isText);
const isList = (value: unknown, isItem: (item: Members) => boolean): boolean =>
  Array.isArray(value) && value.every((item: unknown) => isObject(item) && isItem(item));

const isColumn = ({ name, type, optional }: Members): boolean =>
  isText(name) && name !== "" && isType(type) && typeof optional === "boolean";
const isPart = ({ path, rows, bytes, hash }: Members): boolean =>
  isText(path) && isCount(rows) && isCount(bytes) && isHash(hash);
const isSource = ({ name, format, files, state }: Members): boolean =>
  isText(name) &&
  isText(format) &&
  isList(files, (file) => isText(file["path"]) && isCount(file["bytes"]) && isHash(file["hash"])) &&
  (state === undefined || isText(state));

/** Deeper than anybody nests lists and structs. */
const MOST_DEPTH = 16;

function isType(value: unknown, depth = 0): value is DataType {
  if (isText(value)) return scalarTypes.some((type) => type === value);
  if (!isObject(value) || depth > MOST_DEPTH) return false;
  if (value["kind"] === "list") return isType(value["of"], depth + 1);
  if (value["kind"] === "struct")
    return isList(value["fields"], ({ name, type }) => isText(name) && isType(type, depth + 1));
  const { kind, precision, scale } = value;
  return kind === "decimal" && isCount(precision) && isCount(scale) && (precision as number) <= 18;
}
