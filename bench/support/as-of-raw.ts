// The other side of as-of.ts: DuckDB's own ASOF join as one would write it by hand, in the asking rows' order: FOLDER SHAPE OUT ROWS.
// It breaks no ties and knows nothing of rows that are known late.

import { DuckDBInstance } from "@duckdb/node-api";
import { THREADS, temporaryFolder } from "./project.ts";

const [folder = "", shape = "sparse", out = "", asking = ""] = process.argv.slice(2);
const instance = await DuckDBInstance.create(":memory:", {
  threads: String(THREADS),
  temp_directory: temporaryFolder(),
});
const connection = await instance.connect();
const scan = (name: string): string => `read_parquet('${folder}/${name}.parquet')`;
const views = [0, 1, 2];
const values = views.flatMap((v) => Array.from({ length: 10 }, (_, f) => `s${v}.f${f} AS v${v}_f${f}`));
const joins = views.map((v) => `ASOF LEFT JOIN ${scan(`${shape}-${v}`)} s${v} ON a.k = s${v}.k AND a.t >= s${v}.e`);
const sql = `SELECT a.id AS key, a.t, ${values.join(", ")}, l.y AS label, l.known AS label_known_at FROM ${scan(`${shape}-asking-${asking}`)} a ${joins.join(" ")} LEFT JOIN ${scan(`labels-${asking}`)} l ON l.id = a.id ORDER BY a.id`;
const result = await connection.runAndReadAll(`COPY (${sql}) TO '${out}' (FORMAT parquet, COMPRESSION zstd)`);
process.stdout.write(`${Number(result.getRows()[0]?.[0] ?? 0)}\n`);
process.exit(0);
