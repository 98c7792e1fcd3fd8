import { describe, expect, test } from "vitest";
import { createOutput, jsonDocument, styleFor } from "./output.ts";
import { createProgress } from "./progress.ts";

function sink(isTTY = false): { isTTY: boolean; text: string; write(text: string): void } {
  return {
    isTTY,
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

describe("an answer", () => {
  const table = {
    columns: ["model", "versions"],
    rows: [
      ["flight_delay", 12],
      ["churn", 3],
    ],
  };

  test("is lines and tables for people", () => {
    const stdout = sink();
    createOutput(stdout, {}, false).show({ ignored: true }, ["Models", table]);
    expect(stdout.text).toBe("Models\nmodel         versions\nflight_delay        12\nchurn                3\n");
  });

  test("is the document alone under --json", () => {
    const stdout = sink();
    createOutput(stdout, {}, true).show({ rows: 336776n, huge: 2n ** 60n }, ["ignored"]);
    expect(JSON.parse(stdout.text)).toEqual({ rows: 336776, huge: "1152921504606846976" });
  });

  test("has null for what JSON cannot say", () => {
    expect(jsonDocument({ auc: Number.NaN })).toBe('{\n  "auc": null\n}\n');
  });
});

describe("colour", () => {
  test("is for terminals only, and NO_COLOR turns it off", () => {
    expect(styleFor(sink(true), {}).bad("x")).toBe("\u001b[31mx\u001b[39m");
    expect(styleFor(sink(true), { NO_COLOR: "1" }).bad("x")).toBe("x");
    expect(styleFor(sink(false), {}).bad("x")).toBe("x");
  });
});

describe("progress", () => {
  test("is plain lines where nobody watches", async () => {
    const stderr = sink();
    const progress = createProgress(stderr, {});
    await progress.step("Training", async () => {
      for (let round = 0; round < 100; round += 1) progress.note(`round ${round}`);
    });
    expect(stderr.text).toMatch(/^Training …\n {2}round 0\n✓ Training \(\d+ ms\)\n$/);
  });

  test("is one live line on a terminal, cleared at the end", async () => {
    const stderr = sink(true);
    const progress = createProgress(stderr, { NO_COLOR: "1" });
    await progress.step("Training", async () => progress.note("round 0"));
    expect(stderr.text.replace(/\d+ ms/, "N ms")).toBe("  round 0\r\u001b[2K✓ Training (N ms)\n");
  });

  test("marks a step that failed and passes the failure on", async () => {
    const stderr = sink();
    const failing = createProgress(stderr, {}).step("Training", () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(stderr.text).toBe("Training …\n✗ Training\n");
  });
});
