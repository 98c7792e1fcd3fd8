// Feature reads as JSON, written by hand: names and types once at the top, then per key and view its values in that order.

import type { Instant } from "../core/core.ts";
import type { FeatureReads, KeyRead, SelectedView, ValueStatus } from "../platform/platform.ts";
import { valueStatus } from "../platform/platform.ts";
import { type AnswerBytes, answerBytes } from "./answer-bytes.ts";
import { valueWriter, writeInstant, writeSeconds } from "./value-bytes.ts";

const COMMA = 44;

const statusTexts: Readonly<Record<ValueStatus, Uint8Array>> = {
  present: Buffer.from('"present"'),
  null: Buffer.from('"null"'),
  expired: Buffer.from('"expired"'),
  missing: Buffer.from('"missing"'),
  rejected: Buffer.from('"rejected"'),
};

const EVENT = Buffer.from(',"event_time":');
const AGE = Buffer.from(',"age_seconds":');
const NO_EVENT = Buffer.from('null,"age_seconds":null');
const VALUES = Buffer.from(',"values":[');
const STATUSES = Buffer.from('],"statuses":[');
const END = Buffer.from("]}");

/** What is written the same way each time a view is read. */
interface ViewWriter {
  readonly head: string;
  /** Writes one key's read. */
  key(out: AnswerBytes, read: KeyRead, at: Instant): void;
}

const writers = new WeakMap<SelectedView, ViewWriter>();

function writerOf(view: SelectedView): ViewWriter {
  const known = writers.get(view);
  if (known) return known;
  const { features, spec } = view;
  const writes = features.map(({ type }) => valueWriter(type));
  const name = JSON.stringify(spec.name);
  const start = Buffer.from(`${name}:{"status":`);
  const allPresent = Buffer.from(`],"statuses":[${features.map(() => '"present"').join(",")}]}`);
  const key: ViewWriter["key"] = (out, read, at) => {
    const { status, event, values } = read;
    out.raw(start);
    out.raw(statusTexts[status]);
    out.raw(EVENT);
    if (event === null) out.raw(NO_EVENT);
    else {
      writeInstant(out, event);
      out.raw(AGE);
      writeSeconds(out, Number(at - event));
    }
    out.raw(VALUES);
    let isPresent = status === "present";
    for (let place = 0; place < writes.length; place += 1) {
      const value = values[place] ?? null;
      if (value === null) isPresent = false;
      if (place > 0) out.character(COMMA);
      writes[place]?.(out, value);
    }
    if (isPresent) {
      out.raw(allPresent);
      return;
    }
    out.raw(STATUSES);
    features.forEach((feature, place) => {
      if (place > 0) out.character(COMMA);
      out.raw(statusTexts[valueStatus(feature, read, place)]);
    });
    out.raw(END);
  };
  const named = features.map((feature) => `{"name":"${feature.name}","type":${JSON.stringify(feature.type)}}`);
  const writer = { head: `${name}:{"features":[${named.join(",")}],"materialized_through":`, key };
  writers.set(view, writer);
  return writer;
}

/** `{ at, views: { view: { features, materialized_through } }, results: [{ view: { status, event_time, age_seconds, values, statuses } }] }`. */
export function featuresBytes({ selection, at, views }: FeatureReads, count: number): Buffer {
  const write = selection.views.map(writerOf);
  return answerBytes((out) => {
    out.text('{"at":');
    writeInstant(out, at);
    out.text(',"views":{');
    write.forEach(({ head }, index) => {
      if (index > 0) out.character(COMMA);
      out.text(head);
      const through = views[index]?.through ?? null;
      if (through === null) out.text("null");
      else writeInstant(out, through);
      out.text("}");
    });
    out.text('},"results":[');
    for (let row = 0; row < count; row += 1) {
      out.text(row === 0 ? "{" : ",{");
      for (let index = 0; index < write.length; index += 1) {
        if (index > 0) out.character(COMMA);
        write[index]?.key(out, views[index]?.keys[row] as KeyRead, at);
      }
      out.text("}");
    }
    out.text("]}");
  });
}
