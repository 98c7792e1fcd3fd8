// A model goes from where it was made to where it is served: two installations, a key, a file between them, and nothing but the command line.
// Then what must not get in, and what is cleared away afterwards.

import { cpSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deliveriesWorld, type World } from "./deliveries.fixture.ts";
import {
  DELIVERIES_CONFIG,
  EMPTY_CONFIG,
  type Installation,
  installation,
  whileServing,
} from "./installations.fixture.ts";

const AT = "2025-04-30";
const ROWS = [1, 2, 3, 4, 5, 6].map((n) => ({
  courier: `courier-${n}`,
  city: `city-${n % 3}`,
  distance_km: 20 + 2 * n,
  items: n,
  founded: 1990 + n,
}));

let world: World;
let here: Installation;
let there: Installation;
let elsewhere: Installation;
let file = "";

/** What a server says of the rows: its scores, and the inputs that a model without a definition is asked by. */
async function scoresOf(at: Installation, ...words: readonly string[]): Promise<readonly number[]> {
  return whileServing(at, ["--at", AT, ...words], async (ask) => {
    const { predictions } = await ask("/api/v1/models/delivery_late/predict", { rows: ROWS.map((row) => ({ row })) });
    return predictions.map(({ score }: { readonly score: number }) => score);
  });
}

beforeAll(async () => {
  world = await deliveriesWorld();
  here = installation(world.root, DELIVERIES_CONFIG);
  there = installation(join(world.root, "there"), DELIVERIES_CONFIG);
  elsewhere = installation(join(world.root, "elsewhere"), EMPTY_CONFIG);
  file = join(world.root, "late.slipway");
  await here.told("apply");
  await here.told("train", "delivery_late", "--until", AT);
  await here.told("features", "materialize", "--to", AT);
}, 180_000);
afterAll(() => world.remove());

describe("a version that goes to another installation", { timeout: 180_000 }, () => {
  let key = "";

  test("needs a key to go out, which is made once", async () => {
    const none = await here.slipway("models", "export", "delivery_late@champion", "--out", file);
    expect(none.stderr).toMatch(/CONFIG_INVALID .*slipway keys create/);
    expect(existsSync(file)).toBe(false);
    const made = await here.told("keys", "create");
    key = made.key;
    expect(key).toMatch(/^ed25519:/);
    expect((await here.slipway("keys", "create")).stderr).toContain("ALREADY_EXISTS");
    expect(await here.told("keys", "list")).toMatchObject({ keys: [{ own: true, key }] });
    const sent = await here.told("models", "export", "delivery_late@champion", "--out", file);
    expect(sent).toMatchObject({ model: "delivery_late", version: 1, files: 1, key, bytes: readFileSync(file).length });
  });

  test("is refused from a key that is unknown, and from one that is another's", async () => {
    const unknown = await there.slipway("models", "import", file);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain("SIGNATURE_REFUSED");
    expect(unknown.stderr).toContain(`slipway keys trust NAME ${key}`);
    const { key: other } = await elsewhere.told("keys", "create");
    await there.told("keys", "trust", "somebody", other);
    expect((await there.slipway("models", "import", file, "--json")).code).toBe(unknown.code);
    expect((await there.slipway("keys", "trust", "x", "ed25519:short")).stderr).toContain("INPUT_INVALID");
    const absent = await there.slipway("models", "import", `${file}.gone`);
    expect([absent.code, absent.stderr]).toEqual([66, expect.stringContaining("SOURCE_NOT_FOUND")]);
    expect(await there.told("models", "list")).toEqual({ models: [] });
  });

  test("is served there by the same definition with the same scores, and its history tells where it came from", async () => {
    await there.told("keys", "trust", "research", key);
    // The definition's data is the same; the state is another.
    cpSync(join(world.root, "data"), join(there.folder, "data"), { recursive: true });
    await there.told("apply");
    await there.told("features", "materialize", "--to", AT);
    const came = await there.told("models", "import", file);
    expect(came).toMatchObject({ model: "delivery_late", version: 1, signer: expect.stringMatching(/^research \(/) });
    expect((await there.slipway("models", "import", file)).stderr).toMatch(/ALREADY_EXISTS .*version 1/);
    await there.told("models", "promote", "delivery_late", "1");
    const scores = await scoresOf(here);
    expect(new Set(scores).size).toBeGreaterThan(2);
    expect(await scoresOf(there)).toEqual(scores);
    const shown = await there.told("models", "show", "delivery_late", "1");
    const original = await here.told("models", "show", "delivery_late", "1");
    expect(shown).toMatchObject({
      artifactHash: original.artifactHash,
      metrics: original.metrics,
      importance: original.importance,
      origin: { kind: "archive", model: "delivery_late", number: 1, key, run: { id: original.run.id } },
    });
    const { stdout } = await there.slipway("models", "show", "delivery_late", "1");
    expect(stdout).toMatch(/origin +delivery_late@1 of another installation, signed by research/);
  });

  test("is asked by its inputs where no definition is", async () => {
    expect((await elsewhere.slipway("models", "import", file)).stderr).toContain("SIGNATURE_REFUSED");
    const came = await elsewhere.told("models", "import", file, "--as", "late", "--allow-unsigned");
    expect(came).toMatchObject({ model: "late", version: 1, signer: expect.stringContaining("unknown key") });
    await elsewhere.told("models", "promote", "late", "1");
    const [scores, found] = await whileServing(here, ["--at", AT], async (ask) => {
      const { predictions } = await ask("/api/v1/models/delivery_late/predict", { rows: ROWS.map((row) => ({ row })) });
      const { results } = await ask("/api/v1/features/read", {
        features: ["courier_record", "courier_last", "city_record", "city_facts"],
        keys: ROWS.map(({ courier, city }) => ({ courier, city })),
      });
      return [predictions.map(({ score }: { readonly score: number }) => score), results] as const;
    });
    const { inputs } = await elsewhere.told("models", "show", "late", "1");
    const { categories } = inputs.find(({ name }: { readonly name: string }) => name === "city");
    // The matrix, put together by hand from what the first server knows, in the order of the version's inputs.
    const matrix = ROWS.map(({ city, distance_km, items, founded }, place) => {
      const valuesOf = (view: string): readonly (number | null)[] => found[place][view].values;
      const [people = null, opened = null] = valuesOf("city_facts");
      const years = opened === null ? null : founded - opened;
      const features = [...valuesOf("courier_record"), ...valuesOf("courier_last"), ...valuesOf("city_record"), people];
      return [
        ...features,
        distance_km,
        items,
        categories.indexOf(city),
        Number(distance_km > 8),
        Number(items >= 4),
        years,
      ];
    });
    const answered = await whileServing(elsewhere, [], async (ask) => {
      const { outputs } = await ask("/v2/models/late/infer", {
        inputs: [{ name: "input", datatype: "FP32", shape: [ROWS.length, inputs.length], data: matrix.flat() }],
      });
      await expect(ask("/api/v1/models/late/predict", { row: { distance_km: 1 } })).rejects.toThrow(
        /\/v2\/models\/late\/infer/,
      );
      return outputs[0].data;
    });
    expect(answered).toEqual(scores.map((score: number) => Math.fround(score)));
  });

  test("gets in unsigned only when that is said, and changed not even then", async () => {
    const bare = join(world.root, "bare.slipway");
    await here.told("models", "export", "delivery_late@1", "--out", bare, "--unsigned");
    expect((await elsewhere.slipway("models", "import", bare, "--as", "bare")).stderr).toMatch(
      /SIGNATURE_REFUSED .*not signed/,
    );
    expect(await elsewhere.told("models", "import", bare, "--as", "bare", "--allow-unsigned")).toMatchObject({
      signer: "nobody",
    });
    const bytes = readFileSync(file);
    const changed = join(world.root, "changed.slipway");
    for (const [at, code] of [
      [520, /SIGNATURE_REFUSED|ARCHIVE_INVALID/],
      [bytes.length - 3000, /ARCHIVE_INVALID/],
    ] as const) {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ 1;
      writeFileSync(changed, copy);
      const { stderr } = await elsewhere.slipway("models", "import", changed, "--as", "changed", "--allow-unsigned");
      expect(stderr).toMatch(code);
    }
    const { models } = await elsewhere.told("models", "list");
    expect(models.map(({ name }: { readonly name: string }) => name)).toEqual(["bare", "late"]);
  });

  test("from a key that is believed no longer stays, and no more come", async () => {
    await there.told("keys", "distrust", "research");
    expect((await there.slipway("models", "import", file, "--as", "again")).stderr).toContain("SIGNATURE_REFUSED");
    expect((await there.slipway("keys", "distrust", "research")).code).not.toBe(0);
    expect(await there.told("models", "show", "delivery_late", "1")).toMatchObject({ aliases: ["champion"] });
  });
});

describe("slipway gc", { timeout: 120_000 }, () => {
  const content = (): readonly string[] => readdirSync(join(elsewhere.folder, ".slipway", "blobs", "content")).sort();

  test("says what would go, changes nothing then, and takes only what is old enough and named by nothing", async () => {
    // Beside the one model there is what the changed archive left behind.
    const loose = join(elsewhere.folder, ".slipway", "blobs", "content", "e".repeat(64));
    writeFileSync(loose, "nobody's");
    const before = content();
    const young = await elsewhere.told("gc");
    expect(young).toMatchObject({
      dryRun: false,
      freed: { contents: { files: 0 } },
      kept: { ofVersions: { files: 1 }, young: { files: before.length - 1 } },
    });
    const told = await elsewhere.slipway("gc", "--dry-run", "--older-than", "0s");
    expect(told.stdout).toMatch(/^would go/);
    expect(told.stdout).toMatch(new RegExp(`contents that nothing names +${before.length - 1} `));
    expect(content()).toEqual(before);
    utimesSync(loose, 1, 1);
    expect(await elsewhere.told("gc", "--older-than", "1d")).toMatchObject({
      freed: { contents: { files: 1, bytes: 8 } },
    });
    expect(content()).toEqual(before.filter((name) => !name.startsWith("eee")));
    expect((await elsewhere.slipway("gc", "--older-than", "soon")).stderr).toMatch(/USAGE .*--older-than soon/);
  });

  test("leaves all that a version needs: it is served afterwards", async () => {
    for (const at of [here, there, elsewhere]) await at.told("gc", "--older-than", "0s");
    expect(await scoresOf(there)).toEqual(await scoresOf(here));
    await expect(
      elsewhere.told("models", "export", "late@1", "--out", join(world.root, "on.slipway")),
    ).resolves.toMatchObject({ version: 1 });
  });
});
