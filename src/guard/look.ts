// Looking at a source as its expectations ask: one pass for all that are about rows, one question for each that is about the whole. What
// depends on nothing but the files is asked again only when these have changed; every look is kept, so that counts have a history.

import {
  contentHash,
  formatDuration,
  formatInstant,
  type Instant,
  newId,
  type Table,
  type Value,
  valueAt,
} from "../core/core.ts";
import {
  type ExpectationSpec,
  type RowExpectationSpec,
  rowExpectations,
  type SetExpectationSpec,
  type Severity,
  type SourceSpec,
} from "../define/define.ts";
import { fromJson, instantToSql, toJson } from "../records/records.ts";
import type { GuardContext } from "./context.ts";
import { rowCountsSql, ruleSql } from "./set-sql.ts";

/** What a look at one expectation found. */
export interface Finding {
  /** The source, or the view. */
  readonly source: string;
  /** The expectation as it was written. */
  readonly expectation: string;
  readonly severity: Severity;
  readonly passed: boolean;
  /** What was seen, in words: `3 of 26,115 rows, e.g. wind_speed = 1048.36`. */
  readonly seen: string;
  /** Rows that fail, or null where no row does by itself. */
  readonly failing: number | null;
}

/** What is kept of a look. */
interface Observed {
  readonly seen: string;
  readonly failing: number | null;
  /** Rows counted, for the expectations that compare counts. */
  readonly rows?: number;
}

/** How much to look at. */
export interface LookOptions {
  /** Only what is not known from an earlier look at the same files, and of rows only what does not reject: that is counted when set aside. */
  readonly isRoutine?: boolean;
}

/** Looks at a source's expectations, as of `at`. */
export async function lookAt(
  context: GuardContext,
  source: SourceSpec,
  at: Instant,
  { isRoutine = false }: LookOptions = {},
): Promise<readonly Finding[]> {
  const expect = (source.expect ?? []).filter(({ severity }) => !isRoutine || severity !== "reject");
  if (expect.length === 0) return [];
  const filesState = await stateOf(context, source);
  const known = new Map<string, Observed & { readonly passed: boolean }>();
  if (isRoutine)
    for (const { text } of expect) {
      const last = await lastLook(context, source, text);
      if (last?.filesState === filesState) known.set(text, last);
    }
  const asksTime = (each: ExpectationSpec): boolean =>
    each.kind === "set" &&
    (each.rule.check === "fresh" || (each.rule.check === "rowCount" && each.rule.per !== undefined));
  const due = expect.filter((each) => asksTime(each) || !known.has(each.text));
  const found = new Map([...(await rowFindings(context, source, rowExpectations(due)))]);
  for (const each of due)
    if (each.kind === "set") found.set(each.text, await setFinding(context, source, each, at, filesState));
  for (const each of due) {
    const observed = found.get(each.text);
    if (observed) await keep(context, source, each.text, at, filesState, observed);
  }
  return expect.flatMap(({ text, severity }) => {
    const observed = found.get(text) ?? known.get(text);
    if (!observed) return [];
    const { passed, seen, failing } = observed;
    return [{ source: source.name, expectation: text, severity, passed, seen, failing }];
  });
}

async function stateOf({ offline }: GuardContext, source: SourceSpec): Promise<string> {
  const others = (source.expect ?? []).flatMap((each) =>
    each.kind === "set" && each.rule.check === "references" ? [each.rule.source] : [],
  );
  return contentHash(await Promise.all([source, ...others].map((each) => offline.fingerprint(each))));
}

type Judged = Observed & { readonly passed: boolean };

async function rowFindings(
  { offline }: GuardContext,
  source: SourceSpec,
  expectations: readonly RowExpectationSpec[],
): Promise<readonly (readonly [string, Judged])[]> {
  if (expectations.length === 0) return [];
  const [rows, ...cells] = await oneRow(offline.stream(rowCountsSql(offline.dialect, source, expectations)));
  return expectations.map(({ text }, index) => {
    const failing = Number(cells[index * 2] ?? 0);
    return [text, { passed: failing === 0, failing, seen: share(failing, Number(rows), "rows", cells[index * 2 + 1]) }];
  });
}

async function setFinding(
  context: GuardContext,
  source: SourceSpec,
  { rule, text }: SetExpectationSpec,
  at: Instant,
  filesState: string,
): Promise<Judged> {
  const { offline } = context;
  const [first, second, third] = await oneRow(offline.stream(ruleSql(offline.dialect, source, rule, at)));
  const rows = Number(first ?? 0);
  switch (rule.check) {
    case "unique":
    case "references": {
      const failing = Number(second ?? 0);
      return { passed: failing === 0, failing, seen: share(failing, rows, "rows", third) };
    }
    case "fresh": {
      if (second === null || second === undefined) return { passed: false, failing: null, seen: "no row known yet" };
      const age = at - (second as bigint);
      const seen = `newest row ${formatInstant(second as bigint)}, ${formatDuration(rounded(age))} ago`;
      return { passed: age <= rule.within, failing: null, seen };
    }
    case "rowCount": {
      const history =
        rule.per === undefined
          ? await countsBefore(context, source, text, filesState, rule.of)
          : { before: second as number | null, periods: Number(third ?? 0) };
      return { ...countVerdict(rule, rows, history), failing: null, rows };
    }
    default:
      return rule satisfies never;
  }
}

interface CountHistory {
  /** The median; null when there is nothing before. */
  readonly before: number | null;
  readonly periods: number;
}

/** Fewer counts before than this make no history. */
const LEAST_HISTORY = 3;

function countVerdict(
  { atLeast, within, of }: { readonly atLeast?: number; readonly within?: number; readonly of: number },
  rows: number,
  { before, periods }: CountHistory,
): { readonly passed: boolean; readonly seen: string } {
  const counted = `${rows.toLocaleString("en")} rows`;
  if (atLeast !== undefined && rows < atLeast) return { passed: false, seen: counted };
  if (within === undefined) return { passed: true, seen: counted };
  const needed = Math.min(LEAST_HISTORY, of);
  if (before === null || periods < needed)
    return { passed: true, seen: `${counted}; ${periods} counts before, ${needed} needed to compare` };
  const passed = Math.abs(rows - before) <= within * before;
  return { passed, seen: `${counted}, ${before.toLocaleString("en")} in the median of ${periods} before` };
}

async function countsBefore(
  { records }: GuardContext,
  source: SourceSpec,
  text: string,
  filesState: string,
  of: number,
): Promise<CountHistory> {
  const looks = await records.db
    .selectFrom("expectation_looks")
    .select("observed")
    .where("source", "=", source.name)
    .where("expectation", "=", text)
    .where("files_state", "<>", filesState)
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(of)
    .execute();
  const counts = looks.map(({ observed }) => fromJson<Observed>(observed).rows ?? 0).sort((a, b) => a - b);
  const middle = counts.length >> 1;
  const median = counts.length % 2 === 1 ? counts[middle] : ((counts[middle - 1] ?? 0) + (counts[middle] ?? 0)) / 2;
  return { before: counts.length === 0 ? null : (median ?? null), periods: counts.length };
}

async function lastLook(
  { records }: GuardContext,
  source: SourceSpec,
  text: string,
): Promise<(Judged & { readonly filesState: string }) | undefined> {
  const row = await records.db
    .selectFrom("expectation_looks")
    .selectAll()
    .where("source", "=", source.name)
    .where("expectation", "=", text)
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && { ...fromJson<Observed>(row.observed), passed: row.passed === 1, filesState: row.files_state };
}

/** Looks kept per expectation. */
const KEPT = 100;

/** One look per state of the files is kept: the newest. */
async function keep(
  { records, random }: GuardContext,
  source: SourceSpec,
  expectation: string,
  at: Instant,
  filesState: string,
  { passed, ...observed }: Judged,
): Promise<void> {
  await records.transact(async (tx) => {
    const own = () =>
      tx.selectFrom("expectation_looks").where("source", "=", source.name).where("expectation", "=", expectation);
    await tx
      .deleteFrom("expectation_looks")
      .where("source", "=", source.name)
      .where("expectation", "=", expectation)
      .where((where) =>
        where.or([
          where("files_state", "=", filesState),
          where(
            "id",
            "in",
            own().select("id").orderBy("at", "desc").orderBy("id", "desc").limit(1_000_000).offset(KEPT),
          ),
        ]),
      )
      .execute();
    await tx
      .insertInto("expectation_looks")
      .values({
        id: newId(at, random),
        source: source.name,
        expectation,
        at: instantToSql(at),
        files_state: filesState,
        passed: passed ? 1 : 0,
        observed: toJson(observed),
      })
      .execute();
  });
}

async function oneRow(tables: AsyncIterable<Table>): Promise<readonly Value[]> {
  for await (const table of tables) return table.columns.map((column) => valueAt(column, 0));
  return [];
}

/** How many fail of how many, with an example. */
export function share(failing: number, rows: number, what: string, example: Value | undefined): string {
  const all = `${rows.toLocaleString("en")} ${what}`;
  if (failing === 0) return all;
  return `${failing.toLocaleString("en")} of ${all}${typeof example === "string" ? `, e.g. ${example}` : ""}`;
}

/** To the second, for people. */
const rounded = (age: bigint): bigint => age - (age % 1_000_000n);
