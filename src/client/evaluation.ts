// Evaluations as the server keeps them: the document of `slipway evaluate --json`, with the parts that every task has.

/** One figure with its interval; null where the rows cannot answer. */
export interface ClientFigure {
  /** Stays the same: `auc`, `rmse`. */
  readonly name: string;
  readonly title: string;
  readonly better: "higher" | "lower";
  readonly value: number | null;
  readonly interval: { readonly low: number; readonly high: number } | null;
}

/** An evaluation of a version; what only some tasks have stands in it too. */
export interface ClientEvaluation {
  readonly model: string;
  readonly version: number;
  readonly task: "binary" | "multiclass" | "regression" | "ranking" | "survival";
  readonly rows: number;
  /** Which rows, in words, with the prediction times of the first and the last in ISO 8601. */
  readonly span: { readonly rows: string; readonly from: string | null; readonly to: string | null };
  readonly metrics: readonly ClientFigure[];
  /** Others on the same rows, and this version's figures minus theirs. */
  readonly comparisons: readonly {
    readonly who: string;
    readonly metrics: readonly ClientFigure[];
    readonly difference: readonly ClientFigure[];
  }[];
  readonly slices: readonly {
    readonly name: string;
    readonly rows: number;
    readonly label: number | null;
    readonly score: number | null;
    readonly metrics: readonly ClientFigure[];
  }[];
  readonly notes: readonly string[];
  readonly [more: string]: unknown;
}

/** An evaluation that is kept, by the rows it is of. */
export interface ClientKeptEvaluation {
  readonly rows: string;
  /** Sizes of the document and of the page, in bytes. */
  readonly json: number;
  readonly html: number;
}

/** Where a version's evaluations are. */
export function evaluationsPath(model: string, version: number | string, rows?: string): string {
  const path = `/api/v1/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}/evaluations`;
  return rows === undefined ? path : `${path}/${encodeURIComponent(rows)}`;
}
