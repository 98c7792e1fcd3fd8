import { asSlipwayError, SlipwayError } from "../../core/core.ts";
import { writeWhole } from "../../platform/platform.ts";

/** Writes a report, whole or not at all, in the place of an earlier one. Throws USAGE for a file that cannot be written, with why, and STORAGE_FULL. */
export async function writeReport(file: string, html: string): Promise<void> {
  try {
    await writeWhole(file, html);
  } catch (cause) {
    const known = asSlipwayError(cause);
    if (known === cause || known.code === "STORAGE_FULL") throw known;
    throw new SlipwayError("USAGE", `The report cannot be written to ${file}: ${(cause as Error).message}.`, { cause });
  }
}
