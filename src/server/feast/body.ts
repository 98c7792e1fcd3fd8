// Bodies as FastAPI and pydantic take them: a field of the wrong type is named by its place.

import { bodyError } from "./refusal.ts";

type Members = Readonly<Record<string, unknown>>;

/** A JSON object, or FastAPI's refusal of anything else. */
export function objectBody(body: unknown): Members {
  if (isObject(body)) return body;
  const type = body === undefined || body === null ? "missing" : "model_attributes_type";
  const msg =
    type === "missing" ? "Field required" : "Input should be a valid dictionary or object to extract fields from";
  throw bodyError({ type, loc: ["body"], msg, input: body ?? null });
}

/** An optional truth value. */
export function boolField(body: Members, name: string, byDefault: boolean): boolean {
  const value = body[name];
  if (value === undefined) return byDefault;
  if (typeof value === "boolean") return value;
  throw bodyError({
    type: "bool_parsing",
    loc: ["body", name],
    msg: "Input should be a valid boolean, unable to interpret input",
    input: value,
  });
}

/** An optional text; null is as if left out. */
export function textField(body: Members, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  return wrongText(name, value);
}

/** A text that has to be there. */
export function requiredText(body: Members, name: string): string {
  if (body[name] === undefined)
    throw bodyError({ type: "missing", loc: ["body", name], msg: "Field required", input: body });
  return textField(body, name) ?? wrongText(name, null);
}

function wrongText(name: string, input: unknown): never {
  throw bodyError({ type: "string_type", loc: ["body", name], msg: "Input should be a valid string", input });
}

/** An optional list of texts. */
export function textList(body: Members, name: string): readonly string[] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value))
    throw bodyError({ type: "list_type", loc: ["body", name], msg: "Input should be a valid list", input: value });
  const wrong = value.findIndex((item) => typeof item !== "string");
  if (wrong >= 0)
    throw bodyError({
      type: "string_type",
      loc: ["body", name, wrong],
      msg: "Input should be a valid string",
      input: value[wrong],
    });
  return value;
}

/** Lists by name, such as the columns of a data frame. */
export function columnsField(body: Members, name: string): Readonly<Record<string, readonly unknown[]>> {
  const value = body[name];
  if (value === undefined)
    throw bodyError({ type: "missing", loc: ["body", name], msg: "Field required", input: body });
  if (!isObject(value))
    throw bodyError({
      type: "dict_type",
      loc: ["body", name],
      msg: "Input should be a valid dictionary",
      input: value,
    });
  for (const column in value)
    if (!Array.isArray(value[column]))
      throw bodyError({
        type: "list_type",
        loc: ["body", name, column],
        msg: "Input should be a valid list",
        input: value[column],
      });
  return value as Readonly<Record<string, readonly unknown[]>>;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
