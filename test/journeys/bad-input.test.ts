// What can be wrong with what a platform is given. Each time: a code, a message that names the thing, its value and the next step, and a
// state that is as it was before.

import { execFileSync } from "node:child_process";
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { definitionsOf } from "../../src/define/define.ts";
import {
  asSlipwayError,
  auc,
  byTime,
  days,
  entity,
  featureView,
  latest,
  model,
  parquet,
  project,
  SlipwayError,
  t,
  xgboost,
} from "../../src/index.ts";
import {
  applyDefinitions,
  auditTrail,
  materialize,
  openPlatform,
  planDefinitions,
  startServing,
  trainModel,
} from "../../src/platform/platform.ts";
import { createServer } from "../../src/server/server.ts";
import { endOf, startChild } from "./child-process.fixture.ts";
import { day, deliveriesWorld, tableSql, type World, type WorldPlatform, worldOptions } from "./deliveries.fixture.ts";
import { stateOf } from "./state.fixture.ts";

const MODEL = "delivery_late";

/** What an action is refused with, as the command line and the server see it. */
async function refusal(action: Promise<unknown>): Promise<SlipwayError> {
  const thrown = await action.then(
    () => new Error("nothing was refused"),
    (error: unknown) => error,
  );
  return asSlipwayError(thrown);
}

describe("bad data", () => {
  let world: World;
  let platform: WorldPlatform;
  const kept = (table: string): string => join(world.root, `${table}.kept`);

  beforeAll(async () => {
    world = await deliveriesWorld();
    platform = await world.open({ at: day(40) });
    await applyDefinitions(platform);
    await trainModel(platform, { model: MODEL });
    await materialize(platform);
    for (const table of ["orders", "deliveries", "cities"] as const) await copyFile(world.file(table), kept(table));
    platform.goTo(day(41));
  });
  afterAll(() => world.remove());

  /** Spoils a table, tries what reads it, and puts the table back. */
  async function spoiled(
    table: "orders" | "deliveries" | "cities",
    spoil: () => Promise<unknown>,
  ): Promise<SlipwayError> {
    onTestFinished(() => copyFile(kept(table), world.file(table)));
    const before = await stateOf(platform);
    await spoil();
    const error = await refusal(trainModel(platform, { model: MODEL }));
    if (table !== "orders" && error.code.startsWith("SOURCE"))
      expect(await refusal(materialize(platform))).toMatchObject({ code: error.code, message: error.message });
    expect(await stateOf(platform)).toEqual(before);
    return error;
  }

  const replaced = (table: "orders" | "deliveries" | "cities", columns: string): Promise<void> =>
    world.write(table, `SELECT * REPLACE (${columns}) FROM (${tableSql(table)})`);

  test("a missing Parquet file", async () => {
    const error = await spoiled("deliveries", () => rm(world.file("deliveries")));
    expect(error).toMatchObject({
      code: "SOURCE_NOT_FOUND",
      message: `Source "deliveries" finds no file at ${world.file("deliveries")}. Put the data there, or correct the path in its definition.`,
    });
  });

  test("a truncated Parquet file", async () => {
    const { length } = await readFile(world.file("deliveries"));
    const error = await spoiled("deliveries", () => truncate(world.file("deliveries"), length - 100));
    expect(error.code).toBe("SOURCE_UNREADABLE");
    expect(error.message).toContain(world.file("deliveries"));
  });

  test("a file that is not Parquet at all", async () => {
    const error = await spoiled("cities", () => writeFile(world.file("cities"), "city,people\nhere,1\n"));
    expect(error.code).toBe("SOURCE_UNREADABLE");
    expect(error.message).toContain(world.file("cities"));
  });

  test("a Parquet file with damaged pages", async () => {
    const error = await spoiled("deliveries", async () => {
      const bytes = await readFile(world.file("deliveries"));
      await writeFile(world.file("deliveries"), bytes.fill(0xff, 4, Math.floor(bytes.length / 2)));
    });
    expect(error.code).toBe("SOURCE_UNREADABLE");
    expect(error.message).toContain("deliveries");
  });

  test("a column of another type than declared", async () => {
    const error = await spoiled("deliveries", () => replaced("deliveries", "minutes_late::DOUBLE AS minutes_late"));
    expect(error.code).toBe("SOURCE_SCHEMA_MISMATCH");
    expect(error.message).toContain('has column "minutes_late" as DOUBLE, but it is declared int32');
  });

  test("a column that is not there", async () => {
    const error = await spoiled("cities", () =>
      world.write("cities", `SELECT * EXCLUDE (people) FROM (${tableSql("cities")})`),
    );
    expect(error.code).toBe("SOURCE_SCHEMA_MISMATCH");
    expect(error.message).toContain('has no column "people"; it has city, opened');
  });

  test("an event time written as text", async () => {
    const error = await spoiled("deliveries", () => replaced("deliveries", "delivered_at::VARCHAR AS delivered_at"));
    expect(error.code).toBe("SOURCE_SCHEMA_MISMATCH");
    expect(error.message).toContain(
      '"delivered_at" as VARCHAR, but it is declared timestamp; convert the text to timestamps when the file is written',
    );
  });

  test.each(["orders", "deliveries"] as const)("an id that two rows of %s have", async (table) => {
    const error = await spoiled(table, () =>
      replaced(table, "CASE WHEN order_id = 'order-00011' THEN 'order-00010' ELSE order_id END AS order_id"),
    );
    expect(error.code).toBe("SOURCE_KEY_INVALID");
    expect(error.message).toMatch(
      new RegExp(`Source "${table}": id column "order_id" of .* holds "order-00010" in 2 rows.*remove the others`),
    );
  });

  test.each(["orders", "deliveries"] as const)("an id that is null in %s", async (table) => {
    const error = await spoiled(table, () =>
      replaced(table, "CASE WHEN order_id <> 'order-00011' THEN order_id END AS order_id"),
    );
    expect(error.code).toBe("SOURCE_KEY_INVALID");
    expect(error.message).toContain(
      `Source "${table}": id column "order_id" of ${world.file(table)} is null in 1 rows`,
    );
  });

  test("nulls in a column that is not optional", async () => {
    const error = await spoiled("deliveries", () =>
      replaced("deliveries", "CASE WHEN order_id <> 'order-00011' THEN minutes_late END AS minutes_late"),
    );
    expect(error.code).toBe("SOURCE_SCHEMA_MISMATCH");
    expect(error.message).toMatch(/"minutes_late" .* is null in 1 rows.*Add \.optional\(\)/);
  });

  test("no rows to predict for", async () => {
    const error = await spoiled("orders", () => world.write("orders", `SELECT * FROM (${tableSql("orders")}) LIMIT 0`));
    expect(error).toMatchObject({ code: "TRAINING_SET_EMPTY", message: expect.stringContaining('source "orders"') });
  });

  test("labels that find no row", async () => {
    const error = await spoiled("deliveries", () => replaced("deliveries", "'x' || order_id AS order_id"));
    expect(error.code).toBe("TRAINING_SET_EMPTY");
    expect(error.message).toMatch(/"delivery_late" has no labelled rows to train on.*labels find their rows by id/);
  });

  test("labels that are all the same", async () => {
    const error = await spoiled("deliveries", () => replaced("deliveries", "60::INTEGER AS minutes_late"));
    expect(error.code).toBe("LABEL_SINGLE_CLASS");
    expect(error.message).toMatch(/every one of the \d+ training labels is true.*Check the label's expression/);
  });

  test("the project works again once the data is what it was", async () => {
    const { version } = await trainModel(platform, { model: MODEL });
    expect(version.number).toBe(2);
  });
});

describe("a column from the future as an input", () => {
  const orders = parquet("orders", {
    path: "o.parquet",
    columns: {
      order_id: t.string(),
      ordered_at: t.timestamp(),
      delivered_at: t.timestamp(),
      minutes_late: t.int32(),
      distance: t.float64(),
    },
    id: "order_id",
    eventTime: "ordered_at",
  });
  const deliveries = parquet("deliveries", {
    path: "d.parquet",
    columns: { order_id: t.string(), minutes_late: t.int32(), delivered_at: t.timestamp() },
    id: "order_id",
    eventTime: "delivered_at",
  });
  const byOrder = featureView("by_order", {
    entity: entity("order", { order_id: t.string() }),
    source: deliveries,
    features: { known: latest(deliveries.minutes_late) },
  });
  const common = {
    rows: orders,
    label: deliveries.minutes_late.gt(10),
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: days(1), test: days(1) }),
    metrics: [auc()],
  };

  function refused(make: () => unknown): SlipwayError {
    try {
      make();
    } catch (thrown) {
      if (thrown instanceof SlipwayError) return thrown;
      throw thrown;
    }
    throw new Error("nothing was refused");
  }

  test("a derived value may not use a column of the label's source", () => {
    const error = refused(() =>
      model("m", { ...common, features: [], derived: { leak: () => deliveries.minutes_late.times(2) } }),
    );
    expect(error.code).toBe("DEFINITION_INVALID");
    expect(error.message).toContain(
      'column "deliveries.minutes_late", which is not known when a prediction is asked for; use request or features',
    );
  });

  test("nor a column of the rows that nobody asks for", () => {
    const error = refused(() =>
      model("m", { ...common, features: [], derived: { leak: () => orders.delivered_at.hourOfDay() } }),
    );
    expect(error).toMatchObject({
      code: "DEFINITION_INVALID",
      message: expect.stringContaining('column "orders.delivered_at"'),
    });
  });

  test("a feature may not use a column of another source", () => {
    const error = refused(() =>
      featureView("leak", {
        entity: entity("order", { order_id: t.string() }),
        source: orders,
        features: { late: latest(deliveries.minutes_late) },
      }),
    );
    expect(error).toMatchObject({ code: "DEFINITION_INVALID", message: expect.stringContaining('"minutes_late"') });
  });

  const opening = (definition: unknown): Promise<unknown> =>
    openPlatform(worldOptions("nowhere", { config: project({ name: "future", definitions: { definition } }) }));

  test.each(["request", "context"])("a value in %s that the label is computed from is refused", async (place) => {
    const error = await refusal(opening(model("m", { ...common, features: [], [place]: { minutes_late: t.int32() } })));
    expect(error.code).toBe("DEFINITION_INVALID");
    expect(error.message).toMatch(
      /model "m" asks for "minutes_late", which in the label's source "deliveries" is what the label is computed from.*Take it out/,
    );
  });

  test("so is one that says when the label became known", async () => {
    const error = await refusal(
      opening(model("m", { ...common, features: [], request: { delivered_at: t.timestamp() } })),
    );
    expect(error.code).toBe("DEFINITION_INVALID");
    expect(error.message).toMatch(/"delivered_at".* is when the label became known/);
  });

  test("so is the label's file under the guise of a table that was always known", async () => {
    const timeless = parquet("timeless", {
      path: "d.parquet",
      columns: { order_id: t.string(), minutes_late: t.int32() },
    });
    const leak = featureView("leak", {
      entity: entity("order", { order_id: t.string() }),
      source: timeless,
      features: { late: latest(timeless.minutes_late) },
    });
    const error = await refusal(opening(model("m", { ...common, features: [leak] })));
    expect(error.code).toBe("DEFINITION_INVALID");
    expect(error.message).toMatch(
      /view "leak".*"timeless" reads the label's file d\.parquet without an eventTime.*Give the source its eventTime/,
    );
  });

  test("a feature of the outcome can be declared: whether a model may open with it is asked of the sources, by their times", () => {
    expect(() => model("m", { ...common, features: [byOrder], request: { distance: t.float64() } })).not.toThrow();
  });
});

describe("a bad place", () => {
  test("a state folder that is a file", async () => {
    const world = await deliveriesWorld();
    onTestFinished(() => world.remove());
    await writeFile(world.stateDir, "not a folder");
    const error = await refusal(world.open());
    expect(error.code).toBe("STATE_NOT_WRITABLE");
    expect(error.message).toContain(world.stateDir);
    expect(await readFile(world.stateDir, "utf8")).toBe("not a folder");
  });

  test("a read-only state folder", async ({ skip }) => {
    const world = await deliveriesWorld();
    onTestFinished(() => world.remove());
    const folder = await smallDisk("16m");
    if (folder === undefined) return skip("mounting is not permitted here");
    const first = await world.open();
    await applyDefinitions(first);
    const before = await stateOf(first);
    await first.close();
    const stateDir = join(folder, "state");
    await cp(world.stateDir, stateDir, { recursive: true });
    execFileSync("mount", ["-o", "remount,ro", folder]);
    for (const place of [stateDir, join(folder, "other")])
      expect(await refusal(openPlatform(world.options({ stateDir: place })))).toMatchObject({
        code: "STATE_NOT_WRITABLE",
        message: expect.stringContaining("--state"),
      });
    execFileSync("mount", ["-o", "remount,rw", folder]);
    expect(await stateOf(await world.open({ stateDir }))).toEqual(before);
  });

  test("a full disk", async ({ skip }) => {
    const world = await deliveriesWorld();
    onTestFinished(() => world.remove());
    const folder = await smallDisk("24m");
    if (folder === undefined) return skip("mounting is not permitted here");
    const stateDir = join(folder, "state");
    const platform = await world.open({ stateDir, at: day(40) });
    await applyDefinitions(platform);
    const before = await stateOf(platform);
    const filler = join(folder, "filler");
    await fill(filler);
    for (const attempt of [() => trainModel(platform, { model: MODEL }), () => materialize(platform)]) {
      const error = await refusal(attempt());
      expect(error).toMatchObject({ code: "STORAGE_FULL", message: expect.stringContaining("Free some space") });
    }
    await rm(filler);
    expect(await stateOf(platform)).toEqual(before);
    await materialize(platform);
    expect((await trainModel(platform, { model: MODEL })).version.number).toBe(1);
    await platform.close();
  });

  test("two processes that apply at once: each is whole, one after the other", async () => {
    const world = await deliveriesWorld();
    onTestFinished(() => world.remove());
    const script = (windowHours: number): string => `
      const platform = await openPlatform(worldOptions(root, { changes: { windowHours: ${windowHours} } }));
      for (let n = 0; n < 20; n += 1) await applyDefinitions(platform);
      await platform.close();`;
    const ends = await Promise.all([24, 48].map((hours) => endOf(startChild(world.root, script(hours)))));
    expect(ends).toMatchObject([
      { code: 0, complaints: "" },
      { code: 0, complaints: "" },
    ]);
    const first = await world.open({ changes: { windowHours: 24 } });
    const second = await world.open({ changes: { windowHours: 48 } });
    const open = await Promise.all(
      [first, second].map(async (platform) =>
        (await planDefinitions(platform)).filter(({ change }) => change !== "unchanged").map(({ name }) => name),
      ),
    );
    // One of the two is in force as a whole; to the other, exactly what differs between them is not applied.
    expect(open.map(({ length }) => length).sort()).toEqual([0, 2]);
    const trail = [...(await auditTrail(first.registry, { action: "definitions.applied", limit: 1000 }))].reverse();
    const hashes = trail.map(({ details }) => (details as { readonly hash: string }).hash);
    // Every entry changed something, so no two neighbours applied the same.
    hashes.slice(1).forEach((hash, index) => {
      expect(hash).not.toBe(hashes[index]);
    });
  });

  test("a port that is in use", async () => {
    const world = await deliveriesWorld();
    onTestFinished(() => world.remove());
    const platform = await world.open();
    await applyDefinitions(platform);
    const before = await stateOf(platform);
    const serving = await startServing(platform);
    const server = (port: number) =>
      createServer({
        serving,
        models: definitionsOf(platform.project, "model"),
        version: "1.2.3",
        now: () => platform.engines.clock.now(),
        host: "127.0.0.1",
        port,
      });
    const first = await server(0);
    const error = await refusal(server(first.port));
    expect(error).toMatchObject({
      code: "PORT_IN_USE",
      message: `Port ${first.port} on 127.0.0.1 is in use. Stop what listens there, or take any free port: --port 0.`,
    });
    expect(await stateOf(platform)).toEqual(before);
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    await first.close();
    await serving.close();
  });
});

/** A file system of its own in a folder, taken away when the test is over; undefined where mounting is not permitted. */
async function smallDisk(size: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-disk-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const disk = join(folder, "disk");
  await mkdir(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  onTestFinished(async () => {
    execFileSync("umount", ["--lazy", disk]);
  });
  return disk;
}

async function fill(file: string): Promise<void> {
  const block = Buffer.alloc(64 * 1024);
  for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 16))
    for (;;)
      try {
        await writeFile(file, block.subarray(0, size), { flag: "a" });
      } catch {
        break;
      }
}
