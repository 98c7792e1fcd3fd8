// Says on stderr what is going on. On a terminal the newest note is one live line that the next overwrites; elsewhere each
// step is a plain line when it starts and when it ends, and notes in between at most every few seconds.

import type { TextSink } from "./host.ts";
import { styleFor } from "./output.ts";
import { visibleLine } from "./visible.ts";

/** Tells a person how a command is getting on. */
export interface Progress {
  /** What is being done now; may be called often. */
  note(text: string): void;
  /** A line that stays. */
  line(text: string): void;
  /** Runs a step under a name, with its time when it ends. */
  step<T>(name: string, run: () => Promise<T>): Promise<T>;
  /** Lines that are drawn anew in place; on anything but a terminal they are left out. */
  live(lines: readonly string[]): void;
  /** Whether what is live is shown. */
  readonly isLive: boolean;
  /** Clears what is live. */
  end(): void;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes take no room on a terminal.
const COLOUR = /(\u001b\[\d+m)/;
const PLAIN_NOTE_EVERY_MS = 5000;
const LIVE_NOTE_EVERY_MS = 80;

function elapsed(since: number): string {
  const millis = performance.now() - since;
  return millis < 1000 ? `${millis.toFixed(0)} ms` : `${(millis / 1000).toFixed(1)} s`;
}

/** Progress on a sink, live when it is a terminal. */
export function createProgress(stderr: TextSink, env: Readonly<Record<string, string | undefined>>): Progress {
  const { TERM } = env;
  const live = stderr.isTTY === true && TERM !== "dumb";
  const style = styleFor(stderr, env);
  let shown = 0;
  let last = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (shown > 0) stderr.write(`\r${"\u001b[2K\u001b[1A".repeat(shown - 1)}\u001b[2K`);
    shown = 0;
  };
  const draw = (lines: readonly string[]): void => {
    const now = performance.now();
    if (!live || now - last < LIVE_NOTE_EVERY_MS) return;
    last = now;
    clear();
    // The cursor stays in the last line, and a line that is broken would count as one.
    stderr.write(lines.map((each) => cut(visibleLine(each, true), (stderr.columns || 80) - 1)).join("\n"));
    shown = lines.length;
  };
  const line = (text: string): void => {
    clear();
    stderr.write(`${visibleLine(text)}\n`);
  };
  return {
    line,
    live: draw,
    isLive: live,
    end: clear,
    note(text) {
      if (live) return draw([style.dim(`  ${text.slice(0, 110)}`)]);
      const now = performance.now();
      if (now - last < PLAIN_NOTE_EVERY_MS) return;
      last = now;
      line(`  ${text}`);
    },
    async step(name, run) {
      const start = performance.now();
      if (!live) line(`${name} …`);
      try {
        const result = await run();
        line(`${style.good("✓")} ${name} ${style.dim(`(${elapsed(start)})`)}`);
        return result;
      } catch (thrown) {
        line(`${style.bad("✗")} ${name}`);
        throw thrown;
      }
    },
  };
}

/** A line of no more characters than fit, colours not counted. */
function cut(text: string, most: number): string {
  let left = most;
  return text
    .split(COLOUR)
    .map((part, place) => {
      if (place % 2 === 1) return part;
      const points = [...part].slice(0, Math.max(0, left));
      left -= points.length;
      return points.join("");
    })
    .join("");
}
