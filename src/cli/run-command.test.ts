import { describe, expect, test } from "vitest";
import { SlipwayError } from "../core/core.ts";
import type { Host } from "./host.ts";
import { type Command, runCommand } from "./run-command.ts";

async function run(command: Command, json = false): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  const host: Host = {
    stdout: { write: (text) => (said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text) },
    env: {},
    cwd: "/",
  };
  const code = await runCommand(host, { json }, command);
  return { code, ...said };
}

const refusing: Command = async () => {
  throw new SlipwayError("SOURCE_NOT_FOUND", "There is no file a.parquet.", { details: { file: "a.parquet" } });
};

describe("how a command ends", () => {
  test("answered: 0 and the answer", async () => {
    const ended = await run(async ({ output }) => output.show({ rows: 1 }, ["one row"]));
    expect(ended).toEqual({ code: 0, stdout: "one row\n", stderr: "" });
  });

  test("refused: the code's exit status and the message on stderr", async () => {
    expect(await run(refusing)).toEqual({
      code: 66,
      stdout: "",
      stderr: "SOURCE_NOT_FOUND There is no file a.parquet.\n",
    });
  });

  test("refused under --json: the error as the document", async () => {
    const { stdout } = await run(refusing, true);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: "SOURCE_NOT_FOUND", message: "There is no file a.parquet.", details: { file: "a.parquet" } },
    });
  });

  test("refused after its answer: stdout still holds one document", async () => {
    const { code, stdout } = await run(async (context) => {
      context.output.show({ rows: 1 }, []);
      await refusing(context);
    }, true);
    expect({ code, document: JSON.parse(stdout) }).toEqual({ code: 66, document: { rows: 1 } });
  });

  test("failed in a way nobody foresaw: INTERNAL, with where and what to do", async () => {
    const { code, stderr } = await run(async () => {
      throw new TypeError("x is not a function");
    });
    expect(code).toBe(70);
    expect(stderr).toMatch(
      /^INTERNAL Unexpected failure: x is not a function\n.*run-command\.test\.ts.*please report/s,
    );
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s: the signal aborts, and the command ends as CANCELLED",
    async (name) => {
      const { code, stderr } = await run(async ({ signal }) => {
        const stopped = new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("some library noticed")));
        });
        process.emit(name);
        await stopped;
      });
      expect(code).toBe(130);
      expect(stderr).toMatch(/press Ctrl-C again.*\nCANCELLED Stopped\./s);
    },
  );
});
