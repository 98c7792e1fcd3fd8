import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeOf } from "./steering.ts";

describe("the place of a key", () => {
  it("is the same for ever: these must not change", () => {
    expect(placeOf("flight_delay", '"UA","EWR"')).toBe(54.15891967713833);
    expect(placeOf("flight_delay", "é")).toBe(25.38430686108768);
  });

  it("is in [0, 100), and another for another model", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: "binary" }), (model, key) => {
        const place = placeOf(model, key);
        return place >= 0 && place < 100;
      }),
    );
    const keys = Array.from({ length: 1000 }, (_, key) => String(key));
    const both = keys.filter((key) => placeOf("a", key) < 10 && placeOf("b", key) < 10);
    // A tenth of a tenth, were the models' places unrelated.
    expect(both.length).toBeLessThan(30);
  });

  it.each(["courier-", "", "2025-01-01T00:00:0"])("spreads keys that look alike evenly: %j and a number", (start) => {
    const keys = 50_000;
    const tenths = new Array<number>(10).fill(0);
    for (let key = 0; key < keys; key += 1) {
      const tenth = Math.floor(placeOf("m", `"${start}${key}"`) / 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    const expected = keys / 10;
    const chi = tenths.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // The 99.99 % point of chi-squared with 9 degrees of freedom.
    expect(chi).toBeLessThan(33.72);
  });
});
