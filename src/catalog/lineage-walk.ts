// What a name means in a lineage graph, and what lies up or down from it. Up and down are walked apart, so that a thing's siblings (other users of
// what it uses) are not taken for its own.

import { SlipwayError } from "../core/core.ts";
import type { LineageGraph, LineageNode } from "./lineage.ts";

/** Where to go from a thing: to what it is made of, to what is made of it, or both. */
export type LineageDirection = "up" | "down" | "both";

/** A thing's lineage. */
export interface Lineage extends LineageGraph {
  /** The ids it starts from: more than one for a whole view. */
  readonly from: readonly string[];
  readonly direction: LineageDirection;
}

/** The lineage of what a name means. Throws DEFINITION_NOT_FOUND, or INPUT_INVALID when it means several things. */
export function lineageOf(graph: LineageGraph, name: string, direction: LineageDirection): Lineage {
  const from = startsOf(graph, name).map(({ id }) => id);
  const kept = new Set<string>(from);
  const edges = new Set<LineageGraph["edges"][number]>();
  const walk = (next: (edge: LineageGraph["edges"][number]) => readonly [string, string]): void => {
    const by = new Map<string, LineageGraph["edges"][number][]>();
    for (const edge of graph.edges) {
      const [here] = next(edge);
      by.set(here, [...(by.get(here) ?? []), edge]);
    }
    const seen = new Set<string>(from);
    const open = [...from];
    for (let id = open.pop(); id !== undefined; id = open.pop())
      for (const edge of by.get(id) ?? []) {
        const [, there] = next(edge);
        edges.add(edge);
        kept.add(there);
        if (!seen.has(there)) {
          seen.add(there);
          open.push(there);
        }
      }
  };
  if (direction !== "down") walk(({ from: source, to }) => [to, source]);
  if (direction !== "up") walk(({ from: source, to }) => [source, to]);
  return {
    from,
    direction,
    nodes: graph.nodes.filter(({ id }) => kept.has(id)),
    edges: graph.edges.filter((edge) => edges.has(edge)),
  };
}

const SHORTEST_ID = 6;

function startsOf({ nodes }: LineageGraph, name: string): readonly LineageNode[] {
  const exact = nodes.filter((node) => node.id === name || (node.name === name && !node.id.includes("#")));
  const view = nodes.filter(
    ({ kind, name: own, id }) => kind === "feature" && !id.includes("#") && own.slice(0, own.lastIndexOf(".")) === name,
  );
  // A source's columns and a view's features may have the same names as other things; ids tell them apart.
  const found: readonly (readonly LineageNode[])[] = [
    ...exact.map((node) => [node]),
    ...(view.length > 0 ? [view] : []),
  ];
  const [only] = found;
  if (only && found.length === 1) return only;
  if (found.length > 1)
    throw new SlipwayError(
      "INPUT_INVALID",
      `"${name}" means several things: ${exact.map(({ id }) => id).join(", ")}${view.length > 0 ? `, and the feature view "${name}"` : ""}. Give one of these ids.`,
    );
  const begins = nodes.filter(
    ({ kind, name: own }) =>
      (kind === "dataset" || kind === "run") && name.length >= SHORTEST_ID && own.startsWith(name),
  );
  const [first] = begins;
  if (first && begins.length === 1) return begins;
  if (begins.length > 1)
    throw new SlipwayError(
      "INPUT_INVALID",
      `"${name}" begins ${begins.length} ids: ${begins.map(({ id }) => id).join(", ")}.`,
    );
  throw new SlipwayError(
    "DEFINITION_NOT_FOUND",
    `Nothing is called "${name}". Give a source column (departures.dep_delay), a feature (view.feature), a view, a model, a version (model@3), an alias (model@champion), a dataset or a run.${hint(nodes, name)}`,
    { details: { name } },
  );
}

function hint(nodes: readonly LineageNode[], name: string): string {
  const last = name.split(".").at(-1) ?? name;
  const near = nodes.filter((node) => node.name.includes(last) && !node.id.includes("#")).slice(0, 5);
  return near.length === 0 ? "" : ` Near it: ${near.map((node) => node.name).join(", ")}.`;
}
