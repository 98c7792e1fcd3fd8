// Regular expressions whose meaning is the same everywhere: a pattern is parsed once, and written out again for each reader in the plainest
// form that reader has. Text is a sequence of Unicode code points; classes are written as ranges of them, so that no reader's own idea of
// "space" or "any character" comes in. What JavaScript and RE2 can't both say (lookaround, back-references, Unicode properties, flags) is
// refused when the pattern is defined. The answer is only whether the text matches somewhere, so groups capture nothing.

import { SlipwayError } from "../core/core.ts";

/** One pattern, as each reader takes it. */
export interface Pattern {
  /** For JavaScript's `RegExp`, with the flag `u`. */
  readonly javascript: string;
  /** For RE2, as DuckDB and most SQL engines have it; plain ASCII. */
  readonly re2: string;
}

/** Code points from the first to the last, inclusive. */
type Range = readonly [first: number, last: number];

type Part =
  | { readonly kind: "set"; readonly ranges: readonly Range[] }
  | { readonly kind: "start" | "end" }
  | { readonly kind: "sequence"; readonly parts: readonly Part[] }
  | { readonly kind: "choice"; readonly options: readonly Part[] }
  | { readonly kind: "repeat"; readonly of: Part; readonly least: number; readonly most: number | undefined };

/** Reads the source of a regular expression. Throws DEFINITION_INVALID, naming what can't be said on every engine. */
export function readPattern(source: string): Pattern {
  const parser = new Parser(source);
  const part = parser.choice();
  if (!parser.isAtEnd()) parser.fail("has a ) that nothing opens");
  if (weight(part) > MOST_REPEATS)
    parser.fail(`repeats more than ${MOST_REPEATS} times in all, which RE2 refuses; write it shorter`);
  return {
    javascript: written(part, { start: "^", end: "$", point: (code) => `\\u{${code.toString(16)}}` }),
    re2: written(part, { start: "\\A", end: "\\z", point: (code) => `\\x{${code.toString(16)}}` }),
  };
}

const LAST = 0x10ffff;
/** RE2's own limit on counted repeats, nested ones multiplied. */
const MOST_REPEATS = 1000;

const DIGITS: readonly Range[] = [[0x30, 0x39]];
const WORDS: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
/** ECMA-262, WhiteSpace and LineTerminator: what `\s` is in JavaScript. */
const SPACES: readonly Range[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
/** ECMA-262, LineTerminator: what `.` leaves out. */
const LINE_ENDS: readonly Range[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

/** Every code point that is not in the ranges; surrogates are no characters. */
function without(ranges: readonly Range[]): readonly Range[] {
  const left: Range[] = [];
  let next = 0;
  for (const [first, last] of ordered([...ranges, [0xd800, 0xdfff]])) {
    if (first > next) left.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  if (next <= LAST) left.push([next, LAST]);
  return left;
}

const ordered = (ranges: readonly Range[]): readonly Range[] => [...ranges].sort((a, b) => a[0] - b[0]);

function classOf(letter: string): readonly Range[] | undefined {
  const of = { d: DIGITS, w: WORDS, s: SPACES }[letter.toLowerCase()];
  return of === undefined || letter === letter.toLowerCase() ? of : without(of);
}

const ESCAPES: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 };
const SYNTAX = "^$\\.*+?()[]{}|/-";
const LONGEST = 4000;

class Parser {
  readonly #source: string;
  readonly #letters: readonly string[];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#letters = [...source];
    if (this.#letters.length > LONGEST) this.fail(`is longer than ${LONGEST} characters`);
  }

  fail(why: string): never {
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `The pattern /${this.#source}/ ${why}. A pattern may hold characters, classes such as [A-Z] and \\d, ( ), |, ^, $, and the repeats * + ? {2,5}: what means the same in JavaScript and in SQL.`,
    );
  }

  isAtEnd(): boolean {
    return this.#at >= this.#letters.length;
  }

  #peek(ahead = 0): string {
    return this.#letters[this.#at + ahead] ?? "";
  }

  #take(text: string): boolean {
    const found = this.#letters.slice(this.#at, this.#at + text.length).join("") === text;
    if (found) this.#at += text.length;
    return found;
  }

  choice(depth = 0): Part {
    if (depth > 50) this.fail("nests groups more than 50 deep");
    const options = [this.#sequence(depth)];
    while (this.#take("|")) options.push(this.#sequence(depth));
    return options.length === 1 ? (options[0] as Part) : { kind: "choice", options };
  }

  #sequence(depth: number): Part {
    const parts: Part[] = [];
    while (!this.isAtEnd() && this.#peek() !== "|" && this.#peek() !== ")") parts.push(this.#repeated(depth));
    return { kind: "sequence", parts };
  }

  #repeated(depth: number): Part {
    const of = this.#atom(depth);
    const counts = this.#counts();
    if (!counts) return of;
    if (of.kind === "start" || of.kind === "end") this.fail("repeats ^ or $");
    // Greedy or not makes no difference to whether there is a match.
    this.#take("?");
    if (this.#counts()) this.fail("repeats a repeat; put the inner one in ( )");
    return { kind: "repeat", of, ...counts };
  }

  #counts(): { readonly least: number; readonly most: number | undefined } | undefined {
    if (this.#take("*")) return { least: 0, most: undefined };
    if (this.#take("+")) return { least: 1, most: undefined };
    if (this.#take("?")) return { least: 0, most: 1 };
    if (this.#peek() !== "{") return undefined;
    const [all, from, comma, to] =
      /^\{(\d+)(,)?(\d*)\}/.exec(this.#letters.slice(this.#at, this.#at + 12).join("")) ?? [];
    if (all === undefined || (comma === undefined && to !== "")) this.fail("has a { that starts no repeat; write \\{");
    this.#at += all.length;
    const least = Number(from);
    const most = comma === undefined ? least : to === "" ? undefined : Number(to);
    if (most !== undefined && most < least) this.fail(`has the repeat ${all}, whose bounds are the wrong way round`);
    return { least, most };
  }

  #atom(depth: number): Part {
    if (this.#take("^")) return { kind: "start" };
    if (this.#take("$")) return { kind: "end" };
    if (this.#take(".")) return { kind: "set", ranges: without(LINE_ENDS) };
    if (this.#take("(")) return this.#group(depth);
    if (this.#take("[")) return this.#set();
    const letter = this.#peek();
    if ("*+?{".includes(letter)) this.fail(`has a ${letter} with nothing before it to repeat; write \\${letter}`);
    if (letter === "\\") {
      const ranges = this.#escape();
      return { kind: "set", ranges };
    }
    if (letter === "]" || letter === "}") this.fail(`has a lone ${letter}; write \\${letter}`);
    this.#at += 1;
    return { kind: "set", ranges: [this.#point(letter)] };
  }

  #point(letter: string): Range {
    const code = letter.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) this.fail("holds half of a surrogate pair");
    return [code, code];
  }

  #group(depth: number): Part {
    if (this.#take("?")) {
      const isNamed = this.#peek() === "<" && /[A-Za-z_]/.test(this.#peek(1));
      if (isNamed) while (!this.isAtEnd() && !this.#take(">")) this.#at += 1;
      else if (!this.#take(":")) this.fail("looks ahead or behind, or switches flags, with (?");
    }
    const inside = this.choice(depth + 1);
    if (!this.#take(")")) this.fail("has a ( that is not closed");
    return inside.kind === "sequence" ? { kind: "choice", options: [inside] } : inside;
  }

  #escape(): readonly Range[] {
    this.#at += 1;
    const letter = this.#peek();
    if (letter === "") this.fail("ends with \\");
    this.#at += 1;
    const named = classOf(letter);
    if (named) return named;
    if (/[1-9]/.test(letter)) this.fail(`refers back to a group with \\${letter}`);
    if (letter === "0" && /\d/.test(this.#peek())) this.fail("has an octal escape; write \\x..");
    const code = ESCAPES[letter] ?? this.#coded(letter);
    if (code !== undefined) return [this.#point(String.fromCodePoint(code))];
    if (!SYNTAX.includes(letter)) this.fail(`has \\${letter}, which does not mean the same everywhere`);
    return [this.#point(letter)];
  }

  #coded(letter: string): number | undefined {
    if (letter !== "x" && letter !== "u") return undefined;
    const rest = this.#letters.slice(this.#at, this.#at + 9).join("");
    const [all, digits, inBraces] =
      (letter === "x" ? /^([0-9a-fA-F]{2})/ : /^(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})/).exec(rest) ?? [];
    if (all === undefined) this.fail(`has \\${letter} without its hexadecimal digits`);
    this.#at += all.length;
    const code = Number.parseInt(digits ?? inBraces ?? "", 16);
    if (code > LAST) this.fail(`has \\${letter}${all}, which is past the last character`);
    return code;
  }

  #set(): Part {
    const isNegated = this.#take("^");
    const ranges: Range[] = [];
    while (!this.#take("]")) {
      if (this.isAtEnd()) this.fail("has a [ that is not closed");
      const first = this.#member();
      const isRange = this.#peek() === "-" && this.#peek(1) !== "]" && this.#peek(1) !== "";
      if (!isRange) {
        ranges.push(...first);
        continue;
      }
      this.#at += 1;
      const last = this.#member();
      const [from, to] = [first[0]?.[0] ?? 0, last[0]?.[1] ?? 0];
      if (!isOne(first) || !isOne(last)) this.fail("has a class such as \\d at the end of a range");
      if (to < from)
        this.fail(
          `has the range ${String.fromCodePoint(from)}-${String.fromCodePoint(to)}, which is the wrong way round`,
        );
      ranges.push([from, to]);
    }
    const all = isNegated ? without(ranges) : ordered(ranges);
    if (all.length === 0) this.fail("has a class that holds no character");
    return { kind: "set", ranges: all };
  }

  #member(): readonly Range[] {
    if (this.#peek() === "\\") return this.#escape();
    const letter = this.#peek();
    if (letter === "") this.fail("has a [ that is not closed");
    if (letter === "[") this.fail("has a [ inside [ ]; write \\[");
    this.#at += 1;
    return [this.#point(letter)];
  }
}

const isOne = (ranges: readonly Range[]): boolean => ranges.length === 1 && ranges[0]?.[0] === ranges[0]?.[1];

/** How many copies of its smallest parts a pattern stands for, as RE2 counts them. */
function weight(part: Part): number {
  switch (part.kind) {
    case "repeat":
      return Math.max(part.least, part.most ?? 0, 1) * weight(part.of);
    case "sequence":
      return Math.max(1, ...part.parts.map(weight));
    case "choice":
      return Math.max(1, ...part.options.map(weight));
    default:
      return 1;
  }
}

interface Spelling {
  readonly start: string;
  readonly end: string;
  readonly point: (code: number) => string;
}

function written(part: Part, spelling: Spelling): string {
  switch (part.kind) {
    case "start":
    case "end":
      return spelling[part.kind];
    case "set":
      return `[${part.ranges.map((range) => rangeText(range, spelling)).join("")}]`;
    case "sequence":
      return part.parts.map((each) => written(each, spelling)).join("");
    case "choice":
      return `(?:${part.options.map((each) => written(each, spelling)).join("|")})`;
    case "repeat": {
      const { least, most } = part;
      const count = most === undefined ? (least === 0 ? "*" : least === 1 ? "+" : `{${least},}`) : `{${least},${most}}`;
      return `(?:${written(part.of, spelling)})${count}`;
    }
    default:
      return part satisfies never;
  }
}

function rangeText([first, last]: Range, { point }: Spelling): string {
  return first === last ? point(first) : `${point(first)}-${point(last)}`;
}
