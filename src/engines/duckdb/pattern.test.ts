// A pattern means the same in JavaScript's own RegExp, in our JavaScript spelling of it, and in DuckDB's RE2: random patterns over random
// texts say whether it does. What can't mean the same is refused where it is written.

import { tmpdir } from "node:os";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { readPattern } from "../../define/define.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { duckdb } from "./duckdb.ts";

let engine: OfflineEngine;
beforeAll(async () => {
  engine = await duckdb({ root: "/", temporaryFolder: tmpdir(), threads: 1 });
});
afterAll(() => engine.close());

const letters = [
  "a",
  "b",
  "N",
  "7",
  " ",
  "-",
  "é",
  "ß",
  "😀",
  "\n",
  "\r",
  "\u2028",
  "\u00a0",
  "\ufeff",
  "\u180e",
  "K",
  "\0",
  "_",
];
const atoms = fc.constantFrom(
  ...[
    "a",
    "b",
    "N",
    "7",
    "-",
    "é",
    "😀",
    ".",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\.",
    "\\/",
    "\\x00",
    "\\x41",
    "\\u{1f600}",
    "\\u00e9",
  ],
  ...["[ab]", "[^ab]", "[a-z0-9]", "[^\\d\\s]", "[\\w.]", "[\\]\\-]", "[^]", "[\\t-\\r]", "^", "$"].filter(
    (each) => each !== "[^]",
  ),
);
const { pattern } = fc.letrec<{ pattern: string; sequence: string; repeated: string; atom: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: "small" },
    tie("sequence"),
    fc.tuple(tie("sequence"), tie("sequence")).map(([a, b]) => `${a}|${b}`),
  ),
  sequence: fc.array(tie("repeated"), { maxLength: 3 }).map((parts) => parts.join("")),
  repeated: fc
    .tuple(tie("atom"), fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,2}", "{1,}", "*?", "+?"))
    .map(([atom, count]) => (atom === "^" || atom === "$" ? atom : `${atom}${count}`)),
  atom: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 5, arbitrary: atoms },
    { weight: 1, arbitrary: tie("pattern").map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie("pattern").map((inner) => `(?:${inner})`) },
  ),
}));
const words = fc.array(fc.constantFrom(...letters), { maxLength: 5 }).map((each) => each.join(""));

it("answers alike in RegExp, in our own spelling and in RE2, over random patterns and texts", async () => {
  const { dialect } = engine;
  const column = { kind: "column", source: "s", name: "x", type: "string" } as const;
  await fc.assert(
    fc.asyncProperty(
      fc.array(pattern, { minLength: 10, maxLength: 10 }),
      fc.array(words, { minLength: 12, maxLength: 12 }),
      async (patterns, texts) => {
        const selected = patterns.map((source, index) => {
          const args = [column, { kind: "literal", value: source, type: "string" }] as const;
          return `${dialect.expression({ kind: "call", operator: "matches", args, type: "bool" }, () => "x")} AS p${index}`;
        });
        const rows = texts.map((each, index) => `(${index}, ${dialect.text(each)})`).join(", ");
        for await (const table of engine.stream(
          `SELECT ${selected.join(", ")} FROM (VALUES ${rows}) v(place, x) ORDER BY place`,
        ))
          patterns.forEach((source, index) => {
            const own = new RegExp(readPattern(source).javascript, "u");
            texts.forEach((each, row) => {
              const expected = new RegExp(source, "u").test(each);
              const found = { own: own.test(each), sql: table.columns[index]?.values[row] === 1 };
              expect({ source, each, ...found }).toEqual({ source, each, own: expected, sql: expected });
            });
          });
      },
    ),
    { numRuns: 150 },
  );
});

describe("a pattern that engines read differently", () => {
  test.each([
    ["a(?=b)", "looks ahead"],
    ["(?<=a)b", "looks ahead or behind"],
    ["(a)\\1", "refers back"],
    ["\\p{L}", "\\p"],
    ["\\bword", "\\b"],
    ["a{1001}", "repeats more than 1000"],
    ["(?:a{100}){11}", "repeats more than 1000"],
    ["a{3,2}", "wrong way round"],
    ["[z-a]", "wrong way round"],
    ["(a", "not closed"],
    ["a)", "nothing opens"],
    ["[a", "not closed"],
    ["*a", "nothing before it"],
    ["a**", "repeats a repeat"],
    ["^*", "repeats ^"],
    ["a{", "starts no repeat"],
    ["[]", "no character"],
    ["\\c", "\\c"],
    ["\ud800", "surrogate"],
    ["(".repeat(60) + ")".repeat(60), "50 deep"],
  ])("/%s/ is refused by name", (source, why) => {
    expect(() => readPattern(source)).toThrow(why);
  });

  test("one that RE2 would find too large is refused before it reaches a query, the largest allowed one is not", async () => {
    const { re2 } = readPattern("^(?:[^ab]{10}){100}$");
    for await (const table of engine.stream(
      `SELECT regexp_matches(repeat('x', 1000), ${engine.dialect.text(re2)}) AS m`,
    ))
      expect(table.columns[0]?.values[0]).toBe(1);
  });
});
