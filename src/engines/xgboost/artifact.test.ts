// UBJSON written by hand, right and wrong; models damaged as a whole are in runtime.test.ts.

import { expect, it } from "vitest";
import { checkArtifact } from "./artifact.ts";
import { readUbjson } from "./ubjson.ts";

function bytes(...parts: readonly (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === "number" ? [part] : [...Buffer.from(part, "latin1")])),
  );
}

/** A length, or an int64, as XGBoost writes it. */
function int64(value: number): string {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(value));
  return `L${buffer.toString("latin1")}`;
}

const key = (name: string): string => `${int64(name.length)}${name}`;

it("reads the types that XGBoost writes", () => {
  const value = readUbjson(
    bytes(
      "{",
      key("a"),
      "S",
      int64(2),
      "hi",
      key("b"),
      "[#",
      int64(2),
      "T",
      "Z",
      key("c"),
      "[$l#",
      int64(2),
      0,
      0,
      1,
      0,
      255,
      255,
      255,
      255,
      key("d"),
      "[d",
      63,
      192,
      0,
      0,
      "]",
      "}",
    ),
  );
  expect(value).toBeInstanceOf(Map);
  if (!(value instanceof Map)) return;
  expect(value.get("a")).toBe("hi");
  expect(value.get("b")).toEqual([true, null]);
  expect([0, 1].map((place) => value.get("c").at(place))).toEqual([256, -1]);
  expect(value.get("d")).toEqual([1.5]);
});

it("refuses what is cut, false or too deep, without reading beyond the end", () => {
  const wrong: readonly (readonly [Uint8Array, string])[] = [
    [bytes(), "end too early"],
    [bytes("{"), "end too early"],
    [bytes("{}x"), "after the end"],
    [bytes("[$d#", int64(2 ** 40)), "end too early"],
    [bytes("[#", int64(2 ** 40)), "end too early"],
    [bytes("S", int64(-1)), "impossible length"],
    [bytes("S", "L", ..."\x7f\xff\xff\xff\xff\xff\xff\xff"), "impossible length"],
    [bytes("[$d"), "end too early"],
    [bytes("[$x#"), "unknown type"],
    [bytes("?"), "unknown type"],
    [bytes("{", key("a"), "T", key("a"), "T", "}"), "second time"],
    [bytes("[".repeat(100_000)), "too many levels"],
  ];
  for (const [input, reason] of wrong) expect(() => readUbjson(input)).toThrow(reason);
});

it("says which part of a model is wrong", () => {
  const refused = (input: Uint8Array): string => {
    try {
      checkArtifact(input);
      return "";
    } catch (error) {
      expect(error).toMatchObject({ code: "ARTIFACT_CORRUPT" });
      return error instanceof Error ? error.message : "";
    }
  };
  expect(refused(bytes("{}"))).toContain("version");
  expect(refused(bytes("[]"))).toContain("not an object");
  expect(refused(Buffer.from('{"learner": {}}'))).toContain("not a whole XGBoost model");
});
