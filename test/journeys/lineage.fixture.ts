// A project that tells its lineage to a file: views brought online, a version trained, a training set written, and a training that fails.

import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  applyDefinitions,
  materialize,
  type Platform,
  trainModel,
  writeDatasetFolder,
} from "../../src/platform/platform.ts";
import { openLineage } from "../../src/presets/presets.ts";
import { day, deliveriesProject, deliveriesWorld, type World } from "./deliveries.fixture.ts";

/** What was done, and the file that it was told to. */
export interface Told {
  readonly world: World;
  readonly file: string;
}

const MODEL = "delivery_late";

/** Does all of it, and closes the project. */
export async function toldByDeliveries(): Promise<Told> {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const config = { ...deliveriesProject(), lineage: openLineage({ file: "told/lineage.jsonl" }) };
  const platform = await world.open({ config });
  await work(platform, join(world.root, "set"));
  await platform.close();
  return { world, file: join(world.root, "told", "lineage.jsonl") };
}

/** The work that is told of. */
export async function work(platform: Platform, folder: string): Promise<void> {
  await applyDefinitions(platform);
  await materialize(platform);
  const bounds = { validateFrom: day(20), testFrom: day(25), until: day(30) };
  await trainModel(platform, { model: MODEL, bounds });
  await writeDatasetFolder(platform, { model: MODEL, folder, partitionBy: "none" });
  // No row is from before the first day.
  const none = { validateFrom: day(-20), testFrom: day(-10), until: day(-5) };
  await trainModel(platform, { model: MODEL, bounds: none }).catch(() => undefined);
}
