// Feature reads as JSON text, written by hand: names and types once at the top, then per key and view its values in that order.

import type { Instant } from "../core/core.ts";
import type { FeatureReads, KeyRead, SelectedView, ValueStatus } from "../platform/platform.ts";
import { valueStatus } from "../platform/platform.ts";
import { instantText, valueText } from "./value-text.ts";

/** Writes one key's read of one view. */
type KeyText = (read: KeyRead, at: Instant) => string;

const statusTexts: Readonly<Record<ValueStatus, string>> = {
  present: '"present"',
  null: '"null"',
  expired: '"expired"',
  missing: '"missing"',
  rejected: '"rejected"',
};

const writers = new WeakMap<SelectedView, KeyText>();

function writerOf(view: SelectedView): KeyText {
  const known = writers.get(view);
  if (known) return known;
  const columns = view.features.map((feature) => ({ feature, text: valueText(feature.type) }));
  const start = `${JSON.stringify(view.spec.name)}:{"status":`;
  const writer: KeyText = (read, at) => {
    const { status, event, values } = read;
    let cells = "";
    let statuses = "";
    for (let place = 0; place < columns.length; place += 1) {
      const { feature, text } = columns[place] as (typeof columns)[number];
      const value = values[place] ?? null;
      cells += place === 0 ? text(value) : `,${text(value)}`;
      const found = statusTexts[valueStatus(feature, read, place)];
      statuses += place === 0 ? found : `,${found}`;
    }
    const fresh = event === null ? "null" : `${instantText(event)},"age_seconds":${Number(at - event) / 1e6}`;
    return `${start}${statusTexts[status]},"event_time":${event === null ? 'null,"age_seconds":null' : fresh},"values":[${cells}],"statuses":[${statuses}]}`;
  };
  writers.set(view, writer);
  return writer;
}

/** `{ at, views: { view: { features, materialized_through } }, results: [{ view: { status, event_time, age_seconds, values, statuses } }] }`. */
export function featuresText({ selection, at, views }: FeatureReads, count: number): string {
  const head = selection.views.map(({ spec, features }, index) => {
    const named = features.map(({ name, type }) => `{"name":"${name}","type":${JSON.stringify(type)}}`).join(",");
    const through = views[index]?.through ?? null;
    return `"${spec.name}":{"features":[${named}],"materialized_through":${through === null ? "null" : instantText(through)}}`;
  });
  const write = selection.views.map(writerOf);
  let results = "";
  for (let row = 0; row < count; row += 1) {
    let parts = "";
    for (let index = 0; index < write.length; index += 1) {
      const part = write[index]?.(views[index]?.keys[row] as KeyRead, at) ?? "";
      parts += index === 0 ? part : `,${part}`;
    }
    results += row === 0 ? `{${parts}}` : `,{${parts}}`;
  }
  return `{"at":${instantText(at)},"views":{${head.join(",")}},"results":[${results}]}`;
}
