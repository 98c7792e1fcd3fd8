// Feast's answer to an online read, column by column: keys first, then features view by view, each with a status and a time per row. Written
// straight as text; the times and statuses of a view's features are the same for all of them as a rule, and are then written once.

import type { DataType, Instant, Value } from "../../core/core.ts";
import { formatInstant } from "../../core/core.ts";
import { type FeatureReads, type KeyRead, type ValueStatus, valueStatus } from "../../platform/platform.ts";
import { valueText } from "../value-text.ts";
import type { FeastSelection } from "./feature-references.ts";

/** One entity column as it is echoed. */
export interface KeyColumn {
  readonly name: string;
  readonly type: DataType;
  readonly values: readonly Value[];
}

/** A null that is stored is present in Feast; only what is not there, too old or not as expected is not. */
const statuses: Readonly<Record<ValueStatus, string>> = {
  present: '"PRESENT"',
  null: '"PRESENT"',
  expired: '"OUTSIDE_MAX_AGE"',
  missing: '"NOT_FOUND"',
  rejected: '"INVALID"',
};

const EPOCH = '"1970-01-01T00:00:00Z"';

/** Values as Feast has them: whole numbers of any size as JSON numbers, timestamps as whole seconds since the epoch. */
function feastValueText(type: DataType): (value: Value) => string {
  const orNull = (text: (value: never) => string) => (value: Value) => (value === null ? "null" : text(value as never));
  if (type === "int64") return orNull(wholeText);
  if (type === "timestamp") return orNull((value: Instant) => String(secondsOf(value)));
  if (typeof type === "object" && type.kind === "list") {
    const item = feastValueText(type.of);
    return orNull((value: readonly Value[]) => `[${value.map(item).join(",")}]`);
  }
  return valueText(type);
}

function wholeText(value: bigint): string {
  const number = Number(value);
  return String(Number.isSafeInteger(number) ? number : value);
}

function secondsOf(instant: Instant): bigint {
  const seconds = instant / 1_000_000n;
  return instant % 1_000_000n < 0n ? seconds - 1n : seconds;
}

/** An instant with no, three or six digits of a second's fraction. */
export function feastInstant(instant: Instant): string {
  const text = formatInstant(instant);
  const dot = text.indexOf(".");
  if (dot < 0) return `"${text}"`;
  const digits = text.slice(dot + 1, -1);
  return `"${text.slice(0, dot + 1)}${digits.padEnd(digits.length <= 3 ? 3 : 6, "0")}Z"`;
}

function repeated(text: string, count: number): string {
  return count === 0 ? "" : `${text}${`,${text}`.repeat(count - 1)}`;
}

/** The whole answer, for `count` rows. */
export function onlineFeaturesText(
  { names }: FeastSelection,
  keys: readonly KeyColumn[],
  { selection, views }: FeatureReads,
  count: number,
  withViews: boolean,
): string {
  const epochs = repeated(EPOCH, count);
  const present = repeated(statuses.present, count);
  const results = keys.map(({ type, values }) => {
    const text = feastValueText(type);
    return `{"values":[${values.map(text).join(",")}],"statuses":[${present}],"event_timestamps":[${epochs}]}`;
  });
  selection.views.forEach(({ features }, index) => {
    const reads = views[index]?.keys ?? [];
    const times = reads.map(timeText).join(",");
    const arePresent = reads.every(({ status, rejected = [] }) => status === "present" && rejected.length === 0);
    features.forEach((feature, place) => {
      const text = feastValueText(feature.type);
      let cells = "";
      for (let row = 0; row < reads.length; row += 1) {
        const cell = text((reads[row] as KeyRead).values[place] ?? null);
        cells += row === 0 ? cell : `,${cell}`;
      }
      const found = arePresent ? present : reads.map((read) => statuses[valueStatus(feature, read, place)]).join(",");
      results.push(`{"values":[${cells}],"statuses":[${found}],"event_timestamps":[${times}]}`);
    });
  });
  const all = [...keys.map(({ name }) => name), ...names.flat()];
  const versions = withViews ? `,"feature_view_metadata":[${selection.views.map(viewText).join(",")}]` : "";
  return `{"results":[${results.join(",")}],"metadata":{"feature_names":${JSON.stringify(all)}${versions}}}`;
}

function timeText({ event }: KeyRead): string {
  return event === null ? EPOCH : feastInstant(event);
}

function viewText({ spec }: { readonly spec: { readonly name: string } }): string {
  const [name, version] = spec.name.split("@");
  return version === undefined ? `{"name":"${name}"}` : `{"name":"${name}","version":${version}}`;
}
