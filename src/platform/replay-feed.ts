// What a replay is fed with: source rows in the order in which they became known, and prediction rows in the order of their times, both
// read a week at a time and handed out by the moment.

import { days, floorTo, type Instant, rowAt, type Value } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import {
  applyViews,
  type Cursor,
  cursorsOf,
  knownOf,
  materializedThrough,
  type OnlineView,
  onlineView,
  streamRows,
  type ViewRows,
} from "../features/features.ts";
import type { OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { rowFields } from "../scoring/scoring.ts";

const CHUNK = days(7);

/** Brings a model's views forward, moment by moment. */
export interface FeatureFeed {
  /** Adds everything known up to `instant` to the online store. */
  advanceTo(instant: Instant): Promise<void>;
}

/** A feed that goes on from where the store stands; every view must have been materialised. */
export async function featureFeed(
  engines: { readonly offline: OfflineEngine; readonly online: OnlineStore },
  model: ModelSpec,
): Promise<FeatureFeed> {
  const feeds = await Promise.all(
    model.views
      .map(onlineView)
      .filter((view) => !view.isStatic)
      .map((view) => viewFeed(engines, view)),
  );
  return {
    async advanceTo(instant) {
      const known: ViewRows[] = [];
      for (const feed of feeds) {
        const rows = await feed(instant);
        if (rows) known.push(rows);
      }
      if (known.length > 0) await applyViews(engines.online, known);
    },
  };
}

/** Gives the rows of a view that became known since it was last asked; undefined when there are none. */
async function viewFeed(
  { offline, online }: { readonly offline: OfflineEngine; readonly online: OnlineStore },
  view: OnlineView,
): Promise<(instant: Instant) => Promise<ViewRows | undefined>> {
  let through = await materializedThrough(online, view);
  let read = through;
  let waiting: readonly Cursor[] = [];
  let next = 0;
  return async (instant) => {
    while (read === undefined || read < instant) {
      const to: Instant = (read ?? instant) + CHUNK;
      const rest = waiting.slice(next);
      const fresh: Cursor[] = [];
      for await (const table of streamRows(offline, view, read, to)) fresh.push(...cursorsOf(table));
      waiting = [...rest, ...fresh];
      next = 0;
      read = to;
    }
    const start = next;
    while (next < waiting.length && knownOf(waiting[next] as Cursor) <= instant) next += 1;
    // Where nothing became known there is nothing to write; the watermark may stay behind without hiding anything.
    if (next === start) return undefined;
    const expected = through;
    through = instant;
    return { view, rows: waiting.slice(start, next), expected, through: instant };
  };
}

/** One row that asks for a prediction. */
export interface AskingRow {
  readonly id: string;
  readonly at: Instant;
  readonly row: Readonly<Record<string, Value>>;
}

/** The prediction rows of [from, to), by time; those of one moment together. */
export async function* askingRows(
  offline: OfflineEngine,
  model: ModelSpec,
  from: Instant,
  to: Instant,
): AsyncGenerator<readonly AskingRow[]> {
  const { dialect } = offline;
  const { rows } = model;
  await offline.check(rows);
  const quote = dialect.identifier;
  const fields = rowFields(model).map(({ name }) => `s.${quote(name)}`);
  const time = `s.${quote(rows.eventTime ?? "")}`;
  const at = `epoch_us(${time})`;
  const id = `s.${quote(rows.id ?? "")}`;
  for (let start = floorTo(from, CHUNK); start < to; start += CHUNK) {
    const [low, high] = [start > from ? start : from, start + CHUNK < to ? start + CHUNK : to];
    let moment: AskingRow[] = [];
    const sql = `SELECT ${id}::VARCHAR AS ${quote("#id")}, ${at} AS ${quote("#at")}, ${fields.join(", ")} FROM ${dialect.scan(rows)} s WHERE ${time} >= make_timestamp(${low}) AND ${time} < make_timestamp(${high}) ORDER BY 2, 1`;
    for await (const table of offline.stream(sql))
      for (let index = 0; index < table.rowCount; index += 1) {
        const { "#id": key, "#at": time, ...row } = rowAt(table, index);
        if (moment[0] && moment[0].at !== time) {
          yield moment;
          moment = [];
        }
        moment.push({ id: String(key), at: time as Instant, row });
      }
    if (moment.length > 0) yield moment;
  }
}
