// Gets the flights data ready: fetched once into the machine's cache, prepared once into the example's folder.

import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchFlights } from "./data-preparation/fetch.ts";
import { prepareFlights } from "./data-preparation/prepare.ts";

/** The data that is there now. */
export interface FlightsData {
  readonly archiveHash: string;
  readonly rows: Readonly<Record<string, number>>;
  /** Whether an earlier run had prepared it. */
  readonly found: boolean;
}

/** Fetches and prepares, or finds, the flights up to `until` (a whole year without). */
export async function flightsData(options: {
  readonly cacheDir: string;
  readonly dataDir: string;
  readonly until: string | undefined;
  readonly onNote: (text: string) => void;
}): Promise<FlightsData> {
  const { cacheDir, dataDir, until, onNote } = options;
  const manifest = join(dataDir, "prepared.json");
  const { dir, archiveHash } = await fetchFlights({ cacheDir, onNote });
  const wanted = { archiveHash, until: until ?? null };
  const earlier = await readManifest(manifest);
  if (earlier?.archiveHash === archiveHash && earlier.until === wanted.until) {
    const sizes = await Promise.all(
      Object.keys(earlier.rows).map((name) =>
        stat(join(dataDir, `${name}.parquet`)).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (sizes.every(Boolean)) return { archiveHash, rows: earlier.rows, found: true };
  }
  const { rows } = await prepareFlights({
    csvDir: dir,
    outDir: dataDir,
    onNote,
    ...(until === undefined ? {} : { until }),
  });
  await writeFile(manifest, JSON.stringify({ ...wanted, rows }));
  return { archiveHash, rows, found: false };
}

interface Manifest {
  readonly archiveHash: string;
  readonly until: string | null;
  readonly rows: Readonly<Record<string, number>>;
}

async function readManifest(file: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}
