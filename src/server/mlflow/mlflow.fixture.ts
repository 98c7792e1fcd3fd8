import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseInstant } from "../../core/core.ts";
import { fileBlobs } from "../../engines/files/files.ts";
import { randomBytes, replayClock, systemScheduler } from "../../engines/system/system.ts";
import { type Platform, secretsOf, tracking } from "../../platform/platform.ts";
import type { Outbound } from "../../ports/ports.ts";
import { testDatabase } from "../../records/database.fixture.ts";
import { openRecords } from "../../records/records.ts";

/** Tracking on files of its own, to be closed. */
export interface OpenTracking {
  readonly tracking: tracking.TrackingContext;
  readonly folder: string;
  readonly clock: ReturnType<typeof replayClock>;
  close(): Promise<void>;
}

/** Opens tracking in a new folder. */
export async function openTestTracking(outbound?: Outbound): Promise<OpenTracking> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-mlflow-"));
  const records = await openRecords(await testDatabase(folder));
  const clock = replayClock(parseInstant("2013-07-01"));
  const secrets = secretsOf({ stateDir: folder, env: {}, random: randomBytes });
  return {
    folder,
    clock,
    tracking: await tracking.openTracking(
      { records, blobs: fileBlobs(join(folder, "blobs")), clock, random: randomBytes, actor: "test" },
      outbound,
      secrets,
    ),
    close: async () => {
      await records.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a change of the secrets' key needs, as one process has it. */
export function rotating({ tracking: registry, folder }: OpenTracking): Platform {
  const process = { mark: JSON.stringify({ host: "here", pid: 1 }), isAlive: () => true };
  const engines = { random: randomBytes, scheduler: systemScheduler(), process };
  return { stateDir: folder, engines, registry, secrets: registry.secrets } as unknown as Platform;
}
