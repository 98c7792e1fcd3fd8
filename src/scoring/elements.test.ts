import fc from "fast-check";
import { expect, it } from "vitest";
import { elementsFrom, valueFromText } from "./elements.ts";

it("reads a decimal as a whole number exactly when it is one, at any size and in any notation", () => {
  const decimal = fc.record({
    sign: fc.constantFrom("", "-", "+"),
    before: fc.string({ unit: fc.constantFrom("0", "1", "9"), maxLength: 24 }),
    behind: fc.string({ unit: fc.constantFrom("0", "0", "0", "7"), maxLength: 24 }),
    exponent: fc.option(fc.integer({ min: -30, max: 30 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(decimal, ({ sign, before, behind, exponent }) => {
      fc.pre(before + behind !== "");
      const text = `${sign}${before}${behind === "" ? "" : `.${behind}`}${exponent === undefined ? "" : `e${exponent}`}`;
      // Its value times 10^60.
      const scaled =
        (sign === "-" ? -1n : 1n) * BigInt(before + behind) * 10n ** BigInt(60 + (exponent ?? 0) - behind.length);
      const value = scaled / 10n ** 60n;
      const isHeld = scaled % 10n ** 60n === 0n && value >= -(2n ** 63n) && value < 2n ** 63n;
      const read = (): unknown => elementsFrom("INT64", [valueFromText("INT64", text)], () => text)[0];
      if (isHeld) expect(read()).toBe(value);
      else expect(read).toThrow(/whole number/);
    }),
    { numRuns: 2000 },
  );
});

it.each([`${"1".repeat(200_000)}x`, "1e99999999999", "1e-99999999999", ".", "", "0x10"])(
  "refuses %.40s without ado",
  (text) => {
    expect(() => elementsFrom("INT64", [valueFromText("INT64", text)], () => text)).toThrow(/whole number/);
  },
);
