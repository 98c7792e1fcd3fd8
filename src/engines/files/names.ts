import { resolve, sep } from "node:path";
import { SlipwayError } from "../../core/core.ts";

const WORD = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** A name of one word as it was, or an INPUT_INVALID error that says what it names. */
export function checkedWord(word: string, what: string): string {
  if (WORD.test(word) && word.length <= 200) return word;
  throw new SlipwayError(
    "INPUT_INVALID",
    `${JSON.stringify(word)} is no name for ${what}: use up to 200 letters, digits, dots, underscores and hyphens, not a dot first.`,
  );
}

/** The path of a name made of words with slashes between them; it is resolved first, then held to the root. */
export function pathUnder(root: string, name: string): string {
  const path = resolve(root, name);
  for (const word of name.split("/")) checkedWord(word, "a blob or a folder of blobs");
  if (!path.startsWith(root + sep))
    throw new SlipwayError("INPUT_INVALID", `${JSON.stringify(name)} leads out of the store.`);
  return path;
}
