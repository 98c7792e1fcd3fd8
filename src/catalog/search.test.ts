import { expect, test } from "vitest";
import { search, wordsOf } from "./search.ts";

const document = (subject: string, ...fields: readonly (readonly [string, number])[]) => ({
  subject,
  fields: fields.map(([text, weight]) => ({ text, weight })),
});
const order = (query: string, ...documents: ReturnType<typeof document>[]): readonly string[] =>
  search(documents, query).map(({ subject }) => subject);

test("words are lower case, without accents and plural s, split at everything else", () => {
  expect(wordsOf("Carrier_Delays, Café-24h (São)")).toEqual(["carrier", "delay", "cafe", "24h", "sao"]);
  expect(wordsOf("loss bus is")).toEqual(["loss", "bus", "is"]);
  expect(wordsOf("…")).toEqual([]);
});

test("what holds more of the words comes first, whatever the weights", () => {
  expect(
    order(
      "carrier delay",
      document("one", ["carrier carrier carrier", 5]),
      document("both", ["delay of a carrier", 1]),
    ),
  ).toEqual(["both", "one"]);
});

test("a rare word counts more than a frequent one, and a heavier field more than a light one", () => {
  const all = [document("light", ["delay", 1]), document("heavy", ["delay", 5]), document("rare", ["wind", 1])];
  expect(order("delay", ...all)).toEqual(["heavy", "light"]);
  const [wind] = search(all, "wind");
  const [, delay] = search(all, "delay");
  expect(wind?.score).toBeGreaterThan(delay?.score ?? 0);
});

test("a word that only begins with the one asked for is found, after the whole word", () => {
  expect(
    order("dep", document("begins", ["departure", 1]), document("whole", ["dep", 1]), document("ends", ["adep", 1])),
  ).toEqual(["whole", "begins"]);
});

test("says which words matched, and finds nothing for none", () => {
  expect(search([document("a", ["delay of planes", 1])], "plane zebra")[0]?.matched).toEqual(["plane"]);
  expect(search([document("a", ["delay", 1])], "")).toEqual([]);
});
