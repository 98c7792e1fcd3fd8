// The tables about rows that were turned away: batches in files with their counts here, and looks at expectations over time.

/** Where a batch of quarantined rows stands; only a held one still has its rows. */
export type QuarantineStatus = "held" | "released" | "dropped" | "replaced";

/** Where a batch's rows came from: known in a range of time, of a source without times, or sent over HTTP. */
export type QuarantineKind = "known" | "timeless" | "pushed";

/** Tables of the quarantine. */
export interface GuardTables {
  /** How far a source has been looked through for rows to set aside, per set of expectations. */
  readonly quarantine_marks: {
    readonly source: string;
    readonly expectations_hash: string;
    /** Every row known up to here has been looked at. */
    readonly through: number | null;
    /** The state of the files when rows without times, and rows that came late, were last looked at. */
    readonly files_state: string | null;
    /** How many rows known up to `through` fail, and a sum of their hashes; null in records from before it was kept. */
    readonly failing: string | null;
    readonly at: number;
  };
  readonly quarantine_batches: QuarantineBatchRow;
  readonly expectation_looks: {
    readonly id: string;
    readonly source: string;
    /** As it was written. */
    readonly expectation: string;
    readonly at: number;
    readonly files_state: string;
    readonly passed: number;
    /** JSON: what was seen. */
    readonly observed: string;
  };
}

interface QuarantineBatchRow {
  readonly id: string;
  readonly source: string;
  readonly expectations_hash: string;
  readonly kind: QuarantineKind;
  /** Exclusive; null from the beginning, or without times. */
  readonly known_from: number | null;
  /** Inclusive. */
  readonly known_to: number | null;
  readonly row_count: number;
  /** JSON: rows by the expectation that they fail; a row may fail several. */
  readonly reasons: string;
  readonly blob: string;
  readonly status: QuarantineStatus;
  readonly at: number;
  readonly closed_at: number | null;
  readonly closed_by: string | null;
}
