import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { dateOf, parseInstant, seconds } from "../../core/core.ts";
import { clockContract, replayClockContract } from "../../ports/clock.contract.ts";
import { schedulerContract } from "../../ports/scheduler.contract.ts";
import {
  isProcessAlive,
  offsetClock,
  randomBytes,
  replayClock,
  systemClock,
  systemScheduler,
  thisProcess,
} from "./system.ts";

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
  test("is alive while the process runs, and dead for its number's next owner", () => {
    const mark = thisProcess();
    expect(isProcessAlive(mark)).toBe(true);
    expect(isProcessAlive(mark.replace(/"started":"\d+"/, '"started":"1"'))).toBe(false);
    expect(isProcessAlive(mark.replace(/"boot":"[^"]*"/, '"boot":"another"'))).toBe(false);
    expect(isProcessAlive("a mark of another kind")).toBe(true);
    expect(isProcessAlive(mark.replace(/"host":"[^"]*"/, '"host":"another"'))).toBe(true);
  });

  test("of an earlier version, without a namespace, is read as it was", () => {
    const mark = thisProcess().replace(/"pids":"[^"]*",/, "");
    expect(JSON.parse(mark)).not.toHaveProperty("pids");
    expect(isProcessAlive(mark)).toBe(true);
    expect(isProcessAlive(mark.replace(/"started":"\d+"/, '"started":"1"'))).toBe(false);
  });

  test("of another container on a host of the same name is alive, for its number means nothing here", () => {
    const gone = thisProcess().replace(/"pid":\d+/, '"pid":4194303');
    expect(isProcessAlive(gone)).toBe(false);
    expect(isProcessAlive(gone.replace(/"pids":"[^"]*"/, '"pids":"pid:[1]"'))).toBe(true);
    // After the machine started anew no container of before is left.
    const before = gone.replace(/"pids":"[^"]*"/, '"pids":"pid:[1]"').replace(/"boot":"[^"]*"/, '"boot":"another"');
    expect(isProcessAlive(before)).toBe(false);
  });

  const isolated = ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"];
  const canIsolate = spawnSync("unshare", [...isolated, "true"]).status === 0;
  test.skipIf(!canIsolate)(
    "made in a namespace of its own is alive to those outside (needs unshare)",
    async () => {
      const code = `
      import { thisProcess } from ${JSON.stringify(new URL("system.ts", import.meta.url).href)};
      process.stdout.write(thisProcess());
      process.stdin.resume();`;
      const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
      const node = [process.execPath, "--import", tsx, "--input-type=module", "--eval", code];
      const child = spawn("unshare", [...isolated, ...node], { stdio: ["pipe", "pipe", "inherit"] });
      try {
        const [said] = (await once(child.stdout, "data")) as [Buffer];
        const mark = String(said);
        expect(JSON.parse(mark).pid).toBeLessThan(10);
        expect(isProcessAlive(mark)).toBe(true);
      } finally {
        child.stdin.end();
        await once(child, "close");
      }
    },
    60_000,
  );

  test("is dead when the process is", async () => {
    const child = spawn(process.execPath, ["--eval", ""]);
    await new Promise((resolve) => child.on("close", resolve));
    expect(isProcessAlive(thisProcess().replace(/"pid":\d+/, `"pid":${child.pid}`))).toBe(false);
  });
});
