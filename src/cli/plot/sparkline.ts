import { type Canvas, extent } from "./marks.ts";

const FINE = [..."▁▂▃▄▅▆▇█"];
const PLAIN = [..."_.,-~=+#"];

/** A row of values as one mark each, between their least and greatest; more values than fit are averaged. A gap where none is finite. */
export function sparkline(values: readonly number[], { width, plain }: Canvas): string {
  const range = extent(values);
  if (!range) return "";
  const marks = plain ? PLAIN : FINE;
  const [low, high] = range;
  return thinned(values, width)
    .map((value) => {
      if (!Number.isFinite(value)) return " ";
      const share = high === low ? 0.5 : (value - low) / (high - low);
      return marks[Math.min(marks.length - 1, Math.floor(share * marks.length))] ?? " ";
    })
    .join("");
}

/** At most `count` values: the mean of the finite ones of each stretch. */
function thinned(values: readonly number[], count: number): readonly number[] {
  if (values.length <= count) return values;
  return Array.from({ length: count }, (_, place) => {
    const from = Math.floor((place * values.length) / count);
    const to = Math.max(from + 1, Math.floor(((place + 1) * values.length) / count));
    const finite = values.slice(from, to).filter(Number.isFinite);
    return finite.length === 0 ? Number.NaN : finite.reduce((sum, value) => sum + value, 0) / finite.length;
  });
}
