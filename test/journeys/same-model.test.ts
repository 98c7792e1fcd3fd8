// The same data, definitions and seed give the same dataset and the same model, to the byte, wherever and whenever they are made.

import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { applyDefinitions, trainModel } from "../../src/platform/platform.ts";
import { type Changes, day, deliveriesWorld } from "./deliveries.fixture.ts";

test("two trainings in two fresh state folders give the same bytes; another definition does not", async () => {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const trained = async (folder: string, changes: Changes = {}) => {
    const platform = await world.open({ stateDir: join(world.root, folder), changes, at: day(60) });
    await applyDefinitions(platform);
    const { version, dataset } = await trainModel(platform, { model: "delivery_late" });
    await platform.close();
    return { artifact: version.artifactHash, dataset: dataset.id, snapshot: dataset.snapshot.hash };
  };
  const first = await trained("first");
  // A reader of the same state finds the snapshot there; a fresh folder computes it again.
  expect(await trained("first")).toEqual(first);
  expect(await trained("second")).toEqual(first);
  const other = await trained("third", { windowHours: 48 });
  expect(other.artifact).not.toBe(first.artifact);
  expect(other.dataset).not.toBe(first.dataset);
});
