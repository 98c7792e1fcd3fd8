import { describe, expect, test } from "vitest";
import { days, hours } from "../core/core.ts";
import {
  atLeast,
  between,
  collectProject,
  count,
  definitionHash,
  entity,
  featureView,
  freshWithin,
  holds,
  letInCondition,
  matches,
  notNull,
  oneOf,
  parquet,
  references,
  rowCount,
  specOf,
  t,
  unique,
} from "./define.ts";

const columns = { id: t.string(), carrier: t.string().optional(), delay: t.int32(), at: t.timestamp() };
const airports = parquet("airports", { path: "a.parquet", columns: { faa: t.string(), number: t.int64() } });
type Expect = NonNullable<Parameters<typeof parquet<typeof columns>>[1]["expect"]>;
const source = (...expected: readonly unknown[]) =>
  parquet("flights", { path: "f.parquet", columns, eventTime: "at", expect: expected as Expect });

test("an expectation keeps how it was written, and what its failure does", () => {
  const { expect: found = [] } = specOf(
    source(
      notNull("carrier"),
      between("delay", -120, 2000).orWarn(),
      oneOf("carrier", ["UA", "AA"]).orStop(),
      matches("id", /^N/),
      unique(["id", "at"]),
      freshWithin(hours(6)).orWarn(),
      rowCount({ within: 0.3, per: days(1) }),
      references("carrier", airports.faa),
    ),
  );
  expect(found.map(({ text, severity }) => `${text} ${severity}`)).toEqual([
    'notNull("carrier") reject',
    'between("delay", -120, 2000) warn',
    'oneOf("carrier", ["UA","AA"]) stop',
    'matches("id", /^N/) reject',
    'unique(["id","at"]) stop',
    "freshWithin(6h) warn",
    "rowCount({ within: 0.3, of: 7, per: 1d }) stop",
    'references("carrier", airports.faa) stop',
  ]);
});

test("only what rejects rows changes what a source means", () => {
  const [bare, warned] = [source(), source(between("delay", 0, 9).orWarn(), unique(["id"]))];
  expect(letInCondition(specOf(warned).expect)).toBeUndefined();
  expect(definitionHash(specOf(warned))).toBe(definitionHash(specOf(bare)));
  expect(definitionHash(specOf(source(between("delay", 0, 9))))).not.toBe(definitionHash(specOf(bare)));
});

test("a source that is only referred to belongs to the project", () => {
  const project = collectProject("p", { flights: source(references("carrier", airports.faa)) });
  expect(project.definitions.map(({ name }) => name)).toEqual(["airports", "flights"]);
});

describe("refused when it is written:", () => {
  test.each<[string, () => unknown, string]>([
    [
      "a column that is not there",
      () => source(notNull("carier")),
      'there is no "carier"; there are id, carrier, delay, at',
    ],
    ["bounds the wrong way round", () => between("delay", 3, 2), "wrong way round"],
    ["a NaN bound", () => between("delay", Number.NaN, 2), "wrong way round"],
    ["text between numbers", () => source(between("carrier", 0, 1)), "cannot be used as a value of type string"],
    ["no values", () => source(oneOf("carrier", [])), "at least one value"],
    ["a value of another type", () => source(oneOf("delay", ["x"])), "cannot be used as a value of type int32"],
    ["a pattern with a flag", () => source(matches("id", /^n/i)), 'flag "i"'],
    ["a pattern that SQL reads otherwise", () => source(matches("id", /(?=N)/)), "looks ahead"],
    ["the same twice", () => source(notNull("id"), notNull("id")), "twice"],
    ["no column to be unique", () => unique([]), "at least one column"],
    ["no time to be fresh", () => freshWithin(0n), "above zero"],
    ["a count against nothing", () => rowCount({}), "atLeast or within"],
    ["a reference of another type", () => source(references("delay", airports.number)), "is int32 and"],
    [
      "a reference to a computed value",
      () => references("delay", airports.number.plus(1) as never),
      "a column of a source",
    ],
    ["a condition on another source", () => source(() => holds("x", airports.faa.eq("EWR"))), "not its own"],
    ["a condition on nothing", () => source(() => holds("x", airports.faa as never)), "not a condition"],
    [
      "freshness of a static source",
      () => parquet("s", { path: "s.parquet", columns, expect: [freshWithin(hours(1))] }),
      "no eventTime",
    ],
  ])("%s", (_, define, why) => {
    expect(define).toThrow(why);
  });

  test("a view's expectation that would stop a read", () => {
    const view = (expected: readonly unknown[]) => () =>
      featureView("v", {
        entity: entity("e", { id: t.string() }),
        source: source(),
        features: { n: count().over(hours(1)) },
        expect: expected as never,
      });
    expect(view([atLeast("n", 1).orStop()])).toThrow("read one by one");
    expect(view([atLeast("m", 1)])).toThrow('there is no "m"');
    expect(view([atLeast("n", 1), (values: { n: never }) => holds("x", values.n)])).toThrow("not a condition");
  });
});
