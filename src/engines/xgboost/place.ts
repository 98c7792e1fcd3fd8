// Which part of a model a byte belongs to, in words: where two models differ says more as a tree and a field than as an offset.

import { readUbjson } from "./ubjson.ts";

/** The part of a model that holds the byte at `offset`; undefined when it is no such model, or the byte is between two values. */
export function placeIn(artifact: Uint8Array, offset: number): string | undefined {
  let place: string | undefined;
  try {
    readUbjson(artifact, (path, { start, end, cells, size }) => {
      // The innermost value is told first.
      if (place !== undefined || offset < start || offset >= end) return;
      const index = cells !== undefined && offset >= cells ? Math.floor((offset - cells) / size) : undefined;
      place = placeWords(path, index);
    });
  } catch {
    return undefined;
  }
  return place;
}

function placeWords(path: readonly (string | number)[], index: number | undefined): string {
  const tree = path.lastIndexOf("trees");
  if (tree >= 0 && tree + 1 < path.length) {
    const field = path.slice(tree + 2).join(".");
    if (field === "") return `tree ${path[tree + 1]}`;
    return `tree ${path[tree + 1]}, ${field}${index === undefined ? "" : ` of node ${index}`}`;
  }
  const field = path.join(".") || "the whole model";
  return index === undefined ? field : `${field}, entry ${index}`;
}
