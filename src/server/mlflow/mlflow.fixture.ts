import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseInstant } from "../../core/core.ts";
import { fileBlobs } from "../../engines/files/files.ts";
import { randomBytes, replayClock } from "../../engines/system/system.ts";
import { tracking } from "../../platform/platform.ts";
import { testDatabase } from "../../records/database.fixture.ts";
import { openRecords } from "../../records/records.ts";

/** Tracking on files of its own, to be closed. */
export interface OpenTracking {
  readonly tracking: tracking.TrackingContext;
  readonly folder: string;
  close(): Promise<void>;
}

/** Opens tracking in a new folder. */
export async function openTestTracking(): Promise<OpenTracking> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-mlflow-"));
  const records = await openRecords(await testDatabase(folder));
  return {
    folder,
    tracking: await tracking.openTracking({
      records,
      blobs: fileBlobs(join(folder, "blobs")),
      clock: replayClock(parseInstant("2013-07-01")),
      random: randomBytes,
      actor: "test",
    }),
    close: async () => {
      await records.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
