import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SlipwayError } from "../../core/core.ts";
import { parseFilter, parseOrder } from "./filter.ts";

describe("parseFilter", () => {
  test.each([
    ["", []],
    ["  ", []],
    ["metrics.acc > 0.5", [{ entity: "metrics", key: "acc", comparator: ">", value: 0.5 }]],
    ["metrics.`a b` <= -1e3", [{ entity: "metrics", key: "a b", comparator: "<=", value: -1000 }]],
    ['params."x.y" = "z"', [{ entity: "params", key: "x.y", comparator: "=", value: "z" }]],
    ["tags.a.b.c != 'it''s'", [{ entity: "tags", key: "a.b.c", comparator: "!=", value: "it's" }]],
    ["status='FINISHED'", [{ entity: "", key: "status", comparator: "=", value: "FINISHED" }]],
    ["`run name` LIKE '%a_'", [{ entity: "", key: "run name", comparator: "LIKE", value: "%a_" }]],
    ["run_id IN ('a','b', 'c')", [{ entity: "", key: "run_id", comparator: "IN", value: ["a", "b", "c"] }]],
    ["run_id not in ('a')", [{ entity: "", key: "run_id", comparator: "NOT IN", value: ["a"] }]],
    ["params.x is null", [{ entity: "params", key: "x", comparator: "IS NULL", value: null }]],
    [
      "metrics.a=1 and tags.b IS NOT NULL",
      [
        { entity: "metrics", key: "a", comparator: "=", value: 1 },
        { entity: "tags", key: "b", comparator: "IS NOT NULL", value: null },
      ],
    ],
    ["tags.x = 'a AND b'", [{ entity: "tags", key: "x", comparator: "=", value: "a AND b" }]],
  ])("reads %j", (text, clauses) => expect(parseFilter(text)).toEqual(clauses));

  test.each([
    "metrics.acc",
    "metrics.acc >",
    "metrics.acc > 1 OR metrics.b > 2",
    "metrics.acc > 1 AND",
    "metrics. > 1",
    "run_id IN 'a'",
    "run_id IN ('a'",
    "run_id IN (1)",
    "tags.x = y",
    "tags.x = 'y",
    "(metrics.a > 1)",
    "metrics.a > 1; drop table runs",
    "a = 'x' -- comment",
  ])("refuses %j", (text) => expect(() => parseFilter(text)).toThrow(SlipwayError));

  test("refuses what is too long or has too many clauses", () => {
    expect(() => parseFilter(`tags.x = '${"y".repeat(70_000)}'`)).toThrow("characters");
    expect(() => parseFilter(Array(300).fill("a = 1").join(" AND "))).toThrow("more than 256");
  });

  test("whatever it is given, it answers or refuses", () => {
    const pieces = fc.constantFrom(
      "metrics.a",
      "tags.",
      "'",
      '"',
      "`",
      "=",
      "!=",
      " ",
      "AND",
      "IN",
      "(",
      ")",
      ",",
      "IS",
      "NOT",
      "NULL",
      "1",
      "'x'",
      "\u0000",
      "é",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((words) => words.join("")),
        ),
        (text) => {
          try {
            parseFilter(text);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(SlipwayError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("parseOrder", () => {
  test.each([
    ["metrics.acc DESC", { entity: "metrics", key: "acc", isAscending: false }],
    ["metrics.`a b` asc", { entity: "metrics", key: "a b", isAscending: true }],
    ["start_time", { entity: "", key: "start_time", isAscending: true }],
    ['tags."x.y"', { entity: "tags", key: "x.y", isAscending: true }],
    ["desc", { entity: "", key: "desc", isAscending: true }],
  ])("reads %j", (text, order) => expect(parseOrder(text)).toEqual(order));

  test.each(["", "a b c", "metrics.a; drop", "a = 1", "metrics. DESC"])("refuses %j", (text) =>
    expect(() => parseOrder(text)).toThrow(SlipwayError),
  );
});
