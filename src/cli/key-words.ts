import { type ColumnSchema, jsonFromText, SlipwayError } from "../core/core.ts";

/** Keys by name, as they would come in JSON. */
export type Key = Readonly<Record<string, unknown>>;

/**
 * Keys from words: `name=value`, with the value as the key's type has it in JSON; what does not fit is left for the reader to refuse. A name that
 * comes again starts the next key.
 */
export function keysOf(words: readonly string[], fields: readonly ColumnSchema[]): readonly Key[] {
  const types = new Map(fields.map(({ name, type }) => [name, type]));
  const keys: Record<string, unknown>[] = [];
  for (const word of words) {
    const split = word.indexOf("=");
    const [name, text] = [word.slice(0, split), word.slice(split + 1)];
    if (split < 1)
      throw new SlipwayError("USAGE", `"${word}" is not a key. Write it as name=value, such as carrier=UA.`);
    const last = keys.at(-1);
    const key = last === undefined || Object.hasOwn(last, name) ? {} : last;
    if (key !== last) keys.push(key);
    key[name] = jsonFromText(types.get(name), text);
  }
  return keys;
}

/** The one key that words make. Throws USAGE for none, or for more than one. */
export function keyOf(words: readonly string[], fields: readonly ColumnSchema[]): Key {
  const [key, another] = keysOf(words, fields);
  if (key !== undefined && another === undefined) return key;
  const example = fields.map(({ name }) => `${name}=…`).join(" ");
  throw new SlipwayError("USAGE", key === undefined ? `No key is given. Add ${example}.` : `Give one key: ${example}.`);
}
