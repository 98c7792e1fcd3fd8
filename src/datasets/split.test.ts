import { expect, test } from "vitest";
import { days, hours, parseInstant } from "../core/core.ts";
import { byTime } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { boundsFrom } from "./readable-dataset.ts";
import { checkPart, knownInTime, type SplitBounds, type SplitPart, splitBounds, splitCondition } from "./split.ts";

const at = parseInstant;

test("lengths count back from the end of the newest row's day", () => {
  const split = byTime({ validate: days(30), test: days(14) });
  const expected = { validateFrom: at("2025-05-19"), testFrom: at("2025-06-18"), validateKnown: true };
  expect(splitBounds(split, at("2025-07-01T00:00:00Z"))).toEqual(expected);
  expect(splitBounds(split, at("2025-07-01T23:59:59.999999Z"))).toEqual(expected);
});

test("dates are taken as they are", () => {
  const split = byTime({ validateFrom: "2025-01-01", testFrom: "2025-02-01" });
  expect(splitBounds(split, at("2030-01-01"))).toEqual({
    validateFrom: at("2025-01-01"),
    testFrom: at("2025-02-01"),
    validateKnown: true,
  });
});

/** The names of the rows (t and known in hours from the start, null: no label) that a part takes. */
async function rowsOf(part: SplitPart, bounds: SplitBounds): Promise<readonly string[]> {
  const engine = await duckdb({ root: ".", temporaryFolder: ".", threads: 1 });
  const row = (name: string, t: number, known: number | null): string =>
    `('${name}', make_timestamp(${BigInt(t) * hours(1)}), ${known === null ? "NULL, NULL" : `true, make_timestamp(${BigInt(known) * hours(1)})`})`;
  const rows = [
    row("old", 1, 2),
    row("known too late", 1, 10),
    row("just before", 9, 9),
    row("unlabelled", 1, null),
    row("first to validate", 10, 11),
    row("last to validate", 19, 30),
    row("first to test", 20, 21),
    row("last to test", 29, 31),
    row("after", 30, 31),
  ];
  const names: string[] = [];
  const sql = `SELECT name FROM (SELECT name, name AS key, t, label, label_known_at FROM (VALUES ${rows.join(", ")}) v(name, t, label, label_known_at)) WHERE ${splitCondition(engine.dialect, bounds, part)}`;
  for await (const table of engine.stream(sql)) names.push(...Array.from(table.columns[0]?.values ?? [], String));
  await engine.close();
  return names;
}

const bounds = { validateFrom: 10n * hours(1), testFrom: 20n * hours(1) };

test("starts are inclusive and ends exclusive; a training row's label was known before validation starts", async () => {
  expect(await rowsOf("train", bounds)).toEqual(["old", "just before"]);
  expect(await rowsOf("validate", bounds)).toEqual(["first to validate", "last to validate"]);
  expect(await rowsOf("test", bounds)).toEqual(["first to test", "last to test", "after"]);
  expect(await rowsOf("test", { ...bounds, until: 30n * hours(1) })).toEqual(["first to test", "last to test"]);
});

test("rows in a gap are in no part, before validation and before the test", async () => {
  const apart = { ...bounds, gap: 2n * hours(1) };
  expect(await rowsOf("train", apart)).toEqual(["old"]);
  expect(await rowsOf("validate", apart)).toEqual(["first to validate"]);
  expect(await rowsOf("test", apart)).toEqual(["first to test", "last to test", "after"]);
  const split = byTime({ validateFrom: "2025-01-01", testFrom: "2025-02-01", gap: days(3) });
  expect(splitBounds(split, at("2030-01-01"))).toMatchObject({ gap: days(3) });
  expect(splitBounds(byTime({ validate: days(2), test: days(1), gap: days(3) }), 0n)).toMatchObject({ gap: days(3) });
  expect(() => byTime({ validate: days(2), test: days(1), gap: -1n })).toThrow("gap");
});

test("a validation row's label was known before the test starts, where a test follows", async () => {
  expect(await rowsOf("validate", knownInTime(bounds))).toEqual(["first to validate"]);
  expect(knownInTime({ ...bounds, until: bounds.testFrom })).not.toHaveProperty("validateKnown");
  expect(splitBounds(byTime({ validate: days(30), test: 0n }), 0n)).not.toHaveProperty("validateKnown");
  const none = { rows: 0, positives: 0, labels: 0 };
  const m = { name: "m", task: { kind: "binary" } } as const;
  expect(() => checkPart(m, "validate", knownInTime(bounds), none)).toThrow("known before the test starts");
  for (const recorded of [bounds, knownInTime(bounds)]) {
    const texts = Object.fromEntries(
      Object.entries(recorded).map(([name, value]) => [name, typeof value === "bigint" ? `${value}` : value]),
    );
    expect(boundsFrom(texts, "d")).toEqual(recorded);
  }
});

test("what a version that is gone on from has learnt is in no part of the next, however rows are divided", async () => {
  const from = { trainFrom: 15n * hours(1) };
  expect(await rowsOf("validate", { ...bounds, ...from })).toEqual(["last to validate"]);
  const all = { test: "g", validate: "g" };
  const shares = { unit: "row", seed: 0, borders: [all], ...from } as const;
  const newer = ["last to validate", "first to test", "last to test", "after"];
  expect(await rowsOf("test", shares)).toEqual(newer);
  expect(await rowsOf("validate", { ...shares, borders: [{ ...all, test: "" }] })).toEqual(newer);
  expect(await rowsOf("train", { ...shares, borders: [{ test: "", validate: "" }] })).toEqual(newer);
});

test("labels that came later than what is known do not exist", async () => {
  const then = { ...bounds, knownBy: 30n * hours(1) };
  expect(await rowsOf("validate", then)).toEqual(["first to validate", "last to validate"]);
  expect(await rowsOf("test", then)).toEqual(["first to test"]);
});

test("a part without rows, and training labels of one class, are refused with the dates", () => {
  const dates = { validateFrom: at("2025-01-01"), testFrom: at("2025-02-01") };
  const m = { name: "m", task: { kind: "binary" } } as const;
  const labelled = (rows: number, positives: number, labels: number) => ({ rows, positives, labels });
  expect(() => checkPart(m, "validate", dates, labelled(0, 0, 0))).toThrow(
    expect.objectContaining({
      code: "TRAINING_SET_EMPTY",
      message: expect.stringContaining("train before 2025-01-01T00:00:00Z, validate before 2025-02-01T00:00:00Z"),
    }),
  );
  for (const [positives, value] of [
    [0, "false"],
    [7, "true"],
  ] as const)
    expect(() => checkPart(m, "train", dates, labelled(7, positives, 1))).toThrow(
      expect.objectContaining({ code: "LABEL_SINGLE_CLASS", message: expect.stringContaining(`is ${value};`) }),
    );
  expect(() => checkPart(m, "validate", dates, labelled(7, 7, 1))).not.toThrow();
  expect(() => checkPart(m, "train", dates, labelled(7, 0, 2), { labels: 3 })).toThrow(
    expect.objectContaining({
      code: "LABEL_INVALID",
      message: expect.stringContaining("3 of the 7 labels to train on"),
    }),
  );
  const amount = { name: "m", task: { kind: "regression", loss: "squared" } } as const;
  expect(() => checkPart(amount, "train", dates, labelled(7, 0, 1))).toThrow("is the same;");
});
