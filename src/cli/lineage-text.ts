// Lineage for people, as trees with the asked thing at the root, and for Graphviz.

import type { Lineage } from "../platform/platform.ts";

/** The lineage as lines: what it is made of, then what is made of it. */
export function lineageTree(lineage: Lineage): readonly string[] {
  const lines: string[] = [];
  for (const root of lineage.from) {
    lines.push(label(lineage, root));
    if (lineage.direction !== "down") branch(lineage, lines, root, "up");
    if (lineage.direction !== "up") branch(lineage, lines, root, "down");
  }
  return lines;
}

const MARK = { up: "← ", down: "→ " };

function branch(lineage: Lineage, lines: string[], root: string, direction: "up" | "down"): void {
  const shown = new Set<string>();
  const visit = (id: string, indent: string): void => {
    const next = lineage.edges
      .filter((edge) => (direction === "up" ? edge.to : edge.from) === id)
      .map((edge) => ({ id: direction === "up" ? edge.from : edge.to, as: edge.as }));
    for (const each of next) {
      const again =
        shown.has(each.id) && lineage.edges.some((edge) => (direction === "up" ? edge.to : edge.from) === each.id);
      const as = each.as === undefined ? "" : ` (${each.as})`;
      lines.push(`${indent}${MARK[direction]}${label(lineage, each.id)}${as}${again ? " …" : ""}`);
      if (shown.has(each.id)) continue;
      shown.add(each.id);
      visit(each.id, `${indent}  `);
    }
  };
  visit(root, "  ");
}

function label({ nodes }: Lineage, id: string): string {
  const node = nodes.find((each) => each.id === id);
  return node ? `${node.kind} ${node.name}${node.note === undefined ? "" : `, ${node.note}`}` : id;
}

/** The lineage as a Graphviz digraph. */
export function lineageDot({ nodes, edges, from }: Lineage): string {
  const text = (value: string): string => JSON.stringify(value);
  return [
    "digraph lineage {",
    "  rankdir=LR;",
    "  node [shape=box, fontname=sans];",
    ...nodes.map(
      ({ id, kind, name }) =>
        `  ${text(id)} [label=${text(`${kind}\n${name}`)}${from.includes(id) ? ", style=bold" : ""}];`,
    ),
    ...edges.map(
      (edge) => `  ${text(edge.from)} -> ${text(edge.to)}${edge.as === undefined ? "" : ` [label=${text(edge.as)}]`};`,
    ),
    "}",
  ].join("\n");
}
