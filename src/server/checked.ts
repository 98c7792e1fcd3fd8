import type { z } from "zod";
import { SlipwayError } from "../core/core.ts";

/** A query or a body without what was left out of it; an optional field is there with a value or not there. */
export type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Reads a query or a body as its schema says. Throws INPUT_INVALID that names the field. */
export function checked<T extends object>(schema: z.ZodType<T>, given: unknown): Given<T> {
  const result = schema.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new SlipwayError(
      "INPUT_INVALID",
      `${issue?.path.join(".") || "The request"}: ${issue?.message ?? "not valid"}.`,
    );
  }
  return Object.fromEntries(Object.entries(result.data).filter(([, value]) => value !== undefined)) as Given<T>;
}
