// One look of a monitor over the records of a registry, cut off before it ends.

import { afterEach, beforeEach, expect, test } from "vitest";
import { columnFrom, days } from "../../src/core/core.ts";
import type { ModelSpec, MonitorSpec } from "../../src/define/define.ts";
import { type LookSources, look } from "../../src/monitoring/look.ts";
import { profileBuilder } from "../../src/monitoring/profile.ts";
import type { OfflineEngine } from "../../src/ports/ports.ts";
import { newVersion, type TestRegistry, testRegistry } from "../../src/registry/registry.fixture.ts";
import { listAlerts, listMonitorRuns, moveAlias, registerVersion } from "../../src/registry/registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

const model = { name: "delay", task: { kind: "number" }, inputs: [{ name: "x" }] } as unknown as ModelSpec;
const monitor = {
  name: "health",
  model: "delay",
  window: days(7),
  every: days(1),
  leastRows: 10,
  driftAbove: 0.2,
  driftShare: 0.1,
  alerts: { resolveAfter: 2 },
} as unknown as MonitorSpec;

/** A window whose every x is beyond what the version was trained on. */
async function sources(): Promise<LookSources> {
  const trained = Array.from({ length: 500 }, (_, row) => row / 500);
  const builder = profileBuilder([{ name: "x", kind: "number" }]);
  builder.add({ rowCount: 500, columns: [columnFrom("x", "float64", trained)] });
  const profile = builder.finish({ scores: Float32Array.from(trained), labels: new Uint8Array(500) });
  const { number } = await registerVersion(registry, newVersion("a model", { profile }));
  await moveAlias(registry, { model: "delay", alias: "champion", version: number, reason: "the first" });
  const from = registry.clock.now() - days(7);
  const rows = Array.from({ length: 500 }, (_, row) => row);
  const times = rows.map((row) => from + (days(7) / 500n) * BigInt(row));
  const table = {
    rowCount: 500,
    columns: [
      columnFrom("#at", "timestamp", times),
      columnFrom("#score", "float64", trained),
      columnFrom(
        "#label",
        "bool",
        Array.from(rows, () => null),
      ),
      columnFrom(
        "x",
        "float64",
        Array.from(trained, (each) => each + 5),
      ),
    ],
  };
  const offline = {
    dialect: { identifier: (name: string) => name },
    async *stream() {
      yield table;
    },
  } as unknown as OfflineEngine;
  return { offline, registry, predictions: async () => "logged", labels: () => "labels" };
}

test("a look that is cut off before it is recorded leaves no alert either, and is made again as if it had not been", async () => {
  const open = await sources();
  const now = registry.clock.now();
  const { schema } = registry.records.db;
  await schema.alterTable("monitor_runs").renameTo("away").execute();
  await expect(look(open, monitor, model, now)).rejects.toThrow();
  expect(await listAlerts(registry)).toEqual([]);
  await schema.alterTable("away").renameTo("monitor_runs").execute();
  expect(await look(open, monitor, model, now)).toMatchObject({ status: "alert", opened: ["drift"] });
  expect(await listAlerts(registry)).toMatchObject([{ timesSeen: 1 }]);
  expect(await listMonitorRuns(registry)).toMatchObject([{ monitor: "health", status: "alert" }]);
});
