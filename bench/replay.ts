// The year lived again: what the demo's last step takes, from the training of the first version to the last day's monitoring, with every
// prediction through the real online store, serving, log, monitors and retraining. It has no peer; it is given as seconds and rates.

import { parseInstant } from "slipway";
import { openReplay, runReplay } from "slipway/platform";
import { flightsOptions, flightsYear, openFlights, temporaryFolder } from "./support/project.ts";
import { type Bench, type Line, median, runIfMain } from "./support/report.ts";
import { costOf } from "./support/usage.ts";

/** April to December, as in the demo; a smoke run takes three days. */
export const replay: Bench = async (quick) => {
  await flightsYear();
  const rounds = quick ? 1 : 3;
  const request = {
    model: "flight_delay",
    from: parseInstant("2013-04-01"),
    to: parseInstant(quick ? "2013-04-04" : "2014-01-01"),
  };
  const samples: Record<"wall" | "cpu" | "predictions" | "daysWall", number[]> = {
    wall: [],
    cpu: [],
    predictions: [],
    daysWall: [],
  };
  for (let round = 0; round < rounds; round += 1) {
    const state = temporaryFolder();
    const platform = await openFlights(state);
    const opened = await openReplay(flightsOptions(state), platform, request);
    let predictions = 0;
    let began = 0;
    const cost = await costOf(async () => {
      const onFirst = (): void => {
        began = performance.now();
      };
      predictions = (await runReplay(opened, { ...request, onFirst })).predictions;
      samples.daysWall.push((performance.now() - began) / 1e3);
    });
    samples.wall.push(cost.wallSeconds);
    samples.cpu.push(cost.cpuSeconds);
    samples.predictions.push(predictions);
    await opened.close();
    await platform.close();
  }
  const [seconds, days, predictions] = [median(samples.wall), median(samples.daysWall), median(samples.predictions)];
  const line = (what: string, unit: string, slipway: number): Line => ({ what, unit, slipway });
  return {
    name: "replay",
    rounds,
    lines: [
      line(`${quick ? "3 days" : "April to December"}, snapshot and first training included`, "s", seconds),
      line(
        "after the first training: the online store filled, then the days with monitoring and retraining",
        "s",
        days,
      ),
      line("predictions a second over that time", "1/s", predictions / days),
      line("processor of this process (trainers are others)", "s", median(samples.cpu)),
    ],
    notes: [`${predictions} predictions, each with 7 online reads and a log line; one process, no HTTP in between.`],
    samples,
  };
};

await runIfMain(import.meta.url, replay);
