import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { feastRepoFiles } from "./feast-repo.fixture.ts";
import { slipwayName } from "./names.ts";
import { type PythonValue, readPython } from "./python-values.ts";
import { feastType, typeWords } from "./types.ts";

function pythonValue(text: string): PythonValue {
  const [statement] = readPython(`x = ${text}\n`).statements;
  if (statement?.kind !== "assign") throw new Error(`${text} is no expression`);
  return statement.value;
}

describe("Python as data", () => {
  it.each([
    [`'a' "b"`, "ab"],
    [`"""a\n'b'"""`, "a\n'b'"],
    [`'\\x41\\u00e9\\n\\'\\\\'`, "Aé\n'\\"],
    [`r"\\d"`, "\\d"],
    [`("a")`, "a"],
  ])("reads the text %s", (text, value) => {
    expect(pythonValue(text)).toMatchObject({ kind: "string", value });
  });

  it.each(['f"{x}"', 'b"x"', "lambda: 1", "[x for x in y]", "{**a}", "a if b else c", "x[1:2]"])(
    "keeps %s as text, not as a value",
    (text) => {
      expect(pythonValue(text)).toMatchObject({ kind: "other", text });
    },
  );

  it("reads numbers, calls and collections", () => {
    expect(pythonValue("-1_000")).toMatchObject({ kind: "number", value: -1000, isWhole: true });
    expect(pythonValue("2.5e1")).toMatchObject({ kind: "number", value: 25, isWhole: false });
    expect(pythonValue('{"a": 1, "b": [True, None]}')).toMatchObject({
      kind: "dict",
      entries: [
        [{ value: "a" }, { value: 1 }],
        [{ value: "b" }, { kind: "list" }],
      ],
    });
    const call = pythonValue('feast.Field("x", dtype=Array(Int64), tags={})');
    expect(call).toMatchObject({
      kind: "call",
      callee: { kind: "member", name: "Field" },
      positional: [{ value: "x" }],
    });
    expect(call.kind === "call" && [...call.named.keys()]).toEqual(["dtype", "tags"]);
  });

  it("reads anything without failing, and says which lines are no Python", () => {
    const cut = fc
      .constantFrom(...Object.values(feastRepoFiles))
      .chain((text) => fc.tuple(fc.constant(text), fc.nat(text.length)));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          cut.map(([text, at]) => text.slice(0, at)),
          cut.map(([text, at]) => text.slice(at)),
        ),
        (text) => {
          const { brokenLines } = readPython(text);
          for (const line of brokenLines) expect(line).toBeGreaterThan(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

it("names are those that definitions take", () => {
  for (const [name, expected] of [
    ["DriverStats", "driver_stats"],
    ["driver-stats.v2", "driver_stats_v2"],
    ["2fast", "x_2fast"],
    ["Ärger", "rger"],
    ["a".repeat(80), "a".repeat(63)],
  ])
    expect(slipwayName(name ?? "")).toBe(expected);
  fc.assert(fc.property(fc.string(), (name) => /^[a-z][a-z0-9_]{0,62}$/.test(slipwayName(name))));
});

it.each([
  ["Float32", "t.float32()"],
  ["ValueType.INT64", "t.int64()"],
  ["types.UnixTimestamp", "t.timestamp()"],
  ["Array(Array(String))", "t.list(t.list(t.string()))"],
  ["ValueType.DOUBLE_LIST", "t.list(t.float64())"],
  ["Map", undefined],
  ["Set(Int64)", undefined],
])("Feast's %s is %s", (text, words) => {
  const type = feastType(text);
  expect(type && typeWords(type)).toBe(words);
});
