// `slipway drift` on real files: what a program reads from its lines, and what each kind of bad file comes to.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/program.ts";
import { localQueries } from "../../src/presets/presets.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-drift-test-"));
const file = (name: string): string => join(folder, name);
let engine: Awaited<ReturnType<typeof localQueries>>;

interface Line {
  readonly current: string;
  readonly rows: number;
  readonly alarm: boolean;
  readonly note?: string;
  readonly evidence?: number;
  readonly ignored?: readonly string[];
  readonly columns: readonly (Record<string, unknown> & { readonly name: string; readonly drifted: boolean })[];
  readonly pairs?: readonly { readonly a: string; readonly b: string; readonly drifted: boolean }[];
}

async function slipway(...words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  const sink = (name: keyof typeof said) => ({
    write(text: string): void {
      said[name] += text;
    },
  });
  const code = await main(["drift", ...words], {
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    env: {},
    cwd: folder,
  });
  return { code, ...said };
}

async function judged(
  reference: string,
  current: string | readonly string[],
  ...more: readonly string[]
): Promise<readonly Line[]> {
  const files = typeof current === "string" ? [current] : current;
  const { code, stdout, stderr } = await slipway(
    "--reference",
    reference,
    ...files.flatMap((each) => ["--current", each]),
    "--json",
    ...more,
  );
  expect(code, stderr).toBe(0);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

const columnOf = (line: Line | undefined, name: string) => line?.columns.find((column) => column.name === name);

/** Rows of mixed columns; `seed` makes others of the same kind. Normal numbers come of twelve uniform ones. */
function mixed(rows: number, seed: number, changes: Readonly<Record<string, string>> = {}): string {
  const u = (salt: number): string => `((hash(i * 1000003 + ${seed * 7919 + salt}) % 1000000)::DOUBLE / 1000000)`;
  const normal = `(${Array.from({ length: 12 }, (_, at) => u(at)).join(" + ")} - 6)`;
  const columns: Readonly<Record<string, string>> = {
    amount: normal,
    skewed: `exp(2 * (${u(20)} + ${u(21)} + ${u(22)} - 1.5))`,
    visits: `floor(${u(30)} * ${u(31)} * 6)::INTEGER`,
    gaps: `CASE WHEN ${u(40)} < 0.05 THEN NULL ELSE ${u(41)} END`,
    city: `'city' || floor(${u(50)} * ${u(51)} * 30)::INTEGER`,
    member: `${u(60)} < 0.3`,
    day: `DATE '2026-01-01' + floor(${u(70)} * 60)::INTEGER`,
    ...changes,
  };
  return `SELECT ${Object.entries(columns)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(", ")} FROM range(${rows}) r(i)`;
}

beforeAll(async () => {
  engine = await localQueries({ temporaryFolder: folder });
  await engine.writeParquet(mixed(5000, 1), file("reference.parquet"));
  await engine.writeParquet(mixed(1000, 2), file("same.parquet"));
  await engine.writeParquet(`SELECT * FROM (${mixed(1000, 2)}) ORDER BY hash(amount)`, file("shuffled.parquet"));
  await engine.writeParquet(`${mixed(1000, 3)} LIMIT 0`, file("empty.parquet"));
});
afterAll(() => engine.close());

describe("a window like its reference", () => {
  test("has every column once, in the reference's order, and no alarm", async () => {
    const [line] = await judged("reference.parquet", "same.parquet");
    expect(line).toMatchObject({ current: "same.parquet", rows: 1000, alarm: false });
    expect(line?.columns.map(({ name }) => name)).toEqual([
      "amount",
      "skewed",
      "visits",
      "gaps",
      "city",
      "member",
      "day",
    ]);
    expect(line?.columns.some(({ drifted }) => drifted)).toBe(false);
    for (const column of line?.columns ?? []) {
      expect(Object.keys(column)).toEqual(
        expect.arrayContaining(["statistic", "value", "threshold", "pValue", "drifted"]),
      );
      expect(column["pValue"]).toBeGreaterThan(0.001);
    }
    expect(line?.pairs?.length).toBe(10);
  });

  test("gives the same bytes each time, and whatever the order of its rows", async () => {
    const [once, again, shuffled] = await Promise.all(
      ["same.parquet", "same.parquet", "shuffled.parquet"].map(async (current) => {
        const { stdout } = await slipway("--reference", "reference.parquet", "--current", current, "--json");
        return stdout.replace(current, "x");
      }),
    );
    expect(again).toBe(once);
    expect(shuffled).toBe(once);
  });

  test("does not alarm against itself", async () => {
    const [line] = await judged("reference.parquet", "reference.parquet");
    expect(line?.alarm).toBe(false);
  });
});

describe("a change", () => {
  const changes: readonly (readonly [
    string,
    Readonly<Record<string, string>>,
    string,
    Readonly<Record<string, unknown>>,
  ])[] = [
    ["a mean that has moved up", { amount: "(hash(i) % 1000)::DOUBLE / 500 - 0.2" }, "amount", { direction: "up" }],
    ["nulls that were none", { visits: "CASE WHEN i % 25 = 0 THEN NULL ELSE 1 END" }, "visits", {}],
    [
      "NaN, which is missing",
      { skewed: "'nan'::DOUBLE" },
      "skewed",
      { statistic: "nulls", direction: "up", from: 0, to: 1 },
    ],
    ["a column of nothing", { member: "NULL::BOOLEAN" }, "member", { statistic: "nulls", to: 1 }],
    ["a column of nothing, of another type", { city: "NULL::INTEGER" }, "city", { statistic: "nulls", to: 1 }],
    ["a new value", { city: "CASE WHEN i % 10 = 0 THEN 'Atlantis' ELSE 'city' || (i % 5) END" }, "city", {}],
    ["a share", { member: "i % 2 = 0" }, "member", { statistic: "share", direction: "up", of: "true" }],
    ["days that were not before", { day: "DATE '2027-01-01'" }, "day", { direction: "up" }],
    ["another type", { amount: "'many'" }, "amount", { statistic: "changedType", pValue: null }],
  ];
  test.each(changes)("%s is found, and alarms", async (name, change, column, expected) => {
    const path = `${name.replace(/\W+/g, "-")}.parquet`;
    await engine.writeParquet(mixed(1000, 4, change), file(path));
    const [line] = await judged("reference.parquet", path);
    expect(line?.alarm).toBe(true);
    expect(columnOf(line, column)).toMatchObject({ drifted: true, ...expected });
  });

  test("of whole numbers to fractions is no change of type", async () => {
    await engine.writeParquet(
      `SELECT * REPLACE (visits::DOUBLE AS visits) FROM (${mixed(1000, 2)})`,
      file("double.parquet"),
    );
    const [line] = await judged("reference.parquet", "double.parquet");
    expect(columnOf(line, "visits")).toMatchObject({ drifted: false });
  });

  test("a column that is gone alarms, and a new one is only named", async () => {
    await engine.writeParquet(
      `SELECT * EXCLUDE (city), 1 AS extra, [1] AS list FROM (${mixed(1000, 2)})`,
      file("gone.parquet"),
    );
    const [line] = await judged("reference.parquet", "gone.parquet");
    expect(line?.alarm).toBe(true);
    expect(columnOf(line, "city")).toEqual({
      name: "city",
      statistic: "missingColumn",
      value: null,
      threshold: null,
      pValue: null,
      drifted: true,
    });
    expect(line?.ignored).toEqual(["extra", "list"]);
  });

  test("columns that no longer go together are a pair, though none of them has moved", async () => {
    const u = (salt: number): string => `((hash(i * 1000003 + ${salt}) % 1000000)::DOUBLE / 1000000)`;
    await engine.writeParquet(
      `SELECT ${u(1)} AS a, ${u(1)} + 0.2 * ${u(2)} AS b FROM range(2000) r(i)`,
      file("together.parquet"),
    );
    await engine.writeParquet(
      `SELECT ${u(3)} AS a, ${u(4)} + 0.2 * ${u(5)} AS b FROM range(800) r(i)`,
      file("apart.parquet"),
    );
    const [line] = await judged("together.parquet", "apart.parquet");
    expect(line?.alarm).toBe(true);
    expect(line?.pairs).toMatchObject([{ a: "a", b: "b", statistic: "correlation", drifted: true, direction: "down" }]);
  });

  test("smaller than --min-effect does not count, even of a million rows", async () => {
    const u = "((hash(i * 31 + 7) % 1000000)::DOUBLE / 1000000)";
    await engine.writeParquet(`SELECT ${u} AS x FROM range(1000000) r(i)`, file("million.parquet"));
    await engine.writeParquet(`SELECT ${u} + 0.01 AS x FROM range(1000000) r(i)`, file("million-moved.parquet"));
    const [any] = await judged("million.parquet", "million-moved.parquet");
    const [large] = await judged("million.parquet", "million-moved.parquet", "--min-effect", "0.1");
    expect([any?.alarm, large?.alarm]).toEqual([true, false]);
    expect(columnOf(any, "x")).toMatchObject({ drifted: true, direction: "up" });
  });
});

describe("files that are hard to judge", () => {
  test("no rows: no alarm, and a note", async () => {
    const [line] = await judged("reference.parquet", "empty.parquet");
    expect(line).toMatchObject({ rows: 0, alarm: false, columns: [], note: expect.stringContaining("no rows") });
  });

  test("one row alarms on nothing", async () => {
    await engine.writeParquet(mixed(1, 5), file("one.parquet"));
    expect((await judged("reference.parquet", "one.parquet"))[0]).toMatchObject({ rows: 1, alarm: false });
    expect((await judged("one.parquet", "reference.parquet"))[0]).toMatchObject({ rows: 5000, alarm: false });
  });

  test("a hundred thousand categories, the same on both sides or all new", async () => {
    const ids = (from: number): string => `SELECT 'id' || (${from} + i) AS id FROM range(100000) r(i)`;
    await engine.writeParquet(ids(0), file("ids.parquet"));
    await engine.writeParquet(
      `SELECT id FROM (${ids(0)}) USING SAMPLE 20 PERCENT (bernoulli, 1)`,
      file("some-ids.parquet"),
    );
    await engine.writeParquet(`${ids(500_000)} LIMIT 30000`, file("new-ids.parquet"));
    const [some, fresh] = await judged("ids.parquet", ["some-ids.parquet", "new-ids.parquet"]);
    expect(some?.alarm).toBe(false);
    expect(fresh?.alarm).toBe(false);
    await engine.writeParquet("SELECT 'id' || (i % 1000) AS id FROM range(100000) r(i)", file("few-ids.parquet"));
    const [alarm] = await judged("few-ids.parquet", "new-ids.parquet");
    expect(columnOf(alarm, "id")).toMatchObject({ drifted: true });
  });

  test("more values than are counted are judged by their nulls", async () => {
    await engine.writeParquet("SELECT 'id' || i AS id FROM range(250000) r(i)", file("many-ids.parquet"));
    await engine.writeParquet(
      "SELECT CASE WHEN i % 2 = 0 THEN 'id' || i END AS id FROM range(250000) r(i)",
      file("half-ids.parquet"),
    );
    const [line] = await judged("many-ids.parquet", "half-ids.parquet");
    expect(columnOf(line, "id")).toMatchObject({ statistic: "nulls", drifted: true, to: 0.5 });
  });

  test("more new values than are counted, of a reference whose values are, are found", async () => {
    await engine.writeParquet("SELECT 'c' || i % 50 AS country FROM range(20000) r(i)", file("countries.parquet"));
    await engine.writeParquet("SELECT 'id' || i AS country FROM range(210000) r(i)", file("ids-instead.parquet"));
    for (const more of [[], ["--sequence"]]) {
      const [line] = await judged("countries.parquet", "ids-instead.parquet", ...more);
      expect(columnOf(line, "country")).toMatchObject({ drifted: true });
      expect(line?.alarm).toBe(true);
    }
  });

  test("names that are patterns, quotes and markup stand for themselves", async () => {
    await engine.writeParquet(`SELECT i % 7 AS "a""b<script>" FROM range(300) r(i)`, file("odd [1]*.parquet"));
    const [line] = await judged("odd [1]*.parquet", "odd [1]*.parquet", "--report", "odd.html");
    expect(columnOf(line, 'a"b<script>')).toMatchObject({ drifted: false });
    expect(readFileSync(file("odd.html"), "utf8")).not.toContain("<script>");
  });
});

describe("a history", () => {
  const level = `CASE WHEN dayofweek("at") IN (0, 6) THEN 0.8 ELSE 0 END + ((hash("at"::DATE) % 1000)::DOUBLE / 1000 - 0.5) * 0.3`;
  const days = (from: string, count: number, plus = "0"): string =>
    `SELECT "at", ${level} + (hash(i) % 1000000)::DOUBLE / 1000000 + ${plus} AS x FROM (SELECT i, TIMESTAMP '${from}' + to_seconds(i * 120) AS "at" FROM range(${720 * count}) r(i))`;

  test("makes weekends and everyday differences no drift, which they are without it", async () => {
    await engine.writeParquet(days("2026-01-05", 70), file("history.parquet"));
    await engine.writeParquet(days("2026-03-21", 1), file("saturday.parquet"));
    await engine.writeParquet(days("2026-03-24", 1, "0.7"), file("moved-tuesday.parquet"));
    const [without] = await judged("history.parquet", "saturday.parquet");
    const [saturday, moved] = await judged(
      "history.parquet",
      ["saturday.parquet", "moved-tuesday.parquet"],
      "--time",
      "at",
    );
    expect([without?.alarm, saturday?.alarm, moved?.alarm]).toEqual([true, false, true]);
    expect(saturday?.columns.map(({ name }) => name)).toEqual(["x"]);
    expect(saturday?.note).toBeUndefined();
  });

  test("shorter than 8 weeks is said to be so", async () => {
    await engine.writeParquet(days("2026-03-01", 20), file("short.parquet"));
    expect((await judged("short.parquet", "saturday.parquet", "--time", "at"))[0]?.note).toContain("8 weeks");
  });

  test("needs a column of moments in both files", async () => {
    for (const time of ["x", "nowhere"]) {
      const { code, stdout, stderr } = await slipway(
        "--reference",
        "short.parquet",
        "--current",
        "saturday.parquet",
        "--time",
        time,
        "--json",
      );
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(time);
    }
  });
});

describe("a run of windows", () => {
  test("adds up a small lasting change that no window shows alone, and keeps alarming", async () => {
    const u = (seed: number): string => `((hash(i * 1000003 + ${seed}) % 1000000)::DOUBLE / 1000000)`;
    await engine.writeParquet(`SELECT ${u(1)} AS x FROM range(50000) r(i)`, file("long.parquet"));
    const names: string[] = [];
    for (let day = 0; day < 24; day += 1) {
      const plus = day >= 4 && day < 20 ? 0.05 : 0;
      await engine.writeParquet(
        `SELECT ${u(100 + day)} + ${plus} AS x FROM range(400) r(i)`,
        file(`day${day}.parquet`),
      );
      names.push(`day${day}.parquet`);
    }
    const alone = await judged("long.parquet", names, "--false-alarms", "0.001");
    const run = await judged("long.parquet", names, "--false-alarms", "0.001", "--sequence");
    expect(run.map(({ current }) => current)).toEqual(names);
    expect(run.slice(0, 5).some(({ alarm }) => alarm)).toBe(false);
    const first = run.findIndex(({ alarm }) => alarm);
    expect(first).toBeGreaterThan(4);
    expect(first).toBeLessThan(18);
    expect(run.slice(first).every(({ alarm, columns }) => alarm && columns[0]?.drifted)).toBe(true);
    expect(alone.filter(({ alarm }) => alarm).length).toBeLessThan(run.length - first);
    expect(run[first]?.evidence).toBeGreaterThanOrEqual(1000);
  });
});

describe("a stored reference", () => {
  test("gives the same verdicts as its rows, and is not written over", async () => {
    const saved = await slipway("--reference", "reference.parquet", "--save", "reference.json");
    expect(saved).toMatchObject({ code: 0, stdout: expect.stringContaining("Kept: ") });
    for (const current of ["same.parquet", "a-share.parquet", "gone.parquet", "NaN-which-is-missing.parquet"]) {
      const [rows, stored] = await Promise.all(
        ["reference.parquet", "reference.json"].map((reference) =>
          slipway("--reference", reference, "--current", current, "--json"),
        ),
      );
      expect(rows?.stdout.length).toBeGreaterThan(100);
      expect(stored).toMatchObject({ code: 0, stdout: rows?.stdout });
    }
    expect(await slipway("--reference", "reference.parquet", "--save", "reference.json")).toMatchObject({ code: 2 });
  });

  test.each([
    ["cut short", (text: string) => text.slice(0, -100)],
    ["of another version", (text: string) => text.replace('"version":2', '"version":1')],
    ["whose cells are not in order", (text: string) => text.replace(/"uppers":\[[^,]+/, '"uppers":[1e300')],
    ["with a count below 0", (text: string) => text.replace(/"counts":\[\d+/, '"counts":[-1')],
    ["that is another document", () => '{"hello":1}'],
  ])("%s is refused", async (name, damaged) => {
    const path = `${name.replace(/\W+/g, "-")}.json`;
    writeFileSync(file(path), damaged(readFileSync(file("reference.json"), "utf8")));
    const { code, stdout, stderr } = await slipway("--reference", path, "--current", "same.parquet", "--json");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("no stored reference");
  });

  test("has no history", async () => {
    const { code, stderr } = await slipway(
      "--reference",
      "reference.json",
      "--current",
      "same.parquet",
      "--time",
      "day",
    );
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("no history") });
  });
});

describe("how it ends", () => {
  test("0 with an alarm, 3 when that is to fail", async () => {
    const words = ["--reference", "reference.parquet", "--current", "a-share.parquet", "--json"];
    expect((await slipway(...words)).code).toBe(0);
    expect((await slipway(...words, "--fail-on-alarm")).code).toBe(3);
    expect(
      (await slipway("--reference", "reference.parquet", "--current", "same.parquet", "--fail-on-alarm")).code,
    ).toBe(0);
  });

  test.each([
    ["no files", []],
    ["no current file", ["--reference", "reference.parquet"]],
    ["a file that is not there", ["--reference", "reference.parquet", "--current", "nowhere.parquet"]],
    ["a folder", ["--reference", "reference.parquet", "--current", "."]],
    ["a rate that is none", ["--reference", "reference.parquet", "--current", "same.parquet", "--false-alarms", "2"]],
    ["an effect below 0", ["--reference", "reference.parquet", "--current", "same.parquet", "--min-effect", "-1"]],
    ["an option that there is not", ["--reference", "reference.parquet", "--current", "same.parquet", "--nonsense"]],
    ["a reference without rows", ["--reference", "empty.parquet", "--current", "same.parquet"]],
    ["a file that is no Parquet", ["--reference", "reference.parquet", "--current", "text.parquet"]],
    ["a Parquet file that is cut short", ["--reference", "reference.parquet", "--current", "cut.parquet"]],
  ])("2 for %s, with the reason on stderr and nothing on stdout", async (_, words) => {
    writeFileSync(file("text.parquet"), "a,b\n1,2\n");
    writeFileSync(file("cut.parquet"), readFileSync(file("same.parquet")).subarray(0, 2000));
    const { code, stdout, stderr } = await slipway(...words, "--json");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.length).toBeGreaterThan(20);
  });

  test("people get a table, and a page that fetches nothing", async () => {
    const { stdout } = await slipway(
      "--reference",
      "reference.parquet",
      "--current",
      "same.parquet",
      "a-share.parquet",
      "--report",
      "drift.html",
    );
    expect(stdout).toMatch(/same\.parquet: 1000 rows, no alarm/);
    expect(stdout).toMatch(/a-share\.parquet: 1000 rows, ALARM: 1 of 7 column has drifted|ALARM: \d of 7/);
    expect(stdout).toMatch(/member +drifted +shares: true ↑/);
    const html = readFileSync(file("drift.html"), "utf8");
    expect(html).not.toMatch(/<script|https?:|@import|url\(/);
    for (const text of ["member", "Timeline", "Every column", "<svg"]) expect(html).toContain(text);
  });
});
