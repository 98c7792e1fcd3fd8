// How the contract suites look at a refusal.

import { SlipwayError } from "../core/core.ts";

/** What a promise is refused with; throws where it is not, or not by Slipway. */
export async function refusal(promise: Promise<unknown>): Promise<SlipwayError> {
  const error = await promise.then(
    () => new Error("it was not refused"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof SlipwayError) return error;
  throw error;
}
