// What only several processes can show: numbers stay without gaps or twins, of two moves one wins, and kill -9 leaves nothing half.

import { afterEach, beforeEach, expect, test } from "vitest";
import { acknowledgedUntilKilled } from "../ports/killed-process.contract.ts";
import { openInChild, type TestRegistry, testRegistry } from "./registry.fixture.ts";
import { aliasHistory, auditTrail, listVersions, readArtifact } from "./registry.ts";

const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 1);

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

const child = (script: string, after: number, delay = 0): Promise<readonly string[]> =>
  acknowledgedUntilKilled(`${openInChild(registry.folder)}\n${script}`, { after, delay });

test("two processes that register and promote at once never share a number nor lose a move", async () => {
  const script = `
    for (let n = 0; n < 20; n += 1) {
      const { number } = await registerVersion(context, newVersion(context.actor + " " + n));
      const expect = (await aliasOf(context, "delay", "champion")) ?? null;
      const moved = await moveAlias(context, { model: "delay", alias: "champion", version: number, reason: "race", expect })
        .then(() => true, (error) => { if (error.code !== "STATE_LOCKED") throw error; return false; });
      acknowledge(JSON.stringify({ number, moved }));
    }
    setInterval(() => undefined, 1000);`;
  const outputs = await Promise.all([child(script, 20), child(script, 20)]);
  const done = outputs.flat().map((line) => JSON.parse(line) as { number: number; moved: boolean });
  const numbers = done.map(({ number }) => number).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  const history = [...(await aliasHistory(registry, "delay", "champion"))].reverse();
  expect(history).toHaveLength(done.filter(({ moved }) => moved).length);
  history.forEach(({ from }, index) => {
    expect(from).toBe(history[index - 1]?.to ?? null);
  });
});

test("after kill -9 every acknowledged version is there with its bytes and its audit line", async () => {
  let least = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const script = `
      for (let n = 0; ; n += 1)
        acknowledge(String((await registerVersion(context, newVersion("kill ${kill} " + n + "x".repeat(50_000)))).number));`;
    least = Math.max(least, Number((await child(script, 8, kill * 2)).at(-1)));
    const versions = await listVersions(registry, "delay");
    expect(versions.length).toBeGreaterThanOrEqual(least);
    expect(versions.map(({ number }) => number)).toEqual(versions.map((_, index) => versions.length - index));
    for (const version of versions) expect((await readArtifact(registry, version)).length).toBe(version.artifactSize);
    expect(await auditTrail(registry, { action: "version.registered", limit: 10_000 })).toHaveLength(versions.length);
  }
});
