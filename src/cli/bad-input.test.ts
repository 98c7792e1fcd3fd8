// Wrong things said to commands: what a shell and a script learn of them.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
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
