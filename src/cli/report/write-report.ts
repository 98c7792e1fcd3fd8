import { writeFile } from "node:fs/promises";
import { SlipwayError } from "../../core/core.ts";

/** Writes a report. Throws USAGE for a file that cannot be written, with why. */
export async function writeReport(file: string, html: string): Promise<void> {
  try {
    await writeFile(file, html);
  } catch (cause) {
    throw new SlipwayError("USAGE", `The report cannot be written to ${file}: ${(cause as Error).message}.`, { cause });
  }
}
