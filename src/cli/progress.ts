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
  /** Clears the live line. */
  end(): void;
}

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
  let shown = false;
  let last = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (shown) stderr.write("\r\u001b[2K");
    shown = false;
  };
  const line = (text: string): void => {
    clear();
    stderr.write(`${visibleLine(text)}\n`);
  };
  return {
    line,
    end: clear,
    note(text) {
      const now = performance.now();
      if (now - last < (live ? LIVE_NOTE_EVERY_MS : PLAIN_NOTE_EVERY_MS)) return;
      last = now;
      if (!live) return line(`  ${text}`);
      clear();
      stderr.write(style.dim(`  ${visibleLine(text.slice(0, 110), true)}`));
      shown = true;
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
