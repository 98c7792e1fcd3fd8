// The rows of one request, by the version that answers them: mostly one part with all of them.

import { type AskedRow, answersOf, type RowAnswer } from "../scoring/scoring.ts";
import { give, type Lease } from "./lease.ts";
import type { Slot } from "./slot.ts";
import { placeOf, type RouteName } from "./steering.ts";
import { tallyAnswered } from "./version-tally.ts";

/** Rows that one version answers. */
export interface Part {
  readonly lease: Lease;
  readonly route: RouteName;
  /** Their places in the request. */
  readonly places: readonly number[];
}

/** What a row is answered, by whom and why. */
export interface RoutedAnswer extends RowAnswer {
  readonly version: number;
  readonly route: RouteName;
}

/**
 * Says which version answers each row: by `sticky` where it is given, else by the row's entity keys, and for a model without keys by the
 * prediction's id.
 */
export function assign(
  { model, canary, keyText }: Slot,
  champion: Lease,
  rows: readonly AskedRow[],
  ids: readonly string[],
  sticky: string | undefined,
): readonly Part[] {
  const all = rows.map((_, place) => place);
  if (!canary || canary.weight === 0) return [{ lease: champion, route: "champion", places: all }];
  const isTaken = (place: number): boolean => {
    const row = rows[place] ?? {};
    return placeOf(model.name, sticky ?? keyText?.(row) ?? ids[place] ?? "") < canary.weight;
  };
  const taken = new Set(all.filter(isTaken));
  return [
    { lease: champion, route: "champion" as const, places: all.filter((place) => !taken.has(place)) },
    { lease: canary.lease, route: "canary" as const, places: [...taken] },
  ].filter(({ places }) => places.length > 0);
}

/** Scores the parts of a request, explains the scores where that is asked, and gives their leases back; the answers come in the rows' order. */
export async function scoreParts(
  parts: readonly Part[],
  cells: readonly (readonly Float32Array[])[],
  withReasons: boolean,
): Promise<readonly RoutedAnswer[]> {
  const answers: RoutedAnswer[] = [];
  await Promise.all(
    parts.map(async ({ lease, route, places }, part) => {
      const { version, classes, score, explain } = lease.deployment;
      const rows = cells[part] ?? [];
      const begun = performance.now();
      try {
        const scores = answersOf(await score(rows), classes);
        tallyAnswered(lease.tally, rows.length, performance.now() - begun);
        const reasons = withReasons && explain ? await explain(rows) : [];
        places.forEach((place, index) => {
          const explanation = reasons[index];
          answers[place] = {
            ...{ version, route },
            ...(scores[index] ?? { score: Number.NaN }),
            ...(explanation === undefined ? {} : { explanation }),
          };
        });
      } catch (thrown) {
        lease.tally.failed += rows.length;
        throw thrown;
      } finally {
        give(lease);
      }
    }),
  );
  return answers;
}
