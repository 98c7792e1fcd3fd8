// Lineage for Graphviz: whatever things are called, the text is one graph. Read by Graphviz's own `dot` where that is installed.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import type { Lineage } from "../platform/platform.ts";
import { lineageDot } from "./lineage-text.ts";

const NAMES = ['a"b', "back\\slash", "two\nlines", "a -> b [x=1];", "</script>", "\u001b[31mred", "größe", "{}", "\\"];
const lineage: Lineage = {
  from: ["column:0"],
  direction: "both",
  nodes: NAMES.map((name, index) => ({ id: `column:${index}`, kind: "column", name })),
  edges: NAMES.slice(1).map((name, index) => ({ from: `column:${index}`, to: `column:${index + 1}`, as: name })),
};

/** The statements of a graph by DOT's grammar, with quoted text taken out of the way; undefined where it is none. */
function statements(dot: string): { readonly nodes: number; readonly edges: number } | undefined {
  const bare = dot.replace(/"(?:[^"\\]|\\.)*"/g, "Q");
  const lines =
    /^digraph lineage \{\n {2}rankdir=LR;\n {2}node \[shape=box, fontname=sans\];\n((?: {2}.*;\n)*)\}$/.exec(bare)?.[1];
  const found = lines?.trimEnd().split("\n") ?? [];
  const nodes = found.filter((line) => /^ {2}Q \[label=Q(, style=bold)?\];$/.test(line)).length;
  const edges = found.filter((line) => /^ {2}Q -> Q( \[label=Q\])?;$/.test(line)).length;
  return nodes + edges === found.length ? { nodes, edges } : undefined;
}

test("every name is quoted, whatever is in it", () => {
  const dot = lineageDot(lineage);
  expect(statements(dot)).toEqual({ nodes: NAMES.length, edges: NAMES.length - 1 });
  // No control character that a terminal would take for an order.
  expect([...dot].filter((character) => character < " " && character !== "\n")).toEqual([]);
});

function hasDot(): boolean {
  try {
    execFileSync("dot", ["-V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test.runIf(hasDot())("Graphviz reads it", () => {
  const drawn = execFileSync("dot", ["-Tplain"], { input: lineageDot(lineage), encoding: "utf8" });
  expect(drawn.match(/^node /gm)).toHaveLength(NAMES.length);
  expect(drawn.match(/^edge /gm)).toHaveLength(NAMES.length - 1);
});
