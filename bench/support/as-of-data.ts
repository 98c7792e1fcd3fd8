// Made-up rows for as-of.ts and materialize.ts, the same every time: three sources of ten numbers per row, and rows that ask. Nothing is
// random: every value is a hash of its row's number. `sparse` has a million keys, `dense` a thousand.

import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { repository } from "./project.ts";

/** How many keys there are: a million, or a thousand. */
export type Shape = "sparse" | "dense";

/** How many rows are made. */
export interface Size {
  readonly source: number;
  readonly asking: number;
}

const KEYS: Readonly<Record<Shape, number>> = { sparse: 1_000_000, dense: 1_000 };
const START = 1_704_067_200;
const DAYS = 90;

/** The folder with the rows of a shape, made when they are missing. `c` is later than `e` in one source row of twenty, by up to a day. */
export async function asOfData(shape: Shape, { source, asking }: Size): Promise<string> {
  const folder = join(repository, "node_modules", ".cache", `slipway-bench-as-of-${source}`);
  mkdirSync(folder, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: "2GB" });
  const connection = await instance.connect();
  const make = async (name: string, sql: string): Promise<void> => {
    const file = join(folder, name);
    if (existsSync(file)) return;
    await connection.run(`COPY (${sql}) TO '${file}.tmp' (FORMAT parquet, COMPRESSION zstd)`);
    renameSync(`${file}.tmp`, file);
  };
  const keys = Math.max(1, Math.round((KEYS[shape] * source) / 5_000_000));
  const at = (seconds: string): string => `make_timestamp((${START} + ${seconds})::BIGINT * 1000000)`;
  for (const view of [0, 1, 2]) {
    const values = Array.from(
      { length: 10 },
      (_, f) => `(hash(i * 10 + ${f} + ${view * 1_000_003}) % 1000000) / 1000.0 AS f${f}`,
    );
    const happened = `(hash(i * 3 + ${view}) % ${DAYS * 86_400})`;
    const late = "CASE WHEN hash(i * 7) % 20 = 0 THEN hash(i * 11) % 86400 ELSE 0 END";
    await make(
      `${shape}-${view}.parquet`,
      `SELECT (hash(i + ${view * 77}) % ${keys})::BIGINT AS k, ${at(happened)} AS e, ${at(`${happened} + ${late}`)} AS c, ${values.join(", ")} FROM range(${source}) r(i)`,
    );
  }
  await make(
    `${shape}-asking-${asking}.parquet`,
    `SELECT i::BIGINT AS id, (hash(i + 5555) % ${keys})::BIGINT AS k, ${at(`${5 * 86_400} + (hash(i * 31) % ${85 * 86_400})`)} AS t FROM range(${asking}) r(i)`,
  );
  await make(
    `labels-${asking}.parquet`,
    `SELECT i::BIGINT AS id, ${at(`${DAYS * 86_400} + i % 1000`)} AS known, hash(i) % 2 = 0 AS y FROM range(${asking}) r(i)`,
  );
  connection.closeSync();
  instance.closeSync();
  return folder;
}
