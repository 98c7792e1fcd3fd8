// What a view expects of its values, at the moment they are read. Every condition sees the values as they were computed; where one that rejects is
// false, the features it names are null. The online read and the point-in-time join both do this, from the same expressions, so that a
// model trains on the nulls that it will be served.

import type { Value } from "../core/core.ts";
import {
  type ExpressionNode,
  type FeatureViewSpec,
  type RowExpectationSpec,
  rowExpectations,
  rowFunction,
} from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";

/** The features that a condition names. */
function namesOf(node: ExpressionNode): readonly string[] {
  if (node.kind === "literal") return [];
  return node.kind === "call" ? node.args.flatMap(namesOf) : [node.name];
}

/** What guarding some values found, by their places among those that are read. */
export interface Guarded {
  readonly values: readonly Value[];
  /** Values that are null because an expectation rejects them. */
  readonly rejected: readonly number[];
  /** Values that are served although an expectation warns. */
  readonly warned: readonly number[];
}

/** Reads features and holds them to the view's expectations. */
export interface ValueGuard {
  /** `read` gives the values of features by their places in the view. */
  guarded(wanted: readonly number[], read: (places: readonly number[]) => readonly Value[]): Guarded;
}

/** The guard of a view's values; undefined when nothing is expected of them. */
export function valueGuard(spec: FeatureViewSpec): ValueGuard | undefined {
  const expectations = rowExpectations(spec.expect);
  if (expectations.length === 0) return undefined;
  const placeOf = new Map(spec.features.map(({ name }, place) => [name, place]));
  const checks = expectations.map(({ condition, severity }) => ({
    severity,
    places: [...new Set(namesOf(condition).map((name) => placeOf.get(name) ?? -1))],
    passes: rowFunction<ReadonlyMap<number, Value>>(condition, (leaf) => {
      const place = placeOf.get(leaf.name) ?? -1;
      return (values) => values.get(place) ?? null;
    }),
  }));
  return {
    guarded(wanted, read) {
      const due = checks.filter(({ places }) => places.some((place) => wanted.includes(place)));
      const needed = due.flatMap(({ places }) => places).filter((place) => !wanted.includes(place));
      const all = [...wanted, ...new Set(needed)];
      const values = read(all);
      const byPlace = new Map(all.map((place, index) => [place, values[index] ?? null]));
      const failed = (severity: RowExpectationSpec["severity"]): ReadonlySet<number> =>
        new Set(
          due
            .filter((each) => each.severity === severity && each.passes(byPlace) === false)
            .flatMap(({ places }) => places),
        );
      const [refused, doubtful] = [failed("reject"), failed("warn")];
      const among = (places: ReadonlySet<number>): readonly number[] =>
        wanted.flatMap((place, index) => (places.has(place) ? [index] : []));
      return {
        values: wanted.map((place, index) => (refused.has(place) ? null : (values[index] ?? null))),
        rejected: among(refused),
        warned: among(doubtful),
      };
    },
  };
}

/** The features that have to be computed for one to be held to its view's expectations, itself included. */
export function guardedFeatures(spec: FeatureViewSpec, feature: string): readonly string[] {
  const conditions = refusals(spec, feature);
  return [...new Set([feature, ...conditions.flatMap(namesOf)])];
}

function refusals(spec: FeatureViewSpec, feature: string): readonly ExpressionNode[] {
  return rowExpectations(spec.expect)
    .filter(({ condition, severity }) => severity === "reject" && namesOf(condition).includes(feature))
    .map(({ condition }) => condition);
}

/** One feature's SQL held to the view's expectations; `raw` is the SQL of a feature as it was computed. */
export function guardedSql(
  dialect: SqlDialect,
  spec: FeatureViewSpec,
  feature: string,
  raw: (feature: string) => string,
): string {
  const refused = refusals(spec, feature).map(
    (condition) => `(${dialect.expression(condition, (leaf) => raw(leaf.name))}) IS FALSE`,
  );
  return refused.length === 0 ? raw(feature) : `(CASE WHEN NOT (${refused.join(" OR ")}) THEN ${raw(feature)} END)`;
}
