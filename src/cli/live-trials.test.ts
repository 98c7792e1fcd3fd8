import { expect, test } from "vitest";
import type { SearchState, TunedTrial } from "../platform/platform.ts";
import { liveTrials } from "./live-trials.ts";
import { styleFor } from "./output.ts";
import { createProgress } from "./progress.ts";

const plain = styleFor({ write: () => undefined }, {});

function trial(number: number, rest: Partial<TunedTrial> = {}): TunedTrial {
  return {
    number,
    runId: `run-${number}`,
    params: { eta: 0.1 + number / 100, depth: 3 },
    state: "complete",
    value: 0.7 + number / 100,
    values: [0.7 + number / 100],
    test: 0.7,
    error: undefined,
    ...rest,
  };
}

test("a search shows how far it is, what is best, what was pruned, what runs and what is left", () => {
  const trials = [
    trial(0),
    trial(1),
    trial(2, { state: "pruned", value: undefined, values: undefined }),
    trial(3, { state: "failed", value: undefined, values: undefined }),
  ];
  const state: SearchState = {
    trials,
    running: [{ number: 4, params: { eta: 0.5, depth: 7 }, round: 12 }],
    best: trials[1],
    left: 5,
    elapsed: 65,
  };
  const goals = [{ name: "auc", better: "higher" }] as const;
  expect(liveTrials(state, { goals, trials: 10, rounds: 100, seconds: 600 }, plain)).toEqual([
    "  4 of 10 trials · best auc 0.7100 (trial 2) · 1 pruned · 1 failed · 5 left · 65.0 s of 10 min 0 s",
    "  trial  state            auc     eta     depth",
    "  1      complete         0.7000  0.1000  3",
    "  2      complete         0.7100  0.1100  3",
    "  3      pruned                   0.1200  3",
    "  4      failed                   0.1300  3",
    "  5      round 12 of 100          0.5000  7",
  ]);
});

test("live lines are drawn in place on a terminal, never wider than it, and make room for lines that stay", () => {
  const written: string[] = [];
  const progress = createProgress({ write: (text) => written.push(text), isTTY: true, columns: 10 }, { NO_COLOR: "1" });
  progress.live(["one", "a line that is too long"]);
  progress.line("stays");
  progress.end();
  expect(written).toEqual(["one\na line th", "\r\u001b[2K\u001b[1A\u001b[2K", "stays\n"]);
});

test("elsewhere than on a terminal nothing live is written", () => {
  const written: string[] = [];
  const progress = createProgress({ write: (text) => written.push(text) }, {});
  progress.live(["one"]);
  progress.end();
  expect([progress.isLive, written]).toEqual([false, []]);
});
