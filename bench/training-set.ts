// The training set of all flights, as `slipway features training-set` writes it, against the same table by SQL written by hand for this one
// problem (training-set.sql). Both write Parquet in the same DuckDB with the same settings, in turn; every value is compared first.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeTrainingSet } from "slipway/platform";
import { flights, flightsYear, openFlights, temporaryFolder } from "./support/project.ts";
import { type Bench, compared, runIfMain } from "./support/report.ts";
import { type Cost, costOf } from "./support/usage.ts";

const MODEL = "flight_delay";

/** Both sides, in turn. */
export const trainingSet: Bench = async (quick) => {
  await flightsYear();
  const folder = temporaryFolder();
  const platform = await openFlights(folder);
  const { offline } = platform.engines;
  const byHand = readFileSync(join(import.meta.dirname, "training-set.sql"), "utf8").replaceAll(
    "$DATA",
    join(flights, "data").replaceAll("'", "''"),
  );
  const files = { slipway: join(folder, "slipway.parquet"), hand: join(folder, "hand.parquet") };
  const slipway = (): Promise<Cost> => costOf(() => writeTrainingSet(platform, MODEL, files.slipway));
  const hand = (): Promise<Cost> => costOf(() => offline.writeParquet(byHand, files.hand));

  const rounds = quick ? 1 : 5;
  const samples: Record<"slipway" | "hand", Cost[]> = { slipway: [], hand: [] };
  // A first run of each fills the file cache and is not counted; it is also what is compared.
  await slipway();
  await hand();
  const { rows, different } = await differences(platform.engines.offline, files);
  if (rows === 0 || different > 0) throw new Error(`The two sides differ in ${different} of ${rows} rows.`);
  for (let round = 0; round < rounds; round += 1) {
    samples.slipway.push(await slipway());
    samples.hand.push(await hand());
  }
  await platform.close();
  const wall = { slipway: samples.slipway.map(wallOf), hand: samples.hand.map(wallOf) };
  const cpu = { slipway: samples.slipway.map(cpuOf), hand: samples.hand.map(cpuOf) };
  return {
    name: "training-set",
    rounds,
    lines: [
      compared("all rows to Parquet, time", "s", wall.slipway, "DuckDB SQL by hand", wall.hand, (ratio) => ({
        text: "≤ 1.5×",
        met: ratio <= 1.5,
      })),
      compared("all rows to Parquet, processor", "s", cpu.slipway, "DuckDB SQL by hand", cpu.hand),
    ],
    notes: [`${rows} rows, every column of every row equal on both sides.`],
    samples: {
      "slipway wall": wall.slipway,
      "slipway cpu": cpu.slipway,
      "hand wall": wall.hand,
      "hand cpu": cpu.hand,
    },
  };
};

const wallOf = ({ wallSeconds }: Cost): number => wallSeconds;
const cpuOf = ({ cpuSeconds }: Cost): number => cpuSeconds;

async function differences(
  offline: Awaited<ReturnType<typeof openFlights>>["engines"]["offline"],
  { slipway, hand }: { readonly slipway: string; readonly hand: string },
): Promise<{ readonly rows: number; readonly different: number }> {
  const scan = (file: string): string => `FROM read_parquet('${file.replaceAll("'", "''")}')`;
  // By place, so that order counts as well; a column's name and type are compared by DESCRIBE below.
  const sql = `SELECT
    (SELECT count(*) ${scan(slipway)})::BIGINT AS n,
    (SELECT count(*) FROM (SELECT file_row_number, * ${scanPlaced(slipway)} EXCEPT ALL SELECT file_row_number, * ${scanPlaced(hand)}))::BIGINT
      + (SELECT count(*) FROM (SELECT file_row_number, * ${scanPlaced(hand)} EXCEPT ALL SELECT file_row_number, * ${scanPlaced(slipway)}))::BIGINT AS d,
    (SELECT list((column_name, column_type)) FROM (DESCRIBE ${scan(slipway)})) = (SELECT list((column_name, column_type)) FROM (DESCRIBE ${scan(hand)})) AS same`;
  for await (const { columns } of offline.stream(sql)) {
    const [rows, different, same] = columns.map(({ values }) => Number(values[0]));
    if (same !== 1) throw new Error("The two sides differ in their columns.");
    return { rows: rows ?? 0, different: different ?? 0 };
  }
  return { rows: 0, different: 0 };
}

function scanPlaced(file: string): string {
  return `FROM read_parquet('${file.replaceAll("'", "''")}', file_row_number = true)`;
}

await runIfMain(import.meta.url, trainingSet);
