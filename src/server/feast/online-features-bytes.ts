// Feast's answer to an online read, column by column: keys first, then features view by view, each with a status and a time per row. The times
// and statuses of a view's features are the same for all of them as a rule, and are then written once and copied.

import type { DataType, Instant, Value } from "../../core/core.ts";
import { formatInstant } from "../../core/core.ts";
import {
  type FeatureReads,
  type KeyRead,
  type SelectedView,
  type ValueStatus,
  valueStatus,
} from "../../platform/platform.ts";
import { type AnswerBytes, answerBytes } from "../answer-bytes.ts";
import { orNull, type ValueWriter, valueWriter, writeToSecond } from "../value-bytes.ts";
import type { FeastSelection } from "./feature-references.ts";

/** One entity column as it is echoed. */
export interface KeyColumn {
  readonly name: string;
  readonly type: DataType;
  readonly values: readonly Value[];
}

const COMMA = 44;

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
function feastWriter(type: DataType): ValueWriter {
  if (type === "int64") return orNull(writeWhole);
  if (type === "timestamp") return orNull((out, value: Instant) => out.text(String(secondsOf(value))));
  if (typeof type === "object" && type.kind === "list") {
    const item = feastWriter(type.of);
    return orNull((out, values: readonly Value[]) => {
      out.text("[");
      writeAll(out, values, item);
      out.text("]");
    });
  }
  return valueWriter(type);
}

function writeWhole(out: AnswerBytes, value: bigint | number): void {
  const number = Number(value);
  if (Number.isSafeInteger(number)) out.whole(number);
  else out.text(String(value));
}

function writeAll(out: AnswerBytes, values: readonly Value[], write: ValueWriter): void {
  values.forEach((value, index) => {
    if (index > 0) out.character(COMMA);
    write(out, value);
  });
}

function secondsOf(instant: Instant): bigint {
  const seconds = instant / 1_000_000n;
  return instant % 1_000_000n < 0n ? seconds - 1n : seconds;
}

/** Writes an instant with no, three or six digits of a second's fraction. */
function writeTime(out: AnswerBytes, instant: Instant): void {
  const micros = Number(instant);
  if (micros < 0 || !Number.isSafeInteger(micros)) {
    out.text(feastInstant(instant));
    return;
  }
  const fraction = writeToSecond(out, micros);
  if (fraction > 0) out.text(fraction % 1000 === 0 ? `.${padded(fraction / 1000, 3)}` : `.${padded(fraction, 6)}`);
  out.text('Z"');
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

function feastInstant(instant: Instant): string {
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
export function onlineFeaturesBytes(
  { names }: FeastSelection,
  keys: readonly KeyColumn[],
  { selection, views }: FeatureReads,
  count: number,
  withViews: boolean,
): Buffer {
  const epochs = repeated(EPOCH, count);
  const present = `],"statuses":[${repeated(statuses.present, count)}],"event_timestamps":[`;
  const allPresent = Buffer.from(present);
  return answerBytes((out) => {
    out.text('{"results":[');
    keys.forEach(({ type, values }, index) => {
      out.text(index === 0 ? '{"values":[' : ',{"values":[');
      writeAll(out, values, feastWriter(type));
      out.raw(allPresent);
      out.text(`${epochs}]}`);
    });
    selection.views.forEach((view, index) => {
      writeView(out, view, views[index]?.keys ?? [], allPresent, keys.length + index > 0);
    });
    const all = [...keys.map(({ name }) => name), ...names.flat()];
    const versions = withViews ? `,"feature_view_metadata":[${selection.views.map(viewText).join(",")}]` : "";
    out.text(`],"metadata":{"feature_names":${JSON.stringify(all)}${versions}}}`);
  });
}

function writeView(
  out: AnswerBytes,
  { features }: SelectedView,
  reads: readonly KeyRead[],
  allPresent: Uint8Array,
  isAfter: boolean,
): void {
  const arePresent = reads.every(({ status, rejected = [] }) => status === "present" && rejected.length === 0);
  let times: { readonly start: number; readonly end: number } | undefined;
  features.forEach((feature, place) => {
    const write = feastWriter(feature.type);
    out.text(isAfter || place > 0 ? ',{"values":[' : '{"values":[');
    for (let row = 0; row < reads.length; row += 1) {
      if (row > 0) out.character(COMMA);
      write(out, (reads[row] as KeyRead).values[place] ?? null);
    }
    if (arePresent) out.raw(allPresent);
    else {
      const found = reads.map((read) => statuses[valueStatus(feature, read, place)]).join(",");
      out.text(`],"statuses":[${found}],"event_timestamps":[`);
    }
    if (times) out.again(times.start, times.end);
    else {
      const start = out.length;
      reads.forEach(({ event }, row) => {
        if (row > 0) out.character(COMMA);
        if (event === null) out.text(EPOCH);
        else writeTime(out, event);
      });
      times = { start, end: out.length };
    }
    out.text("]}");
  });
}

function viewText({ spec }: { readonly spec: { readonly name: string } }): string {
  const [name, version] = spec.name.split("@");
  return version === undefined ? `{"name":"${name}"}` : `{"name":"${name}","version":${version}}`;
}
