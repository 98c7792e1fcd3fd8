// What a user reads when the data cannot be fetched, and that nothing half done stays behind. No test here needs a network.

import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchFlights } from "./fetch.ts";
import { archiveName } from "./source-files.ts";

describe("fetchFlights, without a network", () => {
  let cacheDir: string;
  const onNote = (): void => {};

  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), "slipway-fetch-"));
  });

  afterEach(async () => {
    await rm(cacheDir, { recursive: true, force: true });
  });

  const pythonThatPrints = async (text: string): Promise<string> => {
    const python = join(cacheDir, "python");
    await writeFile(python, `#!/bin/sh\necho '${text}' >&2\nexit 1\n`);
    await chmod(python, 0o755);
    return python;
  };

  it("says what to install when there is no Python", async () => {
    const fetching = fetchFlights({ cacheDir, onNote, python: "no-such-python" });
    await expect(fetching).rejects.toMatchObject({
      code: "LIBRARY_NOT_FOUND",
      message: expect.stringMatching(/Install Python 3 with pip/),
    });
  });

  it("says what to do when pip is missing, cannot download, or finds another hash", async () => {
    for (const [printed, code, next] of [
      ["python: No module named pip", "LIBRARY_NOT_FOUND", /ensurepip/],
      ["ERROR: No matching distribution found", "SOURCE_NOT_FOUND", /No matching distribution found.*`archive`/],
      ["ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "ARTIFACT_CORRUPT", /another SHA-256/],
    ] as const) {
      const fetching = fetchFlights({ cacheDir, onNote, python: await pythonThatPrints(printed) });
      await expect(fetching).rejects.toMatchObject({ code, message: expect.stringMatching(next) });
    }
  });

  it("refuses an archive that is absent or not the published one, and leaves nothing behind", async () => {
    const archive = join(cacheDir, "other.tar.gz");
    await expect(fetchFlights({ cacheDir, onNote, archive })).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    await writeFile(archive, "not an archive");
    await expect(fetchFlights({ cacheDir, onNote, archive })).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    expect(await readdir(cacheDir)).toEqual(["other.tar.gz"]);
  });

  it("refuses a cached file that was changed", async () => {
    const dir = join(cacheDir, archiveName);
    await mkdir(dir);
    await writeFile(join(dir, "flights.csv"), "year\n2013\n");
    await expect(fetchFlights({ cacheDir, onNote })).rejects.toMatchObject({
      code: "ARTIFACT_CORRUPT",
      message: expect.stringMatching(/Delete the folder/),
    });
  });
});
