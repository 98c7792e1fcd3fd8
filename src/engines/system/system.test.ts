import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { dateOf, parseInstant, seconds } from "../../core/core.ts";
import { clockContract, replayClockContract } from "../../ports/clock.contract.ts";
import { schedulerContract } from "../../ports/scheduler.contract.ts";
import { markedProcess, offsetClock, randomBytes, replayClock, systemClock, systemScheduler } from "./system.ts";

clockContract("systemClock", systemClock);
clockContract("offsetClock", () => offsetClock(parseInstant("2013-07-01")));
replayClockContract("replayClock", replayClock);
schedulerContract("systemScheduler", systemScheduler);

test("the system clock shows the computer's time", () => {
  const before = Date.now();
  const shown = dateOf(systemClock().now()).getTime();
  expect(shown).toBeGreaterThanOrEqual(before - 2);
  expect(shown).toBeLessThanOrEqual(Date.now() + 2);
});

test("the system clock stands still when the computer's is set back, and goes on when that has caught up", () => {
  const real = Date.now();
  const wall = vi.spyOn(Date, "now").mockReturnValue(real);
  const clock = systemClock();
  const before = clock.now();
  wall.mockReturnValue(real - 60_000);
  expect(clock.now()).toBe(before);
  wall.mockReturnValue(real - 10);
  expect(clock.now()).toBe(before);
  wall.mockReturnValue(real + 60_000);
  expect(clock.now() - before).toBeGreaterThan(seconds(59));
  wall.mockRestore();
});

test("the offset clock starts where it was told", () => {
  const start = parseInstant("2013-07-01");
  const shown = offsetClock(start).now();
  expect(shown - start).toBeLessThan(seconds(1));
  expect(shown).toBeGreaterThanOrEqual(start);
});

test("random bytes differ", () => {
  expect(randomBytes(16)).toHaveLength(16);
  expect(randomBytes(16)).not.toEqual(randomBytes(16));
});

describe("a process's mark", () => {
  // Nothing is held in it: what a mark without a file is judged by.
  const folder = mkdtempSync(join(tmpdir(), "slipway-marks-"));
  const { mark, isAlive } = markedProcess(folder, { hold: () => () => undefined, isHeld: () => undefined });

  test("is alive while the process runs, and dead for its number's next owner", () => {
    expect(isAlive(mark)).toBe(true);
    expect(isAlive(mark.replace(/"started":"\d+"/, '"started":"1"'))).toBe(false);
    expect(isAlive(mark.replace(/"boot":"[^"]*"/, '"boot":"another"'))).toBe(false);
    expect(isAlive("a mark of another kind")).toBe(true);
    expect(isAlive(mark.replace(/"host":"[^"]*"/, '"host":"another"'))).toBe(true);
  });

  test("is dead when the process is", async () => {
    const child = spawn(process.execPath, ["--eval", ""]);
    await new Promise((resolve) => child.on("close", resolve));
    expect(isAlive(mark.replace(/"pid":\d+/, `"pid":${child.pid}`))).toBe(false);
  });
});

test("the files of processes that were found killed long ago go, and no others", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-marks-"));
  const file = (digit: number): string => `${`${digit}`.repeat(8)}-0000-4000-8000-000000000000.lock`;
  const old = new Date(Date.now() - 8 * 24 * 3600 * 1000);
  // All but the last ran for more than a week; the second still runs, and the third has just been killed.
  for (const name of [file(1), file(2), "notes.txt", file(4)]) writeFileSync(join(folder, name), "");
  for (const name of [file(1), file(2), "notes.txt"]) utimesSync(join(folder, name), old, old);
  const held = new Set([file(2)]);
  const start = () =>
    markedProcess(folder, {
      hold: () => () => undefined,
      isHeld: (path) => (held.has(basename(path)) ? true : existsSync(path) ? false : undefined),
    });
  start();
  expect(readdirSync(folder)).toEqual([file(1), `${file(1)}.ended`, file(2), file(4), `${file(4)}.ended`, "notes.txt"]);
  utimesSync(join(folder, `${file(1)}.ended`), old, old);
  held.clear();
  start();
  expect(readdirSync(folder)).toEqual([file(2), `${file(2)}.ended`, file(4), `${file(4)}.ended`, "notes.txt"]);
  start();
  expect(readdirSync(folder)).toEqual([file(2), `${file(2)}.ended`, file(4), `${file(4)}.ended`, "notes.txt"]);
  rmSync(folder, { recursive: true });
});

test("a process that ran for more than a week and was killed counts as ended, on another host too", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-marks-"));
  const locks = { hold: () => () => undefined, isHeld: (path: string) => (existsSync(path) ? false : undefined) };
  const mark = JSON.parse(markedProcess(folder, locks).mark);
  const old = new Date(Date.now() - 8 * 24 * 3600 * 1000);
  writeFileSync(join(folder, mark.lock), "");
  utimesSync(join(folder, mark.lock), old, old);
  expect(markedProcess(folder, locks).isAlive(JSON.stringify({ ...mark, host: "another" }))).toBe(false);
  rmSync(folder, { recursive: true });
});
