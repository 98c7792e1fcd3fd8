// Wrong things said to commands: what a shell and a script learn of them.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { main } from "./program.ts";

async function slipway(words: readonly string[], cwd: string) {
  const said = { stdout: "", stderr: "" };
  const sink = (name: keyof typeof said) => ({
    write(text: string): void {
      said[name] += text;
    },
  });
  const code = await main(words, {
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    env: { PATH: process.env["PATH"] },
    cwd,
  });
  return { code, ...said };
}

/** A folder with a project of one push source, applied. */
async function clicksProject(): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), "slipway-cli-"));
  const slipwayIndex = JSON.stringify(join(process.cwd(), "src/index.ts"));
  writeFileSync(
    join(cwd, "slipway.config.ts"),
    `import { project, pushSource, t } from ${slipwayIndex};
const columns = { click: t.string(), amount: t.float64(), at: t.timestamp() };
const clicks = pushSource("clicks", { columns, id: "click", eventTime: "at" });
export default project({ name: "shop", definitions: { clicks } });
`,
  );
  expect((await slipway(["apply"], cwd)).code).toBe(0);
  return cwd;
}

test("a push of which events were rejected ends with 65, names their lines, and keeps the good ones", async () => {
  const cwd = await clicksProject();
  const good = '{"click":"a","amount":1,"at":"2025-01-01T00:00:00Z"}';
  const push = async (...lines: readonly string[]) => {
    writeFileSync(join(cwd, "events.jsonl"), lines.join("\n"));
    const { code, stdout } = await slipway(["push", "clicks", "--file", join(cwd, "events.jsonl"), "--json"], cwd);
    return { code, ...(JSON.parse(stdout) as { accepted: number; examples: { line: number; message: string }[] }) };
  };
  expect(
    await push(
      good,
      '{"click":"b","amount":NaN,"at":"2025-01-01T00:00:00Z"}',
      '{"click":"c","amount":1,"at":"2025-02-30T00:00:00Z"}',
    ),
  ).toMatchObject({
    code: 65,
    accepted: 1,
    rejected: 2,
    examples: [
      {
        line: 2,
        message: expect.stringMatching(/^It is not JSON, which has no NaN and no Infinity: .*Write one object/),
      },
      { line: 3, message: expect.stringMatching(/^"at" is "2025-02-30T00:00:00Z"; give a time/) },
    ],
  });
  expect(await push(good)).toMatchObject({ code: 0, accepted: 0, duplicates: 1, rejected: 0 });
});

test("a training set is not written over a folder", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "slipway-cli-"));
  mkdirSync(join(cwd, "sets"));
  const { code, stderr } = await slipway(["features", "training-set", "late", "--out", "sets"], cwd);
  expect(code).toBe(64);
  expect(stderr).toMatch(/USAGE .*sets is a folder\. Name a file to write, such as sets\/late\.parquet/);
});

test.each([
  ["quarantine", "list"],
  ["quarantine", "show", "one"],
  ["datasets", "list"],
])("%s %s refuses a limit that is no count", async (...words) => {
  const { code, stderr } = await slipway([...words, "--limit", "1.5"], await clicksProject());
  expect({ code, stderr }).toEqual({ code: 64, stderr: 'USAGE --limit takes a whole number above zero, not "1.5".\n' });
});

describe("features that are asked for by wrong names", () => {
  let cwd: string;
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), "slipway-cli-"));
    const slipwayIndex = JSON.stringify(join(process.cwd(), "src/index.ts"));
    writeFileSync(
      join(cwd, "slipway.config.ts"),
      `import { count, days, entity, featureView, project, pushSource, t } from ${slipwayIndex};
const columns = { trip: t.string(), driver: t.string(), at: t.timestamp() };
const trips = pushSource("trips", { columns, id: "trip", eventTime: "at" });
const driver = entity("driver", { driver: t.string() });
const features = { trips_7d: count().over(days(7)) };
const view = featureView("driver_trips", { entity: driver, source: trips, features, owner: "ada", tags: { domain: "rides" } });
export default project({ name: "rides", definitions: { trips, driver, view } });
`,
    );
  });

  test.each([
    [
      "history driver_trips --key drver=d1",
      '"drver" is not a field of its rows. They are: driver. Did you mean "driver"?',
    ],
    ["show driver_trips --as-of 2025-01-01 --key drver=d1", 'They are: driver. Did you mean "driver"?'],
    ["read driver_trips drver=d1", 'The keys are: driver. "drver" is none of them. Did you mean "driver"?'],
  ])("a key's name: features %s", async (words, problem) => {
    const { code, stderr } = await slipway(["features", ...words.split(" ")], cwd);
    expect({ code, stderr }).toEqual({ code: 65, stderr: expect.stringContaining(problem) });
  });

  test.each([
    [
      "list --entity drver",
      'for --entity drver. No entity is "drver"; there are driver. Did you mean "driver"? All there are: slipway features list',
    ],
    ["list --owner Ada", 'No owner is "Ada"; there are ada. Did you mean "ada"?'],
    ["list --tag domain=ride", 'No tag is "domain=ride"; there are domain=rides. Did you mean "domain=rides"?'],
    [
      "search trps",
      'Nothing holds any of: trps. Did you mean "trips_7d"? Try other words, or see all there are: slipway features list',
    ],
  ])("nothing is found, and what there is instead is told: features %s", async (words, problem) => {
    const asked = ["features", ...words.split(" ")];
    expect(await slipway(asked, cwd)).toMatchObject({ code: 0, stdout: expect.stringContaining(problem) });
    const { stdout } = await slipway([...asked, "--json"], cwd);
    expect(Object.values(JSON.parse(stdout) as object)).toContainEqual([]);
  });
});
