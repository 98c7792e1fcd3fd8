// A registry on real files in a folder of its own, with a clock that stands where it is put.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseInstant } from "../core/core.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { randomBytes, replayClock } from "../engines/system/system.ts";
import { databaseInChild, testDatabase } from "../records/database.fixture.ts";
import { openRecords } from "../records/records.ts";
import type { NewVersion, RegistryContext } from "./registry.ts";

/** A registry for one test. */
export interface TestRegistry extends RegistryContext {
  readonly folder: string;
  readonly clock: ReturnType<typeof replayClock>;
  remove(): Promise<void>;
}

/** Opens a registry in a new folder. */
export async function testRegistry(): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-registry-"));
  const records = await openRecords(await testDatabase(folder));
  return {
    folder,
    records,
    blobs: fileBlobs(join(folder, "blobs")),
    clock: replayClock(parseInstant("2013-07-01")),
    random: randomBytes,
    actor: "test",
    owner: "this process",
    remove: async () => {
      await records.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A version to register; `text` is its artifact. */
export function newVersion(text: string, rest: Partial<NewVersion> = {}): NewVersion {
  return {
    model: "delay",
    runId: null,
    datasetId: null,
    definitionsHash: "d1",
    artifact: new TextEncoder().encode(text),
    format: "xgboost-json",
    bestRound: 7,
    inputs: [
      { name: "distance", kind: "number" },
      { name: "carrier", kind: "category", categories: ["AA", "UA"] },
    ],
    features: { views: { carrier_delays: "h1" } },
    metrics: { "test.auc": 0.75, "test.odd": Number.NaN },
    profile: [],
    environment: { node: "v20", seed: 1 },
    ...rest,
  };
}

/** A module's head for a child process that opens the same registry as `context`. */
export function openInChild(folder: string): string {
  const from = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const { imports, database } = databaseInChild(folder);
  return `
    import { fileBlobs } from ${from("../engines/files/files.ts")};
    ${imports}
    import { randomBytes, systemClock } from ${from("../engines/system/system.ts")};
    import { openRecords } from ${from("../records/records.ts")};
    import { aliasOf, moveAlias, registerVersion } from ${from("./registry.ts")};
    import { newVersion } from ${from("./registry.fixture.ts")};
    const context = {
      records: await openRecords(${database}),
      blobs: fileBlobs(${JSON.stringify(join(folder, "blobs"))}),
      clock: systemClock(),
      random: randomBytes,
      actor: "child " + process.pid,
    };`;
}
