// A query's rows as one Parquet file that appears whole or not at all. Times of writing are nowhere in it: the same rows in the same order
// are the same bytes.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { WrittenFile } from "../../ports/ports.ts";
import { quote } from "./sql-text.ts";
import { writePart } from "./staged-parts.ts";

/** Zstandard's level 2 takes a fifth less time than its default, 3, and files of numbers come out smaller. */
const FORMAT = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 2";

/** Writes the rows beside the target, flushes and renames. */
export async function writeParquet(connection: DuckDBConnection, sql: string, file: string): Promise<WrittenFile> {
  let written: WrittenFile | undefined;
  await writePart(resolve(file), async (temporary) => {
    const result = await connection.runAndReadAll(`COPY (${sql}) TO ${quote(temporary)} (${FORMAT})`);
    const rowCount = Number(result.getRowObjects()[0]?.["Count"] ?? 0);
    written = { rowCount, bytes: (await stat(temporary)).size, hash: await fileHash(temporary) };
  });
  return written as WrittenFile;
}

/** The SHA-256 of a file, in hex. */
export async function fileHash(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(file)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}
