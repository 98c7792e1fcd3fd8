// A registry on real files in a folder of its own, with a clock that stands where it is put.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseInstant } from "../core/core.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { randomBytes, replayClock } from "../engines/system/system.ts";
import { databaseInChild, testDatabase } from "../records/database.fixture.ts";
import { openRecords } from "../records/records.ts";
import type { NewVersion, Provenance, RegistryContext } from "./registry.ts";

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

/** What a run could be made with. */
export function someProvenance(code: Partial<Provenance["code"]> = {}, rest: Partial<Provenance> = {}): Provenance {
  return {
    code: {
      commit: "a".repeat(40),
      branch: "main",
      remote: "https://example.org/code.git",
      changed: [],
      untracked: [],
      patch: null,
      problem: null,
      ...code,
    },
    command: ["/usr/bin/node", "/p/node_modules/.bin/slipway", "train", "delay", "--token", "hidden"],
    packages: {
      lock: { file: "package-lock.json", hash: "b".repeat(64) },
      direct: { a: "1.0.0" },
      resolved: ["a@1.0.0", "b@2.0.0"],
      problem: null,
    },
    machine: {
      host: "here",
      system: "linux 6.1",
      architecture: "x64",
      processor: "a processor",
      cores: 2,
      memory: 8e9,
      node: "v20.19.0",
    },
    engines: { duckdb: "1.5.6", node: "v20.19.0" },
    slipway: "0.1.0",
    seeds: { trainer: 7 },
    threads: 2,
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
