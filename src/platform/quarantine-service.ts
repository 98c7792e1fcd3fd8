// The quarantine as documents: what the command line prints as JSON and the server answers.

import { type DataType, formatInstant, type Instant, type Value, valueToJson } from "../core/core.ts";
import { definitionsOf } from "../define/define.ts";
import { type QuarantineBatch, type QuarantineFilter, quarantineCounts } from "../guard/guard.ts";
import { listQuarantined, readQuarantined } from "./guard-operations.ts";
import type { Platform } from "./open.ts";

/** A batch as JSON: times as ISO 8601. */
export interface QuarantineDocument extends Omit<QuarantineBatch, "knownFrom" | "knownTo" | "at" | "closedAt"> {
  readonly knownFrom: string | null;
  readonly knownTo: string | null;
  readonly at: string;
  readonly closedAt: string | null;
}

/** A row of a batch as JSON. */
export interface QuarantinedRowDocument {
  readonly reasons: readonly string[];
  readonly file: string | null;
  readonly known: string | null;
  readonly row: Readonly<Record<string, unknown>>;
}

/** What can be asked of the quarantine while serving. */
export interface Quarantine {
  list(filter: QuarantineFilter): Promise<readonly QuarantineDocument[]>;
  show(
    batch: string,
    limit?: number,
  ): Promise<{ readonly batch: QuarantineDocument; readonly rows: readonly QuarantinedRowDocument[] }>;
  /** Rows held, by source. */
  counts(): Promise<readonly { readonly source: string; readonly rows: number }[]>;
}

/** The quarantine of an open platform. */
export function quarantineOf(platform: Platform): Quarantine {
  return {
    list: async (filter) => (await listQuarantined(platform, filter)).map(quarantineDocument),
    async show(id, limit) {
      const { batch, rows } = await readQuarantined(platform, id, limit);
      const source = definitionsOf(platform.project, "source").find(({ name }) => name === batch.source);
      const types = new Map(source?.columns.map(({ name, type }) => [name, type]));
      const shown = rows.map(({ known, row, ...rest }) => ({ ...rest, known: text(known), row: cells(row, types) }));
      return { batch: quarantineDocument(batch), rows: shown };
    },
    counts: () => quarantineCounts(platform.guard),
  };
}

/** A batch as a document. */
export function quarantineDocument({
  knownFrom,
  knownTo,
  at,
  closedAt,
  ...batch
}: QuarantineBatch): QuarantineDocument {
  return {
    ...batch,
    knownFrom: text(knownFrom),
    knownTo: text(knownTo),
    at: formatInstant(at),
    closedAt: text(closedAt),
  };
}

const text = (instant: Instant | null): string | null => (instant === null ? null : formatInstant(instant));

/** A row's values; of a column that is no longer declared, as text. */
function cells(
  row: Readonly<Record<string, Value>>,
  types: ReadonlyMap<string, DataType>,
): Readonly<Record<string, unknown>> {
  const cell = (name: string, value: Value): unknown => {
    const type = types.get(name);
    if (type !== undefined) return valueToJson(type, value);
    return value === null ? null : String(value);
  };
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(name, value)]));
}
