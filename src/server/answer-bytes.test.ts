import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DataType, formatInstant, type Value, valueToJson } from "../core/core.ts";
import { AnswerBytes, answerBytes } from "./answer-bytes.ts";
import { valueWriter, writeInstant, writeSeconds } from "./value-bytes.ts";

const written = (write: (out: AnswerBytes) => void): string => answerBytes(write).toString();
const anyWhole = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -1000, max: 1000 }));

describe("answer bytes", () => {
  it("writes whole numbers as String does", () => {
    const edges = [0, 9, 10, 99, 1e8, 999_999_999, 1e9, 1e9 + 1, 2 ** 31, 2 ** 53 - 1];
    for (const edge of edges)
      for (const value of [edge, -edge]) expect(written((out) => out.whole(value))).toBe(`${value}`);
    fc.assert(fc.property(anyWhole, (value) => written((out) => out.whole(value)) === `${value}`));
  });

  it("writes text of every kind, and grows for it", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
        const out = new AnswerBytes(1);
        for (const text of texts) out.text(text);
        expect(out.taken().toString()).toBe(texts.join(""));
      }),
    );
    const long = "ab".repeat(3_000_000);
    expect(written((out) => out.text(long))).toBe(long);
  });

  it("copies what was written, and keeps nothing of an answer that failed", () => {
    const fail = () =>
      answerBytes((out) => {
        out.text("half");
        throw new Error("no");
      });
    expect(fail).toThrow("no");
    const again = written((out) => {
      out.text("ab");
      out.again(0, 2);
      out.character(33);
      out.raw(Buffer.from("é"));
    });
    expect(again).toBe("abab!é");
  });
});

describe("values in an answer", () => {
  const values: readonly [DataType, fc.Arbitrary<Value>][] = [
    ["bool", fc.boolean()],
    ["int32", fc.integer()],
    ["int64", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
    ["int64", fc.oneof(fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n }), fc.bigInt({ min: -9n, max: 9n }))],
    ["float64", fc.double()],
    ["float64", fc.constantFrom(-0, 0, 1e21, 1e-7, Number.NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53) + 1)],
    ["string", fc.string({ unit: "binary" })],
    ["date", fc.integer({ min: -100_000, max: 100_000 })],
    [{ kind: "list", of: "int64" }, fc.array(fc.option(fc.bigInt({ min: 0n, max: 2n ** 60n })))],
  ];

  it.each(values)("are the JSON of their type: %j", (type, some) => {
    const write = valueWriter(type);
    fc.assert(
      fc.property(fc.option(some), (value) => {
        // JSON.stringify writes -0 as 0, and what it was is lost.
        const json = Object.is(value, -0) ? "-0" : JSON.stringify(value === null ? null : valueToJson(type, value));
        expect(written((out) => write(out, value))).toBe(json);
      }),
    );
  });

  it("writes an int64 that came as a number like any other", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => written((out) => valueWriter("int64")(out, value)) === `${value}`),
    );
  });

  it("writes times as ISO 8601, and ages as seconds", () => {
    const times = fc.oneof(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), fc.bigInt({ min: 0n, max: 10n ** 10n }));
    fc.assert(
      fc.property(times, (instant) => written((out) => writeInstant(out, instant)) === `"${formatInstant(instant)}"`),
    );
    fc.assert(fc.property(anyWhole, (micros) => written((out) => writeSeconds(out, micros)) === `${micros / 1e6}`));
    for (const micros of [0, 1, 1e6, 1_000_001, 1e15, 1e15 + 1, -1])
      expect(written((out) => writeSeconds(out, micros))).toBe(`${micros / 1e6}`);
  });
});
