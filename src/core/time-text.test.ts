import { expect, test } from "vitest";
import { parseInstant } from "./time.ts";
import { instantInZone, readTime } from "./time-text.ts";

test.each([
  ["2024-01-02T03:04:05.678901Z", "2024-01-02T03:04:05.678901Z", true],
  ["2024-01-02 03:04:05.678901+00", "2024-01-02T03:04:05.678901Z", true],
  ["2024-01-02 03:04+0530", "2024-01-01T21:34:00Z", true],
  ["2024-01-02 03:04:05-03:30", "2024-01-02T06:34:05Z", true],
  ["2024-01-02 03:04:05.1000000", "2024-01-02T03:04:05.1Z", false],
  ["2024-02-29", "2024-02-29T00:00:00Z", false],
  ["1969-12-31 23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", true],
])("reads %s", (text, instant, hasZone) => {
  const [, whole = "", fraction = ""] = /^(.{19})\.?(\d*)Z$/.exec(instant) ?? [];
  const micros = BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(fraction.padEnd(6, "0"));
  expect(readTime(text)).toEqual({ instant: micros, hasZone });
  expect(parseInstant(text)).toBe(micros);
});

test.each([
  "2023-02-29",
  "2024-13-01",
  "2024-01-01T24:00:00Z",
  "2024-01-01T00:00:00.1234567Z",
  "infinity",
  "",
  "12024-01-01",
  "2024-01-01 BC",
  "2024-02-30T00:00:00Z",
  "2024-01-01T00:00:00+24:00",
  "2024-01-01T00:00:00-01:60",
])("does not read %j", (text) => {
  expect(readTime(text)).toBeUndefined();
  expect(() => parseInstant(text)).toThrow("is not a time. Write it as 2013-07-01");
});

test("reads years before 100 as they are", () => {
  expect(readTime("0001-01-01T00:00:00Z")?.instant).toBe(-62135596800000000n);
});

test.each([
  ["2024-07-01 00:00", "America/New_York", "2024-07-01T04:00Z"],
  ["2024-01-01 00:00", "America/New_York", "2024-01-01T05:00Z"],
  ["2024-03-10 01:59", "America/New_York", "2024-03-10T06:59Z"],
  ["2024-03-10 02:30", "America/New_York", "2024-03-10T07:30Z"],
  ["2024-03-10 03:00", "America/New_York", "2024-03-10T07:00Z"],
  ["2024-11-03 01:30", "America/New_York", "2024-11-03T06:30Z"],
  ["2024-11-03 00:59", "America/New_York", "2024-11-03T04:59Z"],
  ["2024-11-03 02:00", "America/New_York", "2024-11-03T07:00Z"],
  ["2024-10-06 02:15", "Australia/Lord_Howe", "2024-10-05T15:45Z"],
  ["2024-07-01 00:00", "Asia/Kathmandu", "2024-06-30T18:15Z"],
  ["2024-07-01 00:00", "UTC", "2024-07-01T00:00Z"],
])("%s in %s is %s", (local, zone, instant) => {
  expect(instantInZone(readTime(local)?.instant ?? 0n, zone)).toBe(parseInstant(instant));
});
