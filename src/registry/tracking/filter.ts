// The filter language of tracking clients: clauses joined by AND, each `[entity.]key comparator value`. It is read into plain data here and
// never spliced into SQL; what it may say about which thing is decided where the SQL is made.

import { SlipwayError } from "../../core/core.ts";

/** How a clause compares. */
export type Comparator =
  | "="
  | "!="
  | ">"
  | ">="
  | "<"
  | "<="
  | "LIKE"
  | "ILIKE"
  | "IN"
  | "NOT IN"
  | "IS NULL"
  | "IS NOT NULL";

/** One clause of a filter. */
export interface Clause {
  /** The word before the first dot, in lower case; empty where there is none. */
  readonly entity: string;
  readonly key: string;
  readonly comparator: Comparator;
  /** A number where it was written without quotes; null with IS NULL and IS NOT NULL. */
  readonly value: string | number | readonly string[] | null;
}

/** What a filter may be long, in characters, and how many clauses it may have. */
const MOST_TEXT = 65_536;
const MOST_CLAUSES = 256;

type Token =
  | { readonly kind: "word" | "text" | "name"; readonly text: string; readonly at: number }
  | { readonly kind: "sign"; readonly text: string; readonly at: number };

const TOKEN = /\s+|(!=|<>|>=|<=|[=<>(),])|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|([^\s=!<>(),'"`]+)/gy;

function tokensOf(filter: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (at < filter.length) {
    const match = TOKEN.exec(filter);
    if (!match) throw invalid(filter, `unexpected ${JSON.stringify(filter.slice(at, at + 20))}`);
    const [whole, sign, single, double, back, word] = match;
    if (sign !== undefined) tokens.push({ kind: "sign", text: sign === "<>" ? "!=" : sign, at });
    else if (single !== undefined) tokens.push({ kind: "text", text: single.replaceAll("''", "'"), at });
    else if (double !== undefined) tokens.push({ kind: "text", text: double.replaceAll('""', '"'), at });
    else if (back !== undefined) tokens.push({ kind: "name", text: back.replaceAll("``", "`"), at });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, at });
    at += whole.length;
  }
  return tokens;
}

/** Reads a filter; an empty one has no clauses. Throws INPUT_INVALID that says what it stumbled over. */
export function parseFilter(filter: string | undefined): readonly Clause[] {
  if (filter === undefined || filter.trim() === "") return [];
  if (filter.length > MOST_TEXT)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The filter has ${filter.length} characters; at most ${MOST_TEXT} are read.`,
    );
  const tokens = tokensOf(filter);
  const clauses: Clause[] = [];
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const isWord = (word: string): boolean => peek()?.kind === "word" && peek()?.text.toUpperCase() === word;
  const take = (what: string): Token => {
    const token = tokens[at];
    if (!token) throw invalid(filter, `it ends where ${what} is expected`);
    at += 1;
    return token;
  };

  const identifier = (): { entity: string; key: string } => {
    const first = take("a name");
    if (first.kind === "sign") throw invalid(filter, `unexpected ${JSON.stringify(first.text)}`);
    if (first.kind !== "word") return { entity: "", key: first.text };
    const dot = first.text.indexOf(".");
    if (dot < 0) return { entity: "", key: first.text };
    const entity = first.text.slice(0, dot).toLowerCase();
    if (dot < first.text.length - 1) return { entity, key: first.text.slice(dot + 1) };
    const key = take(`a key after ${JSON.stringify(first.text)}`);
    if (key.kind === "sign") throw invalid(filter, `unexpected ${JSON.stringify(key.text)} after ${first.text}`);
    return { entity, key: key.text };
  };

  const comparator = (): Comparator => {
    const token = take("a comparator");
    const word = token.kind === "word" || token.kind === "sign" ? token.text.toUpperCase() : "";
    switch (word) {
      case "=":
      case "!=":
      case ">":
      case ">=":
      case "<":
      case "<=":
      case "LIKE":
      case "ILIKE":
      case "IN":
        return word;
      case "NOT":
        if (!isWord("IN")) break;
        at += 1;
        return "NOT IN";
      case "IS": {
        const isNot = isWord("NOT");
        if (isNot) at += 1;
        if (!isWord("NULL")) break;
        at += 1;
        return isNot ? "IS NOT NULL" : "IS NULL";
      }
    }
    throw invalid(filter, `${JSON.stringify(token.text)} is no comparator`);
  };

  const list = (): readonly string[] => {
    if (take("a list in parentheses").text !== "(") throw invalid(filter, "IN needs a list in parentheses");
    const values: string[] = [];
    for (;;) {
      const value = take("a quoted text");
      if (value.kind !== "text") throw invalid(filter, "a list holds quoted texts");
      values.push(value.text);
      const next = take("',' or ')'");
      if (next.kind === "sign" && next.text === ")") return values;
      if (next.kind !== "sign" || next.text !== ",") throw invalid(filter, `unexpected ${JSON.stringify(next.text)}`);
    }
  };

  const value = (): string | number => {
    const token = take("a value");
    if (token.kind === "text") return token.text;
    const number = token.kind === "word" ? Number(token.text) : Number.NaN;
    if (Number.isNaN(number))
      throw invalid(filter, `${JSON.stringify(token.text)} is neither a number nor a quoted text`);
    return number;
  };

  for (;;) {
    const { entity, key } = identifier();
    const compare = comparator();
    const given =
      compare === "IS NULL" || compare === "IS NOT NULL"
        ? null
        : compare === "IN" || compare === "NOT IN"
          ? list()
          : value();
    clauses.push({ entity, key, comparator: compare, value: given });
    if (clauses.length > MOST_CLAUSES) throw invalid(filter, `it has more than ${MOST_CLAUSES} clauses`);
    if (at === tokens.length) return clauses;
    if (!isWord("AND")) throw invalid(filter, `AND is expected before ${JSON.stringify(peek()?.text)}`);
    at += 1;
  }
}

function invalid(filter: string, problem: string): SlipwayError {
  const shown = filter.length > 200 ? `${filter.slice(0, 200)}…` : filter;
  return new SlipwayError(
    "INPUT_INVALID",
    `Invalid filter string: ${problem}. Clauses are \`key comparator value\` joined by AND. The filter: ${shown}`,
  );
}

/** One key to sort by. */
export interface OrderKey {
  readonly entity: string;
  readonly key: string;
  readonly isAscending: boolean;
}

/** Reads one `key [ASC|DESC]`. Throws INPUT_INVALID. */
export function parseOrder(text: string): OrderKey {
  const tokens = tokensOf(text);
  const direction = tokens.at(-1);
  const word = direction?.kind === "word" && tokens.length > 1 ? direction.text.toUpperCase() : "";
  const isDirected = word === "ASC" || word === "DESC";
  const [first, second, ...more] = isDirected ? tokens.slice(0, -1) : tokens;
  const wrong = new SlipwayError("INPUT_INVALID", `Invalid order_by clause '${text}': write \`key [ASC|DESC]\`.`);
  if (!first || first.kind === "sign" || more.length > 0) throw wrong;
  const isAscending = word !== "DESC";
  const dot = first.kind === "word" ? first.text.indexOf(".") : -1;
  if (second) {
    if (second.kind === "sign" || dot !== first.text.length - 1 || dot < 0) throw wrong;
    return { entity: first.text.slice(0, -1).toLowerCase(), key: second.text, isAscending };
  }
  if (dot < 0) return { entity: "", key: first.text, isAscending };
  if (dot === first.text.length - 1) throw wrong;
  return { entity: first.text.slice(0, dot).toLowerCase(), key: first.text.slice(dot + 1), isAscending };
}
