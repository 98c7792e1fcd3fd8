import { expect, test } from "vitest";
import { keysOf } from "./key-words.ts";

test("words become values as JSON has them; what does not fit is left for the reader to refuse", () => {
  const field = (name: string, type: "float64" | "int32" | "int64" | "bool" | "string") =>
    ({ name, type, optional: false }) as const;
  const fields = [
    field("x", "float64"),
    field("i", "int32"),
    field("n", "int64"),
    field("b", "bool"),
    field("s", "string"),
  ];
  expect(keysOf(["x=0.5", "i=3", "n=9007199254740993", "b=true", "s=1"], fields)).toEqual([
    { x: 0.5, i: 3, n: "9007199254740993", b: true, s: "1" },
  ]);
  expect(keysOf(["x=-1e3", "x=", "x=0x10", "x=.5", "i=1.5"], fields)).toEqual([
    { x: -1000 },
    { x: "" },
    { x: "0x10" },
    { x: 0.5, i: "1.5" },
  ]);
});
