// A reader of Universal Binary JSON, as far as XGBoost writes it: big-endian, keys and lengths as int64. It exists because
// XGBoost trusts what it loads; artifact.ts checks with it that a model's numbers point nowhere outside the model.

/** Numbers of a typed array, read where they lie. */
export interface Numbers {
  readonly length: number;
  at(index: number): number;
}

/** A UBJSON value. Typed arrays are {@link Numbers}; a list is an array that mixes types. */
export type Ubjson = null | boolean | number | string | Numbers | readonly Ubjson[] | ReadonlyMap<string, Ubjson>;

const DEEPEST = 32;

type Cell = readonly [size: number, read: (view: DataView, offset: number) => number];

const cells: Readonly<Record<string, Cell>> = {
  i: [1, (view, offset) => view.getInt8(offset)],
  U: [1, (view, offset) => view.getUint8(offset)],
  I: [2, (view, offset) => view.getInt16(offset)],
  l: [4, (view, offset) => view.getInt32(offset)],
  L: [8, (view, offset) => Number(view.getBigInt64(offset))],
  d: [4, (view, offset) => view.getFloat32(offset)],
  D: [8, (view, offset) => view.getFloat64(offset)],
};

/** Where a value lies in the bytes; of a typed array also where its cells begin, and the bytes of each. */
export interface Extent {
  readonly start: number;
  readonly end: number;
  readonly cells: number | undefined;
  readonly size: number;
}

/**
 * Reads one value that fills the bytes exactly; anything else throws a SyntaxError that says where. `onValue` is told of every value with the
 * keys that lead to it, the innermost first.
 */
export function readUbjson(
  bytes: Uint8Array,
  onValue?: (path: readonly (string | number)[], extent: Extent) => void,
): Ubjson {
  const path: (string | number)[] = [];
  let cellsAt: number | undefined;
  let cellSize = 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder();
  let place = 0;

  const refuse = (what: string): SyntaxError => new SyntaxError(`${what} at byte ${place} of ${bytes.length}`);
  const take = (count: number): number => {
    if (count > bytes.length - place) throw refuse("the bytes end too early");
    place += count;
    return place - count;
  };
  const mark = (): string => String.fromCharCode(view.getUint8(take(1)));
  const peek = (): string => String.fromCharCode(bytes[place] ?? 0);
  const cell = (type: string): Cell => {
    const found = Object.hasOwn(cells, type) ? cells[type] : undefined;
    if (!found) throw refuse("an unknown type");
    return found;
  };
  const length = (): number => {
    const [size, read] = cell(mark());
    const count = read(view, take(size));
    if (!Number.isSafeInteger(count) || count < 0) throw refuse("an impossible length");
    return count;
  };
  const string = (): string => {
    const count = length();
    const start = take(count);
    return text.decode(bytes.subarray(start, start + count));
  };
  const typed = (): Numbers => {
    const [size, read] = cell(mark());
    if (mark() !== "#") throw refuse("a typed array without a length");
    const count = length();
    const start = take(count * size);
    [cellsAt, cellSize] = [start, size];
    return { length: count, at: (index) => read(view, start + index * size) };
  };
  const list = (depth: number): readonly Ubjson[] => {
    const items: Ubjson[] = [];
    if (peek() === "#") {
      take(1);
      const count = length();
      // Every item takes at least a byte, which bounds what a false length can make us allocate.
      if (count > bytes.length - place) throw refuse("the bytes end too early");
      for (let index = 0; index < count; index += 1) items.push(at(index, depth));
      return items;
    }
    while (peek() !== "]") items.push(at(items.length, depth));
    take(1);
    return items;
  };
  const object = (depth: number): ReadonlyMap<string, Ubjson> => {
    const entries = new Map<string, Ubjson>();
    while (peek() !== "}") {
      const key = string();
      if (entries.has(key)) throw refuse(`the key "${key}" a second time`);
      entries.set(key, at(key, depth));
    }
    take(1);
    return entries;
  };
  const at = (key: string | number, depth: number): Ubjson => {
    if (onValue === undefined) return value(depth);
    path.push(key);
    const start = place;
    cellsAt = undefined;
    const found = value(depth);
    onValue(path, { start, end: place, cells: cellsAt, size: cellSize });
    cellsAt = undefined;
    path.pop();
    return found;
  };
  const value = (depth: number): Ubjson => {
    if (depth > DEEPEST) throw refuse("too many levels");
    const type = mark();
    switch (type) {
      case "Z":
        return null;
      case "T":
        return true;
      case "F":
        return false;
      case "S":
        return string();
      case "{":
        return object(depth + 1);
      case "[":
        if (peek() !== "$") return list(depth + 1);
        take(1);
        return typed();
      default: {
        const [size, read] = cell(type);
        return read(view, take(size));
      }
    }
  };
  const root = value(0);
  if (place !== bytes.length) throw refuse("bytes after the end");
  return root;
}
