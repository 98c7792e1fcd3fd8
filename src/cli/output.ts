// A command answers once: `show` prints its document under --json, and lines for people otherwise. Stdout then holds nothing
// else, so everything said along the way goes to stderr. Colour is for terminals only, and NO_COLOR turns it off.

import type { TextSink } from "./host.ts";
import type { Canvas } from "./plot/marks.ts";
import { table } from "./table.ts";
import { visibleLine } from "./visible.ts";

/** How a command answers. */
export interface Output {
  readonly json: boolean;
  readonly style: Style;
  /** How wide and how fine plots may be. */
  readonly canvas: Canvas;
  /** Whether the answer has been printed. */
  readonly answered: boolean;
  /** What the command ends with when nothing is thrown. */
  readonly exit: number;
  /** Prints the answer: `document` under --json, else the lines. `exit` is what the command ends with; default 0. */
  show(document: unknown, lines: readonly Line[], exit?: number): void;
  /** Prints answers of one kind: under --json each as a document on a line of its own, else the lines. */
  showEach(documents: readonly unknown[], lines: readonly Line[], exit?: number): void;
}

/** A line of text, or a table: a header and its rows. */
export type Line = string | TableLines;

/** A table for people; numbers are set to the right. */
export interface TableLines {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | bigint | null | undefined)[])[];
}

/** Words with a meaning, coloured where colour is wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
}

/** The style for a sink: coloured on a terminal unless NO_COLOR is set. */
export function styleFor(sink: TextSink, env: Readonly<Record<string, string | undefined>>): Style {
  const { NO_COLOR, TERM } = env;
  const on = sink.isTTY === true && !NO_COLOR && TERM !== "dumb";
  const wrap = (open: number, close: number) => (text: string) =>
    on ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: wrap(1, 22), dim: wrap(2, 22), good: wrap(32, 39), warn: wrap(33, 39), bad: wrap(31, 39) };
}

/** What can be drawn on a sink: fine marks on a terminal, ASCII elsewhere and where NO_COLOR is set. */
function canvasFor(sink: TextSink, env: Readonly<Record<string, string | undefined>>): Canvas {
  const { NO_COLOR, TERM, COLUMNS } = env;
  const given = sink.columns ?? Number(COLUMNS);
  const width = Number.isInteger(given) && given >= 40 ? Math.min(given, 200) : 80;
  return { width, plain: sink.isTTY !== true || Boolean(NO_COLOR) || TERM === "dumb" };
}

/** A value as one indented JSON document: bigint as a number where that is exact, NaN and infinities as null. */
export function jsonDocument(value: unknown, indent = 2): string {
  const plain = (_key: string, item: unknown): unknown => {
    if (typeof item !== "bigint") return item;
    return Number.isSafeInteger(Number(item)) ? Number(item) : String(item);
  };
  const text = JSON.stringify(value, plain, indent) ?? "null";
  // JSON leaves these as they are, and some terminals obey them.
  return `${text.replace(/[\u007f-\u009f]/g, (found) => `\\u00${found.charCodeAt(0).toString(16)}`)}\n`;
}

/** The output of one command. */
export function createOutput(
  stdout: TextSink,
  env: Readonly<Record<string, string | undefined>>,
  json: boolean,
): Output {
  const style = styleFor(stdout, env);
  let answered = false;
  let ends = 0;
  const answer = (json: string | undefined, lines: readonly Line[], exit: number): void => {
    answered = true;
    ends = exit;
    if (json !== undefined) stdout.write(json);
    else
      for (const line of lines) stdout.write(`${typeof line === "string" ? visibleLine(line) : table(line, style)}\n`);
  };
  return {
    json,
    style,
    canvas: canvasFor(stdout, env),
    get answered() {
      return answered;
    },
    get exit() {
      return ends;
    },
    show: (document, lines, exit = 0) => answer(json ? jsonDocument(document) : undefined, lines, exit),
    showEach: (documents, lines, exit = 0) =>
      answer(json ? documents.map((each) => jsonDocument(each, 0)).join("") : undefined, lines, exit),
  };
}
