// Labels that are pushed, from the request to what monitors and people see of them. Predictions are written into the log as serving does.

import { afterEach, beforeEach, expect, test } from "vitest";
import { days, hours, parseInstant } from "../core/core.ts";
import { findDefinition } from "../define/define.ts";
import { knownLabelsSql, pushLabels } from "./label-operations.ts";
import type { Platform } from "./open.ts";
import { listPredictions, showPrediction } from "./prediction-operations.ts";
import { type RidesWorld, ridesDefinitions, ridesNow, ridesWorld, writeRides } from "./rides.fixture.ts";

let world: RidesWorld;
let platform: Platform;
beforeEach(async () => {
  world = ridesWorld();
  platform = await world.open(ridesDefinitions());
  await writeRides(platform, world.folder);
});
afterEach(() => world.remove());

const MODEL = "rich_ride";

async function predicted(id: string, day: string, version: number, route: string): Promise<void> {
  const at = parseInstant(`${day}T12:00:00Z`);
  const line = `{"id":${JSON.stringify(id)},"at":${at},"version":${version},"route":"${route}","score":0.5,"row":{"driver":"ann"},"through":{"driver_fares":null}}`;
  await platform.engines.log.append(MODEL, day, [line]);
}

const push = (id: string, label: unknown, at?: string) =>
  pushLabels(platform, [{ model: MODEL, id, label, ...(at === undefined ? {} : { at }) }]);

/** What a monitor is told at the clock's time, by id. */
async function seen(since = ridesNow - days(30)): Promise<ReadonlyMap<string, boolean>> {
  const spec = findDefinition(platform.project, "model", MODEL);
  const sql = (await knownLabelsSql(platform, spec, ridesNow))(since);
  const found = new Map<string, boolean>();
  const query = `SELECT to_json({'id': id, 'label': label})::VARCHAR AS line FROM ${sql} WHERE label IS NOT NULL`;
  for await (const table of platform.engines.offline.stream(query))
    for (let row = 0; row < table.rowCount; row += 1) {
      const { id, label } = JSON.parse(String(table.columns[0]?.values[row])) as { id: string; label: boolean };
      expect(found.has(id), id).toBe(false);
      found.set(id, label);
    }
  return found;
}

test("a label counts those that no prediction belongs to, and keeps them", async () => {
  await predicted("a", "2025-01-30", 1, "champion");
  expect(await push("a", true)).toEqual({ taken: 1, unknown: 0 });
  expect(await push("o'ne", false)).toEqual({ taken: 1, unknown: 1 });
  await predicted("o'ne", "2025-01-31", 1, "champion");
  expect((await listPredictions(platform, MODEL, { limit: 10 })).map(({ id, label }) => [id, label])).toEqual([
    ["o'ne", false],
    ["a", true],
  ]);
});

test("of several labels of one id the newest counts whatever order they came in, the same one again changes nothing", async () => {
  await predicted("a", "2025-01-30", 1, "champion");
  await push("a", true, "2025-01-31T10:00:00Z");
  await push("a", false, "2025-01-31T09:00:00Z");
  await push("a", true, "2025-01-31T10:00:00Z");
  const shown = await showPrediction(platform, MODEL, "a");
  expect(shown.labels.map(({ label, at }) => [label, at])).toEqual([
    [true, "2025-01-31T10:00:00Z"],
    [false, "2025-01-31T09:00:00Z"],
  ]);
  expect(shown.predictions).toMatchObject([{ id: "a", version: 1, label: true, labelAt: "2025-01-31T10:00:00Z" }]);
  await push("a", false, "2025-01-31T11:00:00+00:00");
  expect((await listPredictions(platform, MODEL, { limit: 1 }))[0]?.label).toBe(false);
  // Of the same moment the last that came counts.
  await pushLabels(
    platform,
    [false, true].map((label) => ({ model: MODEL, id: "a", label, at: "2025-01-31T12:00:00Z" })),
  );
  expect((await listPredictions(platform, MODEL, { limit: 1 }))[0]?.label).toBe(true);
});

test("monitors read the label source and what was pushed, and of both the newest", async () => {
  const own = await seen();
  expect(own.size).toBeGreaterThan(20);
  // r1 is of 2025-01-25T04:00 and known then.
  const before = own.get("r1") as boolean;
  await push("new", true, "2025-01-31T00:00:00Z");
  await push("r1", !before, "2025-01-26T00:00:00Z");
  await push("r2", !(own.get("r2") as boolean), "2025-01-20T00:00:00Z");
  const both = await seen();
  expect(both).toEqual(new Map([...own, ["r1", !before], ["new", true]]));
  // Of events since then the source has none of its own.
  expect(await seen(ridesNow - hours(1))).toEqual(
    new Map([
      ["new", true],
      ["r1", !before],
      ["r2", !(own.get("r2") as boolean)],
    ]),
  );
});

test("predictions are listed newest first, by version, route and time, with those of shadows", async () => {
  await predicted("a", "2025-01-29", 1, "champion");
  await predicted("b", "2025-01-30", 2, "canary");
  await predicted("b", "2025-01-30", 3, "shadow");
  const ids = async (filter: object) =>
    (await listPredictions(platform, MODEL, { limit: 10, ...filter })).map(({ id, version }) => `${id} ${version}`);
  expect(await ids({})).toEqual(["b 2", "b 3", "a 1"]);
  expect(await ids({ route: "shadow" })).toEqual(["b 3"]);
  expect(await ids({ version: 1 })).toEqual(["a 1"]);
  expect(await ids({ from: parseInstant("2025-01-30") })).toEqual(["b 2", "b 3"]);
  expect(await ids({ to: parseInstant("2025-01-30"), limit: 1 })).toEqual(["a 1"]);
  await expect(showPrediction(platform, MODEL, "x")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(listPredictions(platform, "rich_rid", { limit: 1 })).rejects.toMatchObject({
    code: "DEFINITION_NOT_FOUND",
  });
});

test.each([
  ["a label of another type", { label: "yes" }, "INPUT_INVALID", 'labels[1] has the label "yes"'],
  ["a number for true or false", { label: 1 }, "INPUT_INVALID", "labels[1]"],
  ["a time that is none", { at: "yesterday" }, "INPUT_INVALID", '"at" that is no time'],
  ["a time that is still to come", { at: "2025-02-02T00:00:00Z" }, "INPUT_INVALID", "still to come"],
  ["an id with half a character", { id: "\ud800" }, "INPUT_INVALID", "surrogate"],
  ["an unknown model", { model: "rich_rid" }, "MODEL_NOT_FOUND", "rich_ride"],
])("%s is refused by its place, and nothing is taken", async (_, wrong, code, message) => {
  const good = { model: MODEL, id: "a", label: true };
  await expect(pushLabels(platform, [good, { ...good, ...wrong }])).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
    details: { place: 1 },
  });
  expect(await platform.engines.log.files(`${MODEL}.labels`)).toEqual([]);
});
