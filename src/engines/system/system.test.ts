import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("the files of processes that were killed long ago go, and no others", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-marks-"));
  const file = (digit: number): string => `${`${digit}`.repeat(8)}-0000-4000-8000-000000000000.lock`;
  for (const name of [file(1), file(2), file(3), "notes.txt"]) writeFileSync(join(folder, name), "");
  const old = new Date(Date.now() - 8 * 24 * 3600 * 1000);
  for (const name of [file(1), file(2), "notes.txt"]) utimesSync(join(folder, name), old, old);
  markedProcess(folder, { hold: () => () => undefined, isHeld: (path) => path.endsWith(file(2)) });
  expect(readdirSync(folder)).toEqual([file(2), file(3), "notes.txt"]);
  rmSync(folder, { recursive: true });
});
