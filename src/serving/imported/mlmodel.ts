// What an MLmodel file says of a model's columns. It is YAML, read as data: no tag makes an object, no alias is followed, and nothing that it
// names is opened.

import { parse } from "yaml";
import { SlipwayError } from "../../core/core.ts";

/** A named column that a model takes. */
export interface NamedColumn {
  readonly name: string;
  /** As MLflow calls it: boolean, integer, long, float, double, string, binary, datetime. */
  readonly type: string;
  readonly required: boolean;
}

/** The size of an MLmodel file at most. */
export const MOST_MLMODEL = 2 ** 20;

/** The columns of the signature; undefined when it has none, or is about tensors. ARTIFACT_CORRUPT when the file is not YAML. */
export function signatureColumns(file: Uint8Array): readonly NamedColumn[] | undefined {
  try {
    const document: unknown = parse(new TextDecoder("utf-8", { fatal: true }).decode(file), {
      maxAliasCount: 0,
      schema: "core",
      logLevel: "silent",
    });
    const inputs = memberOf(memberOf(document, "signature"), "inputs");
    if (typeof inputs !== "string") return undefined;
    const columns: unknown = JSON.parse(inputs);
    if (!Array.isArray(columns)) return undefined;
    const named = columns.map((column): NamedColumn | undefined => {
      const [name, type] = [memberOf(column, "name"), memberOf(column, "type")];
      if (typeof name !== "string" || typeof type !== "string" || type === "tensor") return undefined;
      return { name, type, required: memberOf(column, "required") !== false };
    });
    return named.every((column) => column !== undefined) ? named : undefined;
  } catch (cause) {
    throw new SlipwayError(
      "ARTIFACT_CORRUPT",
      `The version's MLmodel file cannot be read: ${cause instanceof Error ? cause.message.split("\n")[0] : cause}`,
      { cause },
    );
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
