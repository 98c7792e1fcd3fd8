// Tasks that no rule of ours was chosen on: other functions, other tables, other branches than tasks.ts has, written after `auto` was fixed. What is
// said of the tuner is said of these; the others flatter it.

import { bool, categorical, float, int, type Params, when } from "slipway/tuning";
import { drawsOf } from "./draws.ts";
import { boosted, descended } from "./held-out-real.ts";
import {
  choices,
  log10,
  logged,
  type Make,
  mixed,
  noisy,
  numeric,
  onGrid,
  shifted,
  sphere,
  sum,
  type Task,
} from "./tasks.ts";

const { PI, abs, cos, exp, floor, sin, sqrt } = Math;

const hartmann3: Make = (x) => {
  const b = [
    [3, 10, 30],
    [0.1, 10, 35],
    [3, 10, 30],
    [0.1, 10, 35],
  ];
  const p = [
    [0.3689, 0.117, 0.2673],
    [0.4699, 0.4387, 0.747],
    [0.1091, 0.8732, 0.5547],
    [0.0381, 0.5743, 0.8828],
  ];
  return -sum(
    [1, 1.2, 3, 3.2],
    (a, row) => a * exp(-sum(b[row]!, (each, index) => each * (x[index]! - p[row]![index]!) ** 2)),
  );
};
const zakharov: Make = (x) => {
  const along = sum(x, (value, index) => 0.5 * (index + 1) * value);
  return sphere(x) + along ** 2 + along ** 4;
};
const dixonPrice: Make = (x) => {
  // Moved so that its optimum is at 0.
  const y = x.map((value, index) => value + 2 ** -((2 ** (index + 1) - 2) / 2 ** (index + 1)));
  return (y[0]! - 1) ** 2 + sum(y.slice(1), (value, index) => (index + 2) * (2 * value * value - y[index]!) ** 2);
};
const styblinski: Make = (x) =>
  sum(x, (value) => {
    const y = value - 2.903534;
    return (y ** 4 - 16 * y * y + 5 * y) / 2 + 39.16616570377142;
  });
const salomon: Make = (x) => {
  const length = sqrt(sphere(x));
  return 1 - cos(2 * PI * length) + 0.1 * length;
};
const cigar: Make = (x) => x[0]! ** 2 + 1000 * sum(x.slice(1), (value) => value * value);
const powers: Make = (x) => sum(x, (value, index) => abs(value) ** (index + 2));
const schaffer: Make = (x) =>
  sum(x.slice(1), (value, index) => {
    const both = x[index]! ** 2 + value ** 2;
    return 0.5 + (sin(sqrt(both)) ** 2 - 0.5) / (1 + 0.001 * both) ** 2;
  });

/** One optimum inside, and a wide valley to another that is worse. */
const twoValleys: Make = (x) => Math.min(sphere(x), 1.5 + 0.3 * sphere(x.map((value) => value + 3)));

const pipeline: Task = {
  name: "a pipeline of steps",
  kind: "conditional",
  space: {
    scale: categorical(["none", "standard", "quantile"]),
    quantiles: when({ scale: ["quantile"] }, int(5, 500, { log: true })),
    reduce: bool(),
    components: when({ reduce: [true] }, int(2, 40)),
    model: categorical(["linear", "forest", "network"]),
    penalty: when({ model: ["linear", "network"] }, float(1e-6, 10, { log: true })),
    trees: when({ model: ["forest"] }, int(10, 600, { log: true })),
    leaf: when({ model: ["forest"] }, int(1, 50, { log: true })),
    width: when({ model: ["network"] }, int(4, 256, { log: true })),
    rate: when({ model: ["network"] }, float(1e-4, 0.3, { log: true })),
  },
  value(p) {
    const scale = { none: 0.15, standard: 0.03, quantile: 0 }[p["scale"] as string]!;
    const quantile = p["scale"] === "quantile" ? 0.02 * (log10(p["quantiles"]) - 1.7) ** 2 : 0;
    const reduce = p["reduce"] ? 0.0008 * ((p["components"] as number) - 17) ** 2 : 0.06;
    // Trees do not mind how columns are scaled, and lose by fewer of them.
    if (p["model"] === "forest")
      return (
        0.05 +
        0.3 * scale +
        2 * (p["reduce"] ? 0.05 : 0) +
        0.03 * (log10(p["trees"]) - 2.4) ** 2 +
        0.05 * (log10(p["leaf"]) - 0.5) ** 2
      );
    if (p["model"] === "linear") return 0.12 + scale + quantile + reduce + 0.01 * (log10(p["penalty"]) + 0.5) ** 2;
    return (
      2 * scale +
      quantile +
      reduce +
      0.02 * (log10(p["penalty"]) + 3) ** 2 +
      0.08 * (log10(p["rate"]) + 2) ** 2 +
      0.05 * (log10(p["width"]) - 1.8) ** 2
    );
  },
  optimum: Number.NaN,
  noise: 0,
};

const kinds: Task = {
  name: "five kinds of one thing",
  kind: "conditional",
  space: {
    which: categorical(["a", "b", "c", "d", "e"]),
    ...Object.fromEntries(
      ["a", "b", "c", "d", "e"].flatMap((name) => [
        [`x${name}`, when({ which: [name] }, float(0, 1))],
        [`y${name}`, when({ which: [name] }, float(0, 1))],
      ]),
    ),
    all: float(0, 1),
  },
  value(p) {
    const which = "abcde".indexOf(p["which"] as string);
    const at = drawsOf("kinds", which);
    const [x, y, sharp] = [0.15 + 0.7 * at.next(), 0.15 + 0.7 * at.next(), 1 + 12 * at.next()];
    const name = p["which"] as string;
    const away = ((p[`x${name}`] as number) - x) ** 2 + ((p[`y${name}`] as number) - y) ** 2;
    return [0.3, 0.12, 0, 0.22, 0.4][which]! + sharp * away + 0.8 * ((p["all"] as number) - 0.3) ** 2;
  },
  optimum: 0,
  noise: 0,
};

const orders: Task = {
  name: "an order of six",
  kind: "categorical",
  space: Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`p${index}`, categorical(["k", "l", "m", "n", "o", "p"])]),
  ),
  value(p: Params) {
    const digits = Array.from({ length: 6 }, (_, index) => "klmnop".indexOf(p[`p${index}`] as string));
    const best = [2, 0, 5, 1, 3, 4];
    const wrong = digits.filter((digit, index) => digit !== best[index]).length;
    const twice = 6 - new Set(digits).size;
    return wrong + 0.5 * twice + (digits[0] === 3 ? 0.3 : 0);
  },
  optimum: 0,
  noise: 0,
};

/** Every held-out task. */
export const heldOutTasks: readonly Task[] = [
  numeric("hartmann 3", 3, hartmann3, { optimum: -3.862779787332663 }),
  numeric("zakharov 6, turned", 6, shifted(zakharov, 101, 6, 6, true)),
  numeric("dixon and price 5", 5, shifted(dixonPrice, 102, 5, 5, false)),
  numeric(
    "styblinski and tang 5",
    5,
    shifted((x) => styblinski(x), 103, 5, 6, false),
  ),
  numeric("salomon 4, turned", 4, shifted(salomon, 104, 4, 6, true)),
  numeric("cigar 8, turned", 8, shifted(cigar, 105, 8, 4, true)),
  numeric("different powers 12", 12, shifted(powers, 106, 12, 3, true)),
  numeric("schaffer 3, turned", 3, shifted(schaffer, 107, 3, 14, true)),
  numeric("two valleys 6", 6, shifted(twoValleys, 108, 6, 8, true)),
  logged("powers over decades 4", 4, shifted(powers, 111, 4, 4, true)),
  logged(
    "narrow ridge over decades 3",
    3,
    shifted((x) => sqrt(cigar(x)), 112, 3, 5, true),
  ),
  logged(
    "flat at the ends 6",
    6,
    shifted((x) => 1 - exp(-0.5 * sphere(x)), 113, 6, 4, true),
  ),
  onGrid("whole zakharov 5", 5, int(0, 30), zakharov, 121),
  onGrid("stepped powers 6", 6, float(-1, 1, { step: 0.05 }), powers, 122),
  onGrid("whole schaffer 3", 3, int(-20, 20), (x) => schaffer(x.map((value) => value * 1.5)), 123),
  mixed("mixed zakharov 3+2+2", 3, 2, 2, zakharov, 131, 3, 0.25),
  mixed("mixed powers 6+0+3", 6, 0, 3, powers, 132, 3, 0.3),
  mixed("mixed salomon 2+2+1", 2, 2, 1, salomon, 133, 5, 0.3),
  choices("ten choices of three", 10, 3, 12, 141),
  choices("four choices of nine", 4, 9, 3, 142),
  orders,
  pipeline,
  kinds,
  noisy(numeric("", 4, shifted(zakharov, 151, 4, 4, true)), "noisy zakharov 4", 3),
  noisy(numeric("", 3, hartmann3, { optimum: -3.862779787332663 }), "noisy hartmann 3", 0.3),
  noisy(logged("", 3, shifted(sphere, 153, 3, 5, true)), "noisy bowl over decades 3", 0.5),
  {
    ...numeric(
      "stairs of two heights 4",
      4,
      shifted((x) => sum(x, (v) => floor(abs(v))) + 0.5 * floor(sphere(x) / 2), 161, 4, 8, true),
    ),
    kind: "plateau",
  },
  {
    ...numeric(
      "wide plain 5",
      5,
      shifted((x) => Math.min(1, sphere(x) / 9), 162, 5, 9, false),
    ),
    kind: "plateau",
  },
  boosted,
  descended,
];
