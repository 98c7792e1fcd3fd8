// A linear model as bytes: JSON that anyone can read, and nothing in it but names and numbers.

import { canonicalJson, SlipwayError } from "../../core/core.ts";

/** The artifact format of linear models. */
export const FORMAT = "slipway-linear";

const VERSION = 1;

/** A linear model: link(intercept + Σ coefficient × value), a missing value being its column's mean in the training rows. */
export interface LinearModel {
  readonly link: "identity" | "logistic";
  readonly intercept: number;
  readonly inputs: readonly { readonly name: string; readonly coefficient: number; readonly mean: number }[];
}

/** A model's bytes: the same for the same numbers. */
export function linearBytes(model: LinearModel): Uint8Array {
  return Buffer.from(canonicalJson({ format: FORMAT, version: VERSION, ...model }));
}

/** A model from its bytes. Throws ARTIFACT_CORRUPT. */
export function linearFrom(artifact: Uint8Array): LinearModel {
  const refuse = (why: string): never => {
    throw new SlipwayError(
      "ARTIFACT_CORRUPT",
      `These ${artifact.byteLength} bytes are not a whole linear model: ${why}. Fetch or train the model again.`,
    );
  };
  let found: Partial<Record<string, unknown>>;
  try {
    found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(artifact)) as typeof found;
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : "they are not JSON");
  }
  const { format, version, link, intercept, inputs } = found ?? {};
  if (format !== FORMAT || version !== VERSION) refuse(`they are not of the format ${FORMAT}, version ${VERSION}`);
  if (link !== "identity" && link !== "logistic") return refuse("the link is neither identity nor logistic");
  if (!Array.isArray(inputs) || inputs.length === 0) return refuse("they have no inputs");
  const number = (value: unknown, what: string): number => {
    if (value === "-0") return -0;
    return typeof value === "number" && Number.isFinite(value) ? value : refuse(`${what} is no finite number`);
  };
  return {
    link,
    intercept: number(intercept, "the intercept"),
    inputs: inputs.map((each: unknown, place) => {
      const { name, coefficient, mean } = (each ?? {}) as Partial<Record<string, unknown>>;
      if (typeof name !== "string") return refuse(`input ${place} has no name`);
      return {
        name,
        coefficient: number(coefficient, `the coefficient of ${name}`),
        mean: number(mean, `the mean of ${name}`),
      };
    }),
  };
}
