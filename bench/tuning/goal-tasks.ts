// Functions of two goals after Zitzler, Deb and Thiele (2000) and Fonseca and Fleming (1995). As published their best points lie at the walls of the space or in
// its middle, where a search that begins there has won before it began; here they are moved inside, each parameter by another way.

/** What two goals come to; less is better. */
export type Pair = readonly [number, number];

/** A task of two goals over so many parameters between 0 and 1. */
export interface GoalTask {
  readonly size: number;
  readonly value: (x: readonly number[]) => Pair;
  /** What is dominated is measured from here. */
  readonly reference: Pair;
  /** The parameters of points along the true front, from one end (0) to the other (1). */
  readonly best: (share: number) => readonly number[];
}

/** Where all parameters but the first are best in the functions of Zitzler, Deb and Thiele. */
export const INSIDE = 0.37;

/** How far from the middle Fonseca's and Fleming's best points lie, along each parameter. */
export const MOVED: readonly number[] = [0.17, -0.119, 0.068];

const away = (v: number): number => Math.abs(v - INSIDE) / Math.max(INSIDE, 1 - INSIDE);
const spread = (x: readonly number[]): number =>
  1 + (9 * x.slice(1).reduce((sum, v) => sum + away(v), 0)) / (x.length - 1);
const zdt = (bend: (share: number) => number): GoalTask => ({
  size: 5,
  value: (x) => [x[0]!, spread(x) * (1 - bend(x[0]! / spread(x)))],
  reference: [1.1, 6],
  best: (share) => [share, INSIDE, INSIDE, INSIDE, INSIDE],
});

/** By name. */
export const goalTasks: Readonly<Record<"zdt1" | "zdt2" | "fonseca", GoalTask>> = {
  zdt1: zdt(Math.sqrt),
  zdt2: zdt((share) => share ** 2),
  fonseca: {
    size: 3,
    value: (x) => {
      const side = (sign: number): number =>
        1 - Math.exp(-x.reduce((sum, v, at) => sum + (8 * (v - MOVED[at]!) - 4 + sign / Math.sqrt(x.length)) ** 2, 0));
      return [side(-1), side(1)];
    },
    reference: [1.05, 1.05],
    best: (share) => MOVED.map((by) => 0.5 + by + (2 * share - 1) / (8 * Math.sqrt(3))),
  },
};
