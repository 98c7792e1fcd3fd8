import type { ShownStudy } from "../../platform/platform.ts";

/** A parameter as an axis from 0 to 1. */
export interface ParamAxis {
  readonly name: string;
  /** Where a value stands; undefined for none, and for one that the space does not have. */
  readonly placeOf: (value: unknown) => number | undefined;
  readonly ticks: readonly { readonly place: number; readonly text: string }[];
}

/** The axis of a parameter: even over its scale, or a place for each choice. */
export function paramAxis(name: string, spec: ShownStudy["space"][string]): ParamAxis {
  if (spec.kind === "bool" || spec.kind === "categorical") {
    const choices: readonly unknown[] = spec.kind === "bool" ? [false, true] : spec.choices;
    const at = (index: number): number => (choices.length === 1 ? 0.5 : index / (choices.length - 1));
    const placeOf = (value: unknown): number | undefined => {
      const index = choices.indexOf(value);
      return index < 0 ? undefined : at(index);
    };
    return { name, placeOf, ticks: choices.map((choice, index) => ({ place: at(index), text: String(choice) })) };
  }
  const { low, high, log = false } = spec;
  const scale = (value: number): number =>
    log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const marks = log ? decades(low, high) : [low, (low + high) / 2, high];
  return {
    name,
    placeOf: (value) => (typeof value === "number" && value >= low && value <= high ? scale(value) : undefined),
    ticks: marks.map((mark) => ({
      place: scale(mark),
      text: String(Number(mark.toPrecision(3))),
    })),
  };
}

/** The ends and the powers of ten between them, where they are far enough apart to be read. */
function decades(low: number, high: number): readonly number[] {
  const all: number[] = [];
  for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power += 1) all.push(10 ** power);
  const span = Math.log(high / low);
  const inner = all.filter((mark) => Math.log(mark / low) > 0.12 * span && Math.log(high / mark) > 0.12 * span);
  return [low, ...inner.filter((_, index) => inner.length <= 3 || index % Math.ceil(inner.length / 3) === 0), high];
}
