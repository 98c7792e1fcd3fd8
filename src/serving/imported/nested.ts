// Nested lists, as JSON has them, and tensors. A list must be even: a row of another length is refused, never filled up.

import { SlipwayError } from "../../core/core.ts";
import type { Tensor, TensorInfo } from "../../ports/ports.ts";
import { elementsFrom, elementToJson } from "../../scoring/scoring.ts";

const DEEPEST = 16;

/** Nested lists as the tensor that an input takes. A list of one dimension less than an input of [..., 1] is a column of it. */
export function tensorFromLists(
  info: TensorInfo,
  lists: unknown,
  { what, wanted = info.shape }: { readonly what: string; readonly wanted?: readonly number[] | undefined },
): Tensor {
  const shape: number[] = [];
  for (let at: unknown = lists; Array.isArray(at); at = at[0]) {
    if (shape.length === DEEPEST) throw refused(`${what} is nested too deep.`);
    shape.push(at.length);
  }
  const values: unknown[] = [];
  const walk = (at: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (Array.isArray(at)) throw refused(`${what} is uneven: a list stands where others have a value.`);
      values.push(at);
      return;
    }
    if (!Array.isArray(at) || at.length !== shape[axis])
      throw refused(`${what} is uneven: not every list at depth ${axis + 1} has ${shape[axis]} values.`);
    for (const each of at) walk(each, axis + 1);
  };
  walk(lists, 0);
  if (shape.length === info.shape.length - 1 && info.shape.at(-1) === 1) shape.push(1);
  for (const expected of [info.shape, wanted])
    if (expected.length > 0 && !fits(shape, expected))
      throw refused(`${what} has the shape [${shape.join(",")}]; the model takes [${expected.join(",")}].`);
  const { name, datatype } = info;
  return { name, datatype, shape, data: elementsFrom(datatype, values, (place) => `${what}: value ${place}`) };
}

function fits(shape: readonly number[], expected: readonly number[]): boolean {
  return shape.length === expected.length && shape.every((size, axis) => [size, -1].includes(expected[axis] ?? 0));
}

/** A tensor as nested lists; a scalar is a value. */
export function listsFromTensor({ datatype, shape, data }: Tensor): unknown {
  let at = 0;
  const lists = (axis: number): unknown =>
    axis === shape.length
      ? elementToJson(datatype, data[at++])
      : Array.from({ length: shape[axis] ?? 0 }, () => lists(axis + 1));
  return lists(0);
}

function refused(message: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", message);
}
