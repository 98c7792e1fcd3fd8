// Curves over steps, drawn with Braille's dots (2 by 4 in a character) where a person watches and with letters elsewhere. The curves share both axes;
// where two cross, the later one is seen.

import { type Canvas, extent, shortNumber } from "./marks.ts";

/** A curve: its points as [step, value], in the order of steps. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

const LETTERS = ["*", "o", "+", "x", "."];
const COLOURS = [36, 33, 35, 32, 31];
/** The bits of a Braille character, by row and column of its dots (Unicode, U+2800). */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** Curves with their axes, as lines; none when no value is finite. */
export function linePlot(curves: readonly Curve[], canvas: Canvas, height = 10): readonly string[] {
  const points = curves.flatMap((curve) => curve.points);
  const steps = extent(points.map(([step]) => step));
  const values = extent(points.map(([, value]) => value));
  if (!steps || !values) return [];
  const labels = [shortNumber(values[1]), shortNumber(values[0])];
  const margin = Math.max(...labels.map(({ length }) => length));
  const columns = Math.max(8, Math.min(canvas.width, 100) - margin - 2);
  const cells = canvas.plain
    ? letterCells(curves, { columns, rows: height, steps, values })
    : dotCells(curves, { columns, rows: height, steps, values });
  const rows = cells.map((row, place) => {
    const label = place === 0 ? labels[0] : place === height - 1 ? labels[1] : "";
    return `${(label ?? "").padStart(margin)} ${canvas.plain ? "|" : "│"}${row.trimEnd()}`;
  });
  const [first, last] = [shortNumber(steps[0]), shortNumber(steps[1])];
  const foot = `${" ".repeat(margin + 2)}${first}${last.padStart(columns - first.length)}`;
  const legend = curves.map(({ name }, place) => markOf(name, place, canvas.plain)).join("   ");
  return [...rows, foot, `${" ".repeat(margin + 2)}${legend}`];
}

function markOf(name: string, place: number, plain: boolean): string {
  if (plain) return `${LETTERS[place % LETTERS.length]} ${name}`;
  return coloured(`⣀ ${name}`, place);
}

function coloured(text: string, place: number): string {
  return `\u001b[${COLOURS[place % COLOURS.length]}m${text}\u001b[39m`;
}

interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly steps: readonly [number, number];
  readonly values: readonly [number, number];
}

const empty = <T>({ columns, rows }: Frame, cell: T): T[][] =>
  Array.from({ length: rows }, () => new Array<T>(columns).fill(cell));

function letterCells(curves: readonly Curve[], frame: Frame): readonly string[] {
  const cells = empty(frame, " ");
  curves.forEach((curve, place) => {
    draw(curve, frame.columns, frame.rows, frame, (x, y) => {
      const row = cells[y];
      if (row) row[x] = LETTERS[place % LETTERS.length] ?? "*";
    });
  });
  return cells.map((row) => row.join(""));
}

function dotCells(curves: readonly Curve[], frame: Frame): readonly string[] {
  const cells = empty(frame, 0);
  const owners = empty(frame, -1);
  curves.forEach((curve, place) => {
    draw(curve, frame.columns * 2, frame.rows * 4, frame, (x, y) => {
      const [row, column] = [y >> 2, x >> 1];
      const [dots, owner] = [cells[row], owners[row]];
      if (!dots || !owner) return;
      dots[column] = (dots[column] ?? 0) | (DOTS[y & 3]?.[x & 1] ?? 0);
      owner[column] = place;
    });
  });
  return cells.map((row, y) =>
    row
      .map((dots, x) => (dots === 0 ? " " : coloured(String.fromCodePoint(0x2800 + dots), owners[y]?.[x] ?? 0)))
      .join(""),
  );
}

/** Marks every place of a curve on a grid, with a line between neighbours; a value that is not finite breaks the line. */
function draw(
  { points }: Curve,
  across: number,
  down: number,
  { steps, values }: Frame,
  mark: (x: number, y: number) => void,
): void {
  const xOf = (step: number): number =>
    steps[0] === steps[1] ? 0 : Math.round(((step - steps[0]) / (steps[1] - steps[0])) * (across - 1));
  const yOf = (value: number): number =>
    values[0] === values[1]
      ? Math.floor(down / 2)
      : Math.round(((values[1] - value) / (values[1] - values[0])) * (down - 1));
  let before: readonly [number, number] | undefined;
  for (const [step, value] of points) {
    if (!Number.isFinite(value)) {
      before = undefined;
      continue;
    }
    const here = [xOf(step), yOf(value)] as const;
    const from = before ?? here;
    const count = Math.max(Math.abs(here[0] - from[0]), Math.abs(here[1] - from[1]), 1);
    for (let part = 0; part <= count; part += 1)
      mark(
        Math.round(from[0] + ((here[0] - from[0]) * part) / count),
        Math.round(from[1] + ((here[1] - from[1]) * part) / count),
      );
    before = here;
  }
}
