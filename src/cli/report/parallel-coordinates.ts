import type { Goal, TunedTrial } from "../../platform/platform.ts";
import { escaped, told } from "./markup.ts";
import type { ParamAxis } from "./param-axis.ts";

const [WIDTH, HEIGHT, TOP, BOTTOM, SIDE] = [1120, 330, 34, 16, 60];

/** A line per trial across an axis per parameter and one for the goal; a parameter that a trial's branch did not have is passed over. */
export function parallelCoordinates(trials: readonly TunedTrial[], axes: readonly ParamAxis[], goal: Goal): string {
  const values = trials.map(({ value }) => value!);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // By rank, for one very bad trial would make all others look the same.
  const sign = goal.better === "higher" ? 1 : -1;
  const order = trials.toSorted((left, right) => sign * (left.value! - right.value!));
  const rank = (trial: TunedTrial): number => (order.indexOf(trial) + 1) / order.length;
  const columns = axes.length + 1;
  const x = (column: number): number => round(SIDE + (column / Math.max(1, columns - 1)) * (WIDTH - 2 * SIDE));
  const y = (place: number): number => round(HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM));
  const last = (value: number): number => (most > least ? (value - least) / (most - least) : 0.5);
  const lines = order.map((trial) => {
    const points = [
      ...axes.flatMap((axis, column) => {
        const place = axis.placeOf(trial.params[axis.name]);
        return place === undefined ? [] : [`${x(column)} ${y(place)}`];
      }),
      `${x(axes.length)} ${y(last(trial.value!))}`,
    ];
    const strength = rank(trial) ** 4;
    return `<path class="curve" style="stroke-width:${(0.8 + 1.4 * strength).toFixed(2)};opacity:${(0.08 + 0.85 * strength).toFixed(3)}" d="M${points.join("L")}"><title>${escaped(`trial ${trial.number + 1}: ${told(trial.value)}`)}</title></path>`;
  });
  const frames = axes.map(({ name, ticks }, column) =>
    axis(
      x(column),
      name,
      ticks.map(({ place, text }) => [y(place), text] as const),
    ),
  );
  const goalTicks = [
    [y(last(least)), told(least)],
    ...(most > least ? [[y(last(most)), told(most)] as const] : []),
  ] as const;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Parallel coordinates">${[...lines, ...frames, axis(x(axes.length), goal.name, goalTicks)].join("")}</svg>`;
}

function axis(x: number, name: string, ticks: readonly (readonly [y: number, text: string])[]): string {
  return `<line class="grid" x1="${x}" x2="${x}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text class="label" text-anchor="middle" x="${x}" y="${TOP - 16}">${escaped(name.length > 18 ? `${name.slice(0, 17)}…` : name)}</text>${ticks
    .map(
      ([y, text]) =>
        `<text class="tick" text-anchor="end" x="${x - 5}" y="${round(y + 4)}">${escaped(text.slice(0, 12))}</text>`,
    )
    .join("")}`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
