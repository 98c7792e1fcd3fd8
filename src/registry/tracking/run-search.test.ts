// Searches are held to a plain reading of the same filter over the same runs, made here without SQL.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordsKind } from "../../records/database.fixture.ts";
import { type Clause, parseFilter, parseOrder } from "./filter.ts";
import { WALKED } from "./search-start.ts";
import { type TestTracking, testTracking } from "./tracking.fixture.ts";
import {
  beginRun,
  changeRun,
  logRunInputs,
  logToRun,
  newExperiment,
  searchRuns,
  setRunAside,
  type TrackedRun,
  trackedRun,
} from "./tracking.ts";

let context: TestTracking;
let experiments: string[];
let runs: TrackedRun[];

const NAMES = ["alpha", "Beta", "gam_ma", "d%lta", "ep*[x]?"];

beforeAll(async () => {
  context = await testTracking();
  experiments = [await newExperiment(context, { name: "one" }), await newExperiment(context, { name: "two" })];
  runs = [];
  for (let index = 0; index < 60; index += 1) {
    const { id } = await beginRun(context, {
      experimentId: experiments[index % 2] ?? "",
      user: index % 5 === 0 ? "ann" : "bob",
      name: NAMES[index % NAMES.length] ?? "",
      // Several begin at once, so that ties are met.
      startedAt: 1000 + Math.floor(index / 3),
      tags: index % 4 === 0 ? [{ key: "team", value: NAMES[index % 3] ?? "" }] : [],
    });
    const values = [0, 1, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY];
    await logToRun(context, id, {
      metrics:
        index % 3 === 0 ? [] : [{ key: "acc", value: values[index % values.length] ?? 0, timestamp: 5, step: 1 }],
      params: index % 2 === 0 ? [] : [{ key: "depth", value: String(index % 7) }],
    });
    if (index % 6 === 0)
      await logRunInputs(context, id, {
        datasets: [
          {
            name: "ds",
            digest: `d${index % 4}`,
            sourceType: "local",
            source: "s",
            tags: [{ key: "mlflow.data.context", value: "training" }],
          },
        ],
        models: [],
      });
    if (index % 4 === 1) await changeRun(context, id, { status: "finished", endedAt: 2000 + index });
    if (index % 9 === 0) await setRunAside(context, id, true);
    runs.push(await trackedRun(context, id));
  }
});
afterAll(() => context.remove());

const like = (pattern: string, flags: string): RegExp =>
  new RegExp(
    `^${[...pattern].map((c) => (c === "%" ? "[^]*" : c === "_" ? "[^]" : c.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))).join("")}$`,
    flags,
  );

function attribute(run: TrackedRun, key: string): string | number | null | undefined {
  const status = {
    running: "RUNNING",
    finished: "FINISHED",
    failed: "FAILED",
    cancelled: "KILLED",
    scheduled: "SCHEDULED",
  }[run.status];
  return {
    run_id: run.id,
    run_name: run.name,
    user_id: run.user,
    status,
    start_time: run.startedAt,
    end_time: run.endedAt,
  }[key];
}

function cellOf(run: TrackedRun, { entity, key }: { entity: string; key: string }): string | number | null | undefined {
  if (entity === "metrics") return run.metrics.find((metric) => metric.key === key)?.value;
  if (entity === "params") return run.params.find((param) => param.key === key)?.value;
  if (entity === "tags") return run.tags.find((tag) => tag.key === key)?.value;
  if (entity === "dataset")
    return key === "context" ? run.datasets[0]?.tags[0]?.value : run.datasets[0]?.[key as "name"];
  return attribute(run, key);
}

function holds(run: TrackedRun, clause: Clause): boolean {
  const found = cellOf(run, clause);
  const { comparator, value } = clause;
  if (comparator === "IS NULL") return found === undefined || found === null;
  if (comparator === "IS NOT NULL") return found !== undefined && found !== null;
  if (found === undefined || found === null || Number.isNaN(found)) return false;
  switch (comparator) {
    case "=":
      return found === value;
    case "!=":
      return found !== value;
    case "LIKE":
      return like(String(value), "").test(String(found));
    case "ILIKE":
      return like(String(value), "i").test(String(found));
    case "IN":
      return (value as string[]).includes(String(found));
    case "NOT IN":
      return !(value as string[]).includes(String(found));
    default: {
      const [a, b] = [found as number, value as number];
      return comparator === ">" ? a > b : comparator === ">=" ? a >= b : comparator === "<" ? a < b : a <= b;
    }
  }
}

const byStart = (a: TrackedRun, b: TrackedRun): number => b.startedAt - a.startedAt || (a.id < b.id ? -1 : 1);

function sorted(list: readonly TrackedRun[], orderBy: readonly string[]): readonly TrackedRun[] {
  const keys = orderBy.map(parseOrder);
  const rank = (value: unknown): number => (value === undefined || value === null ? 2 : Number.isNaN(value) ? 1 : 0);
  return [...list].sort((a, b) => {
    for (const key of keys) {
      const [x, y] = [cellOf(a, key), cellOf(b, key)];
      if (rank(x) !== rank(y)) return rank(x) - rank(y);
      if (rank(x) > 0 || x === y) continue;
      return ((x as number) < (y as number) ? -1 : 1) * (key.isAscending ? 1 : -1);
    }
    return byStart(a, b);
  });
}

const clauses = [
  "metrics.acc > 0",
  "metrics.acc <= 0.5",
  "metrics.acc != 1",
  "metrics.none = 1",
  "params.depth = '3'",
  "params.depth != '3'",
  "params.depth IS NULL",
  "tags.team IS NOT NULL",
  "tags.team LIKE 'a%'",
  "tags.team ILIKE 'B%'",
  "run_name LIKE 'gam_ma'",
  "run_name LIKE 'd%'",
  "run_name LIKE 'ep*[x]?'",
  "run_name LIKE 'b%'",
  "attributes.run_name ILIKE 'b%'",
  "user_id = 'ann'",
  "status = 'FINISHED'",
  "status != 'RUNNING'",
  "start_time >= 1010",
  "end_time < 2030",
  "dataset.name = 'ds'",
  "dataset.digest IN ('d0','d9')",
  "dataset.context = 'training'",
];
const orders = [
  "metrics.acc DESC",
  "metrics.acc ASC",
  "params.depth",
  "tags.team DESC",
  "run_name",
  "start_time",
  "end_time DESC",
];

describe("searchRuns", () => {
  test("finds what a plain reading of the filter finds, in the same order, page by page", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(clauses, { maxLength: 3 }),
        fc.uniqueArray(fc.constantFrom(...orders), { maxLength: 2, selector: (text) => text.split(" ")[0] }),
        fc.constantFrom("active", "deleted", "all"),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (chosen, orderBy, view, limit, both) => {
          const filter = chosen.join(" AND ");
          const experimentIds = both ? experiments : experiments.slice(0, 1);
          const expected = sorted(
            runs.filter(
              (run) =>
                experimentIds.includes(run.experimentId) &&
                (view === "all" || run.isDeleted === (view === "deleted")) &&
                parseFilter(filter).every((clause) => holds(run, clause)),
            ),
            orderBy,
          );
          const found: TrackedRun[] = [];
          let pageToken: string | undefined;
          do {
            const page = await searchRuns(context, { experimentIds, filter, orderBy, view, limit, pageToken });
            found.push(...page.items);
            expect(page.items.length).toBeLessThanOrEqual(limit);
            pageToken = page.next;
          } while (pageToken !== undefined);
          expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("a run that begins while pages are turned moves nothing", async () => {
    const search = { experimentIds: experiments, view: "active", limit: 10 } as const;
    const first = await searchRuns(context, search);
    const all = await searchRuns(context, { ...search, limit: 1000 });
    const { id: late } = await beginRun(context, {
      experimentId: experiments[0] ?? "",
      user: "",
      startedAt: 9999,
      tags: [],
    });
    const second = await searchRuns(context, { ...search, pageToken: first.next });
    expect([...first.items, ...second.items]).toEqual(all.items.slice(0, 20));
    await setRunAside(context, late, true);
  });

  test("a token that was changed or belongs to another search is refused", async () => {
    const search = { experimentIds: experiments, view: "active", limit: 1 } as const;
    const { next = "" } = await searchRuns(context, search);
    const raw: unknown[] = JSON.parse(Buffer.from(next, "base64url").toString());
    const tampered = (parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString("base64url");
    for (const pageToken of [
      "x",
      "e30",
      tampered([raw[0], "1; drop table runs"]),
      tampered([raw[0], { a: 1 }]),
      tampered([raw[0], -5]),
      tampered(["0".repeat(16), ...raw.slice(1)]),
      Buffer.from('{"offset": 2}').toString("base64"),
    ])
      await expect(searchRuns(context, { ...search, pageToken })).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(searchRuns(context, { ...search, filter: "user_id = 'ann'", pageToken: next })).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
  });

  test("text in a filter is only ever compared", async () => {
    const before = (await searchRuns(context, { experimentIds: experiments, view: "all", limit: 1000 })).items.length;
    for (const evil of ["'; drop table runs; --", "x' OR 1=1 --", '" OR ""="', "$1", "\\", "%s"]) {
      const filter = `params.depth = '${evil.replaceAll("'", "''")}' AND tags.\`${evil.replaceAll("`", "")}\` IS NULL`;
      const { items } = await searchRuns(context, { experimentIds: experiments, filter, view: "all", limit: 10 });
      expect(items).toEqual([]);
    }
    expect((await searchRuns(context, { experimentIds: experiments, view: "all", limit: 1000 })).items.length).toBe(
      before,
    );
    // Postgres has no such character.
    const nothing = searchRuns(context, {
      experimentIds: experiments,
      filter: "params.depth = '\u0000'",
      view: "all",
      limit: 10,
    });
    if (recordsKind() === "sqlite") expect((await nothing).items).toEqual([]);
    else await expect(nothing).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  test.each([
    ["metrics.acc > '1'", "numeric"],
    ["metrics.acc LIKE 'x'", "comparator"],
    ["params.depth = 3", "quoted"],
    ["params.depth > '3'", "comparator"],
    ["nonsense = 'x'", "Invalid attribute key"],
    ["weird.x = 'x'", "entity type"],
    ["__proto__ = 'x'", "Invalid attribute key"],
    ["constructor.x = 'x'", "entity type"],
    ["dataset.color = 'x'", "Invalid attribute key"],
    ["user_id IN ('a')", "comparator"],
  ])("refuses %j", async (filter, words) => {
    const search = searchRuns(context, { experimentIds: experiments, filter, view: "all", limit: 10 });
    await expect(search).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining(words) });
  });

  test("refuses a key to sort by that is there twice", async () => {
    const search = { experimentIds: experiments, view: "all", limit: 10 } as const;
    await expect(searchRuns(context, { ...search, orderBy: ["metrics.a", "metrics.a DESC"] })).rejects.toThrow(
      "duplicate",
    );
  });
});

test("finds the best by a metric among many, ties at every end of a page, whatever a filter lets through", async () => {
  const [experimentId = ""] = [await newExperiment(context, { name: "many" })];
  // More of team b than are looked up one by one from the value.
  const many = await Promise.all(
    Array.from({ length: 2 * WALKED }, async (_, index) => {
      const at = 1000 + (index % 5);
      const { id } = await beginRun(context, { experimentId, user: "", startedAt: at, tags: [] });
      const [value, team] = [index % 7, index % 3 === 0 ? "a" : "b"];
      await logToRun(context, id, {
        metrics: [{ key: "score", value, timestamp: 5, step: 1 }],
        tags: [{ key: "team", value: team }],
        params: [{ key: "odd", value: String(index % 2) }],
      });
      return { id, value, at, team, odd: index % 2 };
    }),
  );
  for (const isAscending of [true, false])
    for (const [filter, kept] of [
      ["", () => true],
      ["tags.team = 'a'", ({ team }) => team === "a"],
      ["tags.team = 'b'", ({ team }) => team === "b"],
      ["tags.team = 'b' and params.odd = '1'", ({ team, odd }) => team === "b" && odd === 1],
      [`tags.team = 'b' and params.odd = '${"1".repeat(300)}'`, () => false],
      ["tags.team != 'a'", ({ team }) => team !== "a"],
      ["metrics.score > 5", ({ value }) => value > 5],
      ["tags.team = 'a' and tags.team = 'b'", () => false],
    ] as const satisfies readonly (readonly [string, (run: (typeof many)[number]) => boolean])[]) {
      const expected = many
        .filter(kept)
        .sort((a, b) => (a.value - b.value) * (isAscending ? 1 : -1) || b.at - a.at || (a.id < b.id ? -1 : 1));
      for (const limit of [1, 7, 43, 100, 250]) {
        const orderBy = [`metrics.score ${isAscending ? "ASC" : "DESC"}`];
        const first = await searchRuns(context, {
          experimentIds: [experimentId],
          filter,
          orderBy,
          view: "active",
          limit,
        });
        const ids = first.items.map(({ id }) => id);
        expect(ids).toEqual(expected.slice(0, limit).map(({ id }) => id));
        expect(first.next !== undefined).toBe(expected.length > limit);
      }
    }
}, 60_000);
