// Online detectors over one stream of numbers in memory: updates a second of processor time, beside river's. The changes found are compared first.

import { join } from "node:path";
import { adwin, type Detector, pageHinkley } from "slipway/platform";
import { runChild } from "./support/child.ts";
import { type Bench, compared, newSamples, runIfMain } from "./support/report.ts";
import { costOf } from "./support/usage.ts";
import { venvWith } from "./support/venv.ts";

/** The numbers that detectors_river.py makes: the mean rises by a half in every second stretch of 10,000. */
function streamOf(count: number): Float64Array {
  let state = 7;
  return Float64Array.from({ length: count }, (_, place) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 + (Math.floor(place / 10_000) % 2) / 2;
  });
}

/** Both sides, in turn. */
export const detectors: Bench = async (quick) => {
  const count = quick ? 100_000 : 1_000_000;
  const interpreter = process.env["BENCH_RIVER_PYTHON"] || (await venvWith("river", ["river==0.26.1", "pyarrow"]));
  const values = streamOf(count);
  const samples = newSamples();
  const rounds = quick ? 1 : 5;
  for (let round = 0; round < rounds; round += 1) {
    const { stdout } = await runChild([
      interpreter,
      join(import.meta.dirname, "support", "detectors_river.py"),
      String(count),
    ]);
    const told = JSON.parse(stdout) as Readonly<Record<string, { readonly seconds: number; readonly found: number }>>;
    for (const [name, make] of Object.entries({ adwin, pageHinkley }) as [string, () => Detector][]) {
      const detector = make();
      let found = 0;
      const { cpuSeconds } = await costOf(async () => {
        for (const value of values) if (detector.update(value)) found += 1;
      });
      const peer = told[name];
      if (found !== peer?.found) throw new Error(`${name} found ${found} changes, and river ${peer?.found}.`);
      samples.keep(`slipway ${name}`, count / cpuSeconds);
      samples.keep(`river ${name}`, count / peer.seconds);
    }
  }
  const line = (title: string, name: string) =>
    compared(
      `${title}: updates a second of processor time`,
      "updates/s",
      samples.of(`slipway ${name}`),
      "river 0.26.1",
      samples.of(`river ${name}`),
    );
  return {
    name: "detectors",
    rounds,
    lines: [line("ADWIN", "adwin"), line("Page-Hinkley", "pageHinkley")],
    notes: [`${count} numbers, the mean changing every 10,000.`],
    samples: samples.all,
  };
};

await runIfMain(import.meta.url, detectors);
