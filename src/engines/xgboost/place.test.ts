import { expect, test } from "vitest";
import { placeIn } from "./place.ts";

/** UBJSON's bytes: a key or text with its length, an object, a typed array of float32, a list. */
const text = (value: string): number[] => [0x4c, ...length(value.length), ...Buffer.from(value)];
const length = (count: number): number[] => [0, 0, 0, 0, 0, 0, 0, count];
const object = (fields: Readonly<Record<string, number[]>>): number[] => [
  0x7b,
  ...Object.entries(fields).flatMap(([key, value]) => [...text(key), ...value]),
  0x7d,
];
const floats = (count: number): number[] => [
  ...Buffer.from("[$d#L"),
  ...length(count),
  ...new Array<number>(4 * count).fill(0),
];
const list = (...items: number[][]): number[] => [0x5b, ...items.flat(), 0x5d];

test("a byte is told as the tree, field and node that it belongs to", () => {
  const tree = object({ split_conditions: floats(3), tree_param: object({ num_nodes: [0x53, ...text("3")] }) });
  const bytes = Uint8Array.from(
    object({ learner: object({ model: object({ trees: list(tree, tree) }), name: [0x53, ...text("x")] }) }),
  );
  const places = [...bytes.keys()].map((offset) => placeIn(bytes, offset));
  const seen = [...new Set(places)];
  expect(seen).toContain("tree 0, split_conditions of node 0");
  expect(seen).toContain("tree 1, split_conditions of node 2");
  expect(seen).toContain("tree 1, tree_param.num_nodes");
  expect(seen).toContain("learner.name");
  expect(places.filter((place) => place === "tree 1, split_conditions of node 2")).toHaveLength(4);
  expect(placeIn(bytes.subarray(0, 20), 3)).toBeUndefined();
});
