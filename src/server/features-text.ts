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

/** What is written the same way each time a view is read. */
interface ViewWriter {
  readonly head: string;
  readonly key: KeyText;
}

const writers = new WeakMap<SelectedView, ViewWriter>();

function writerOf(view: SelectedView): ViewWriter {
  const known = writers.get(view);
  if (known) return known;
  const columns = view.features.map((feature) => ({ feature, text: valueText(feature.type) }));
  const name = JSON.stringify(view.spec.name);
  const start = `${name}:{"status":`;
  const allPresent = columns.map(() => statusTexts.present).join(",");
  const key: KeyText = (read, at) => {
    const { status, event, values } = read;
    let cells = "";
    let isPresent = status === "present";
    for (let place = 0; place < columns.length; place += 1) {
      const value = values[place] ?? null;
      if (value === null) isPresent = false;
      cells += place === 0 ? columns[place]?.text(value) : `,${columns[place]?.text(value)}`;
    }
    const statuses = isPresent
      ? allPresent
      : columns.map(({ feature }, place) => statusTexts[valueStatus(feature, read, place)]).join(",");
    const fresh =
      event === null ? 'null,"age_seconds":null' : `${instantText(event)},"age_seconds":${Number(at - event) / 1e6}`;
    return `${start}${statusTexts[status]},"event_time":${fresh},"values":[${cells}],"statuses":[${statuses}]}`;
  };
  const named = view.features.map((feature) => `{"name":"${feature.name}","type":${JSON.stringify(feature.type)}}`);
  const writer = { head: `${name}:{"features":[${named.join(",")}],"materialized_through":`, key };
  writers.set(view, writer);
  return writer;
}

/** `{ at, views: { view: { features, materialized_through } }, results: [{ view: { status, event_time, age_seconds, values, statuses } }] }`. */
export function featuresText({ selection, at, views }: FeatureReads, count: number): string {
  const write = selection.views.map(writerOf);
  const head = write.map((writer, index) => {
    const through = views[index]?.through ?? null;
    return `${writer.head}${through === null ? "null" : instantText(through)}}`;
  });
  let results = "";
  for (let row = 0; row < count; row += 1) {
    let parts = "";
    for (let index = 0; index < write.length; index += 1) {
      const part = write[index]?.key(views[index]?.keys[row] as KeyRead, at) ?? "";
      parts += index === 0 ? part : `,${part}`;
    }
    results += row === 0 ? `{${parts}}` : `,{${parts}}`;
  }
  return `{"at":${instantText(at)},"views":{${head.join(",")}},"results":[${results}]}`;
}
