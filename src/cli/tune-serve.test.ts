import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const bin = fileURLToPath(new URL("bin.ts", import.meta.url));

function serve(input: string) {
  return spawnSync(process.execPath, ["--import", "tsx", bin, "tune", "serve"], { input, encoding: "utf8" });
}

test("slipway tune serve answers one line per command, ends with quit or the input, and says nothing else", () => {
  const create = '{"cmd":"create","space":{"x":{"kind":"int","low":1,"high":3}},"direction":"minimize","seed":1}';
  const { stdout, stderr, status } = serve(
    [create, '{"cmd":"ask"}', '{"cmd":"tell","id":0,"value":2.5}', "oops", '{"cmd":"quit"}', '{"cmd":"ask"}', ""].join(
      "\n",
    ),
  );
  const replies = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(replies).toEqual([
    { ok: true },
    { id: 0, params: { x: expect.any(Number) } },
    { ok: true },
    { error: { code: "invalid_command", message: expect.any(String) } },
  ]);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  expect(serve(`${create}\n`)).toMatchObject({ stdout: '{"ok":true}\n', status: 0 });
});
