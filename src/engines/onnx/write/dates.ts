// Parts of dates in whole numbers of days, as operators: the algorithms of core/calendar.ts (H. Hinnant, "chrono-compatible low-level date algorithms").
// ONNX's division of integers cuts towards 0 and its remainder has the divisor's sign, so a division that rounds down takes the remainder away first.

import type { DatePart } from "../../../core/core.ts";
import type { GraphWriter, Tensor } from "./graph.ts";

const HOUR = 3_600_000_000;
const MINUTE = 60_000_000;
const DAY = 86_400_000_000;

/** Whole-number arithmetic of tensors with numbers. */
function arithmetic(graph: GraphWriter) {
  const n = (value: Tensor | number): Tensor => (typeof value === "number" ? graph.int64([value]) : value);
  const two =
    (operator: string) =>
    (a: Tensor | number, b: Tensor | number): Tensor =>
      graph.op(operator, [n(a), n(b)]);
  const [plus, minus, times, cut, modulo, less] = ["Add", "Sub", "Mul", "Div", "Mod", "Less"].map(two) as [
    ...[ReturnType<typeof two>, ReturnType<typeof two>, ReturnType<typeof two>],
    ...[ReturnType<typeof two>, ReturnType<typeof two>, ReturnType<typeof two>],
  ];
  const divide = (a: Tensor | number, b: number): Tensor => cut(minus(a, modulo(a, b)), b);
  return { n, plus, minus, times, cut, modulo, less, divide };
}

/** Days since the epoch, and microseconds since that day began, of microseconds since the epoch. */
export function daysAndMicros(graph: GraphWriter, moment: Tensor): readonly [days: Tensor, micros: Tensor] {
  const { divide, modulo } = arithmetic(graph);
  return [divide(moment, DAY), modulo(moment, DAY)];
}

/** One part, as int64. */
export function datePart(graph: GraphWriter, part: DatePart, days: Tensor, micros: Tensor): Tensor {
  const { n, plus, minus, times, cut, modulo, less, divide } = arithmetic(graph);
  if (part === "hourOfDay") return cut(micros, HOUR);
  if (part === "minuteOfHour") return modulo(cut(micros, MINUTE), 60);
  if (part === "dayOfWeek") return plus(modulo(plus(days, 3), 7), 1);
  const shifted = plus(days, 719_468);
  const era = divide(shifted, 146_097);
  const dayOfEra = modulo(shifted, 146_097);
  const yearOfEra = cut(
    minus(plus(minus(dayOfEra, cut(dayOfEra, 1460)), cut(dayOfEra, 36_524)), cut(dayOfEra, 146_096)),
    365,
  );
  const fromMarch = minus(dayOfEra, minus(plus(times(yearOfEra, 365), cut(yearOfEra, 4)), cut(yearOfEra, 100)));
  const marchMonth = cut(plus(times(fromMarch, 5), 2), 153);
  if (part === "dayOfMonth") return plus(minus(fromMarch, cut(plus(times(marchMonth, 153), 2), 5)), 1);
  const month = graph.op("Where", [less(marchMonth, 10), plus(marchMonth, 3), minus(marchMonth, 9)]);
  if (part === "month") return month;
  const year = plus(plus(yearOfEra, times(era, 400)), graph.op("Where", [less(month, 3), n(1), n(0)]));
  if (part === "year") return year;
  // The first of January is day 306 of the year that began in March before.
  const before = minus(year, 1);
  const ofEra = modulo(before, 400);
  const first = plus(
    plus(times(divide(before, 400), 146_097), minus(plus(times(ofEra, 365), cut(ofEra, 4)), cut(ofEra, 100))),
    306 - 719_468,
  );
  return plus(minus(days, first), 1);
}
