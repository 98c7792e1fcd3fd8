// The JavaScript reader of expectations on rows: for rows that come one at a time, as over HTTP. It gives the same verdict as the condition
// that filters a source's scan, because both are read from one expression.

import type { Value } from "../core/core.ts";
import { type ExpectationSpec, type RowExpectationSpec, rowExpectations, rowFunction } from "../define/define.ts";

/** A row by its columns' names; an absent column is null. */
export type CheckedRow = Readonly<Record<string, Value | undefined>>;

/** Anything that declares expectations: a source, or a view with its values for rows. */
interface Guarded {
  readonly expect?: readonly ExpectationSpec[];
}

/** Gives the expectations that a row fails, in the order declared. */
export type RowCheck = (row: CheckedRow) => readonly RowExpectationSpec[];

const NONE: readonly RowExpectationSpec[] = [];
const compiled = new WeakMap<object, RowCheck>();

/** The expectations on rows of a source or a view, compiled once per definition. */
export function rowCheck(guarded: Guarded): RowCheck {
  const known = compiled.get(guarded);
  if (known) return known;
  const checks = rowExpectations(guarded.expect).map((expectation) => ({
    expectation,
    passes: rowFunction<CheckedRow>(expectation.condition, (leaf) => (row) => row[leaf.name] ?? null),
  }));
  const check: RowCheck =
    checks.length === 0
      ? () => NONE
      : (row) => checks.filter(({ passes }) => passes(row) === false).map(({ expectation }) => expectation);
  compiled.set(guarded, check);
  return check;
}

/** Whether a row is let in: it fails nothing that rejects. */
export function isLetIn(failed: readonly RowExpectationSpec[]): boolean {
  return failed.every(({ severity }) => severity !== "reject");
}
