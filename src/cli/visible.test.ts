import { expect, test } from "vitest";
import { styleFor } from "./output.ts";
import { table } from "./table.ts";
import { visible, visibleLine } from "./visible.ts";

test("control characters of others are spelled out", () => {
  expect(visible("a\u001b]0;title\u0007b\u009b2J\u202ec\td\ne")).toBe("a\\x1b]0;title\\x07b\\x9b2J\\u202ec\\td\\ne");
  expect(visible("plain, ünïcode, 日本")).toBe("plain, ünïcode, 日本");
});

test("Slipway's own colours stay, and nothing else", () => {
  expect(visibleLine("\u001b[31mred\u001b[39m\nnext\u001b[2J")).toBe("\u001b[31mred\u001b[39m\nnext\\x1b[2J");
  const style = styleFor({ write: () => undefined, isTTY: true }, {});
  expect(table({ columns: ["name"], rows: [["x\ny\u001b[8;1H"]] }, style)).toContain("x\\ny\\x1b[8;1H");
});
