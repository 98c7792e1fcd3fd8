import type { Ubjson } from "./ubjson.ts";

const DEEPEST = 32;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * JSON as the values that UBJSON has. A key that stands twice in an object is refused: two readers could each take another of them, and then
 * what was looked through would not be what is loaded. Throws a SyntaxError.
 */
export function readJson(bytes: Uint8Array): Ubjson {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  refuseTwice(text);
  return fromParsed(JSON.parse(text), 0);
}

function fromParsed(value: unknown, depth: number): Ubjson {
  if (depth > DEEPEST) throw new SyntaxError("too many levels");
  if (Array.isArray(value)) return value.map((item) => fromParsed(item, depth + 1));
  if (typeof value !== "object" || value === null) return value as Ubjson;
  return new Map(Object.entries(value).map(([key, item]) => [key, fromParsed(item, depth + 1)]));
}

function refuseTwice(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const keys = open.at(-1);
      const key = JSON.parse(last) as string;
      if (keys?.has(key)) throw new SyntaxError(`the key ${JSON.stringify(key)} stands twice`);
      keys?.add(key);
    }
    last = token;
  }
}
