// Where what happened to data is told as it happens, for tools that draw it across systems. A sink must: never throw, never wait and never hold more
// than a bounded number of events, because what it describes goes on whatever becomes of the description; and count what it could not deliver.

import type { Instant } from "../core/core.ts";

/** Data that something read or wrote, by the name that other tools know it by. */
export interface LineageDataset {
  /** `file`, `postgres://host:5432`, or `slipway://project` for what Slipway keeps. */
  readonly namespace: string;
  readonly name: string;
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
  /** What it is called in the definitions, and where it is. */
  readonly source?: { readonly name: string; readonly uri: string };
  readonly version?: string;
  /** Of an output: what each column is made from. */
  readonly madeFrom?: Readonly<Record<string, readonly LineageColumn[]>>;
  readonly statistics?: { readonly rows?: number; readonly bytes?: number; readonly files?: number };
  /** Figures by column. */
  readonly quality?: Readonly<Record<string, ColumnQuality>>;
}

/** A column that another one is made from. */
export interface LineageColumn {
  readonly namespace: string;
  readonly name: string;
  readonly column: string;
  /** `value`: its values go in; `key`, `time`: it decides which rows do. */
  readonly as: "value" | "key" | "time";
}

/** Figures of one column; what is not known is left out. */
export interface ColumnQuality {
  readonly nulls?: number;
  readonly distinct?: number;
  readonly min?: number;
  readonly max?: number;
}

/** A job that runs again and again. */
export interface LineageJob {
  readonly namespace: string;
  readonly name: string;
  readonly description: string;
}

/** Something that began or ended. */
export interface LineageEvent {
  readonly state: "start" | "complete" | "fail" | "abort";
  readonly at: Instant;
  /** A UUID, the same from start to end. */
  readonly runId: string;
  readonly job: LineageJob;
  readonly parent?: { readonly runId: string; readonly job: Pick<LineageJob, "namespace" | "name"> };
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageDataset[];
  readonly error?: string;
  /** The engine that does it. */
  readonly engine?: { readonly name: string; readonly version: string };
  readonly code?: LineageCode;
}

/** Where the definitions' code is. */
export interface LineageCode {
  /** The repository, without a password; a `file:` URL where there is no other. */
  readonly url: string;
  readonly commit: string;
  readonly branch?: string;
}

/** What became of the events so far. */
export interface LineageDelivery {
  readonly delivered: number;
  readonly lost: number;
  /** Why the last one that was lost was. */
  readonly problem?: string;
}

/** Takes events. */
export interface LineageSink {
  /** Where they go, as people may see it. */
  readonly place: string;
  emit(event: LineageEvent): void;
  /** Waits, for a bounded time, until every event was delivered or given up. */
  flush(): Promise<LineageDelivery>;
}
