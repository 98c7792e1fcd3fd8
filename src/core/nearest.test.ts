import { expect, test } from "vitest";
import { didYouMean } from "./nearest.ts";

test.each([
  ["fare_amount", ["fare_amt", "city"], ' Did you mean "fare_amt"?'],
  ["late", ["at", "minutes_late"], ' Did you mean "minutes_late"?'],
  ["Fare", ["fare", "fares"], ' Did you mean "fare"?'],
  ["km", ["courier", "kms"], ' Did you mean "kms"?'],
  ["tail", ["courier", "zone"], ""],
  ["a", [], ""],
])("of %s and %j", (name, known, question) => expect(didYouMean(name, known)).toBe(question));
