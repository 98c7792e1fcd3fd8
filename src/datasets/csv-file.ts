// A query's rows as one CSV file, flushed.

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { ColumnSchema } from "../core/core.ts";
import type { OfflineEngine, WrittenFile } from "../ports/ports.ts";
import { csvHeader, csvLines } from "./csv-rows.ts";

/** Writes rows whose columns are those of `schema`, in their order, to a new file. */
export async function writeCsv(
  offline: OfflineEngine,
  select: string,
  schema: readonly ColumnSchema[],
  file: string,
): Promise<WrittenFile> {
  const handle = await open(file, "wx");
  const digest = createHash("sha256");
  let [rowCount, bytes] = [0, 0];
  const write = async (text: string): Promise<void> => {
    const encoded = Buffer.from(text, "utf8");
    digest.update(encoded);
    bytes += encoded.length;
    await handle.writeFile(encoded);
  };
  try {
    await write(csvHeader(schema));
    for await (const table of offline.stream(select)) {
      rowCount += table.rowCount;
      await write(csvLines(schema, table));
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { rowCount, bytes, hash: digest.digest("hex") };
}
