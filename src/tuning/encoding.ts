// Samplers do not see params but points: one number per parameter, in the space's order. A float or int is a place in [0, 1], evenly over its
// scale (each whole number or step owns an equal cell, so no end is rarer than the middle); a choice is its index; NaN says that the parameter
// does not exist in this branch. Everything about kinds, logarithms, grids and branches is here and nowhere else.

import type { Parameter, ParameterValue, Params, Space } from "./space.ts";

/** One configuration: a place in [0, 1], a choice's index, or NaN where the parameter is inactive, per parameter. */
export type Point = Float64Array;

/** How one parameter looks to a sampler. */
export interface Dimension {
  readonly name: string;
  /** Whether its values have an order; else they are choices. */
  readonly ordered: boolean;
  /** How many values there are; Infinity for a continuous one. */
  readonly levels: number;
  /** What must hold in a point for the parameter to exist: [place of the parent, its allowed values]. */
  readonly conditions: readonly (readonly [parent: number, allowed: ReadonlySet<ParameterValue>])[];
  valueAt(place: number): ParameterValue;
  placeOf(value: ParameterValue): number;
  /** Whether the parameter can take a value; whatever it is. */
  has(value: unknown): boolean;
  /** The place of the n-th value, from 0; of a continuous parameter, an error. */
  nth(level: number): number;
}

/** A space as samplers see it. */
export interface Encoding {
  readonly dimensions: readonly Dimension[];
  /** Whether some parameter exists only in some branches. */
  readonly conditional: boolean;
}

/** How a space looks to samplers. */
export function encode(space: Space): Encoding {
  const names = Object.keys(space);
  const dimensions = Object.entries(space).map(([name, parameter]): Dimension => {
    const conditions = Object.entries(parameter.when ?? {}).map(
      ([parent, values]) => [names.indexOf(parent), new Set(values)] as const,
    );
    return { name, conditions, ...scaleOf(parameter) };
  });
  return { dimensions, conditional: dimensions.some(({ conditions }) => conditions.length > 0) };
}

type Scale = Pick<Dimension, "ordered" | "levels" | "valueAt" | "placeOf" | "has" | "nth">;

function scaleOf(parameter: Parameter): Scale {
  if (parameter.kind === "bool") return choiceScale([false, true]);
  if (parameter.kind === "categorical") return choiceScale(parameter.choices);
  const { kind, low, high, log = false, step } = parameter;
  if (kind === "float" && step === undefined) return log ? logScale(low, high) : linearScale(low, high);
  if (log) return logGrid(low, high);
  return grid(low, high, step ?? 1);
}

function choiceScale(choices: readonly ParameterValue[]): Scale {
  return {
    ordered: false,
    levels: choices.length,
    valueAt: (place) => choices[place] as ParameterValue,
    placeOf: (value) => choices.indexOf(value),
    has: (value) => (choices as readonly unknown[]).includes(value),
    nth: (level) => level,
  };
}

function linearScale(low: number, high: number): Scale {
  const width = high - low;
  const canonical = rounding(ulp(Math.max(Math.abs(low), Math.abs(high))) / width);
  return {
    ordered: true,
    levels: Number.POSITIVE_INFINITY,
    valueAt: (place) => within(low + place * width, low, high),
    placeOf: (value) => canonical(((value as number) - low) / width),
    has: (value) => isWithin(value, low, high),
    nth: noLevels,
  };
}

function logScale(low: number, high: number): Scale {
  const [from, to] = [Math.log(low), Math.log(high)];
  const width = to - from;
  const canonical = rounding((ulp(Math.max(Math.abs(from), Math.abs(to))) + Number.EPSILON) / width);
  return {
    ordered: true,
    levels: Number.POSITIVE_INFINITY,
    valueAt: (place) => within(Math.exp(from + place * width), low, high),
    placeOf: (value) => canonical(within((Math.log(value as number) - from) / width, 0, 1)),
    has: (value) => isWithin(value, low, high),
    nth: noLevels,
  };
}

/**
 * How the place of a continuous value is rounded: to a part of the range so wide that a value's own rounding, `error` of the range, never moves it to another.
 * So a value that was written down and read again has the place it had, and a study that is opened again knows exactly what it knew.
 */
function rounding(error: number): (place: number) => number {
  const cells = 2 ** Math.min(40, Math.max(1, Math.floor(-Math.log2(error)) - 4));
  return (place) => Math.round(place * cells) / cells;
}

/** The distance from a number above 0 to the next, or up to twice that. */
function ulp(value: number): number {
  return value * Number.EPSILON;
}

function grid(low: number, high: number, step: number): Scale {
  // A tenth of a millionth of a step forgives what floating point does to (1 - 0) / 0.1.
  const levels = Math.floor((high - low) / step + 1e-7) + 1;
  return {
    ordered: true,
    levels,
    valueAt: (place) => Math.min(high, low + Math.min(levels - 1, Math.floor(place * levels)) * step),
    placeOf: (value) => (Math.round(((value as number) - low) / step) + 0.5) / levels,
    // 0.1 + 0.2 lies on a grid of tenths.
    has: (value) =>
      isWithin(value, low, high) && Math.abs((value - low) / step - Math.round((value - low) / step)) < 1e-6,
    nth: (level) => (level + 0.5) / levels,
  };
}

function logGrid(low: number, high: number): Scale {
  const [from, to] = [Math.log(low - 0.5), Math.log(high + 0.5)];
  return {
    ordered: true,
    levels: high - low + 1,
    valueAt: (place) => within(Math.round(Math.exp(from + place * (to - from))), low, high),
    placeOf: (value) => (Math.log(value as number) - from) / (to - from),
    has: (value) => isWithin(value, low, high) && Number.isInteger(value),
    nth: (level) => (Math.log(low + level) - from) / (to - from),
  };
}

function noLevels(): never {
  throw new RangeError("A continuous parameter has no n-th value.");
}

function isWithin(value: unknown, low: number, high: number): value is number {
  return typeof value === "number" && value >= low && value <= high;
}

function within(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Whether a parameter exists in a point whose earlier parameters are set. */
export function isActive({ dimensions }: Encoding, point: Point, index: number): boolean {
  const { conditions } = dimensions[index]!;
  for (const [parent, allowed] of conditions) {
    const place = point[parent]!;
    if (Number.isNaN(place) || !allowed.has(dimensions[parent]!.valueAt(place))) return false;
  }
  return true;
}

/** A point that is filled parameter by parameter: `place` is asked for each one that exists, in order. */
export function fill(encoding: Encoding, place: (index: number, point: Point) => number): Point {
  const point = new Float64Array(encoding.dimensions.length);
  for (let index = 0; index < point.length; index += 1)
    point[index] = isActive(encoding, point, index)
      ? snap(encoding.dimensions[index]!, place(index, point))
      : Number.NaN;
  return point;
}

/** A place moved to that of its value, so that equal values are equal places. */
export function snap({ ordered, placeOf, valueAt }: Dimension, place: number): number {
  return ordered ? placeOf(valueAt(within(place, 0, 1))) : place;
}

/** The params of a point: exactly the active parameters, in the space's order. */
export function paramsOf({ dimensions }: Encoding, point: Point): Params {
  const entries: [string, ParameterValue][] = [];
  dimensions.forEach(({ name, valueAt }, index) => {
    const place = point[index]!;
    if (!Number.isNaN(place)) entries.push([name, valueAt(place)]);
  });
  return Object.fromEntries(entries);
}

/** The point of params; undefined where an active parameter is missing or has a value that it cannot take. What is inactive is not looked at. */
export function pointOf(encoding: Encoding, params: Readonly<Record<string, unknown>>): Point | undefined {
  let isInside = true;
  const point = fill(encoding, (index) => {
    const { name, has, placeOf } = encoding.dimensions[index]!;
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (has(value)) return placeOf(value as ParameterValue);
    isInside = false;
    return 0;
  });
  return isInside ? point : undefined;
}

/**
 * The configuration that params are in a space: exactly its active parameters, in order. Undefined where one of them is missing, out of range or off its
 * grid, for then the params are none of the space's.
 */
export function configurationOf(space: Space, params: Params): Params | undefined {
  const encoding = encode(space);
  const point = pointOf(encoding, params);
  if (point === undefined) return undefined;
  const active = encoding.dimensions.filter((_, index) => !Number.isNaN(point[index]!));
  return Object.fromEntries(active.map(({ name }) => [name, params[name]!]));
}

/** Whether two points mean the same params: places stand in the middle of their cells, so equal values are equal places. */
export function isSame(left: Point, right: Point): boolean {
  for (let index = 0; index < left.length; index += 1) {
    const [one, other] = [left[index]!, right[index]!];
    if (one !== other && !(Number.isNaN(one) && Number.isNaN(other))) return false;
  }
  return true;
}

/** Whether a point is among some. */
export function isAmong(points: readonly Point[], point: Point): boolean {
  return points.some((each) => isSame(each, point));
}
