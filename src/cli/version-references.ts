import { SlipwayError } from "../core/core.ts";

/** Words that name versions, `model@3 model@champion` or `model 3 champion`, as references. Throws USAGE unless there are `count`, or two at least. */
export function versionReferences(words: readonly string[], count?: number): readonly string[] {
  const [first = "", ...rest] = words;
  const references = first.includes("@") ? words : rest.map((version) => `${first}@${version}`);
  if (count === undefined ? references.length >= 2 : references.length === count) return references;
  throw new SlipwayError(
    "USAGE",
    `Name ${count ?? "two or more"} versions: flight_delay@1 flight_delay@champion, or flight_delay 1 champion.`,
  );
}
