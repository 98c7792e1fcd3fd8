// What an MLmodel file says of what a model takes. It is YAML, read as data: no tag makes an object, no alias is followed, and nothing that it
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

/** A tensor that a signature asks for; an unnamed one is the model's only input. */
export interface SignatureTensor {
  readonly name: string | undefined;
  /** -1 is any size. */
  readonly shape: readonly number[];
}

/** What a model says that it takes: named columns, or tensors. */
export type Signature =
  | { readonly kind: "columns"; readonly columns: readonly NamedColumn[] }
  | { readonly kind: "tensors"; readonly tensors: readonly SignatureTensor[] };

/** What an MLmodel file says of a model. */
export interface ModelDescription {
  /** Of the inputs; undefined when there is none, or it is neither of columns nor of tensors. */
  readonly signature: Signature | undefined;
  /** The Python class of an XGBoost model, such as `xgboost.sklearn.XGBClassifier`. */
  readonly xgboostClass: string | undefined;
}

/** The size of an MLmodel file at most. */
export const MOST_MLMODEL = 2 ** 20;

/** Reads an MLmodel file. ARTIFACT_CORRUPT when it is not YAML. */
export function readDescription(file: Uint8Array): ModelDescription {
  try {
    const document: unknown = parse(new TextDecoder("utf-8", { fatal: true }).decode(file), {
      maxAliasCount: 0,
      schema: "core",
      logLevel: "silent",
    });
    const given = memberOf(memberOf(memberOf(document, "flavors"), "xgboost"), "model_class");
    return {
      signature: signatureOf(memberOf(memberOf(document, "signature"), "inputs")),
      xgboostClass: typeof given === "string" ? given : undefined,
    };
  } catch (cause) {
    throw new SlipwayError(
      "ARTIFACT_CORRUPT",
      `The version's MLmodel file cannot be read: ${cause instanceof Error ? cause.message.split("\n")[0] : cause}`,
      { cause },
    );
  }
}

function signatureOf(inputs: unknown): Signature | undefined {
  if (typeof inputs !== "string") return undefined;
  const given: unknown = JSON.parse(inputs);
  if (!Array.isArray(given)) return undefined;
  const columns = given.map(columnOf);
  if (columns.every((column) => column !== undefined)) return { kind: "columns", columns };
  const tensors = given.map(tensorOf);
  return tensors.every((tensor) => tensor !== undefined) ? { kind: "tensors", tensors } : undefined;
}

function columnOf(given: unknown): NamedColumn | undefined {
  const [name, type] = [memberOf(given, "name"), memberOf(given, "type")];
  if (typeof name !== "string" || typeof type !== "string" || type === "tensor") return undefined;
  return { name, type, required: memberOf(given, "required") !== false };
}

function tensorOf(given: unknown): SignatureTensor | undefined {
  const [name, shape] = [memberOf(given, "name"), memberOf(memberOf(given, "tensor-spec"), "shape")];
  if (!Array.isArray(shape) || !shape.every((size): size is number => Number.isInteger(size))) return undefined;
  return { name: typeof name === "string" ? name : undefined, shape };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
