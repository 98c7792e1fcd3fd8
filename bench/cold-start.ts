// What a command costs before it does anything: processor time of fresh processes, against a Node that does nothing at all.

import { join } from "node:path";
import { runChild } from "./support/child.ts";
import { flights, flightsYear, openFlights, repository, temporaryFolder } from "./support/project.ts";
import { type Bench, type Line, median, newSamples, runIfMain } from "./support/report.ts";

const TARGET = 150;

/** Help and the config, in turn with `node -e 0`. */
export const coldStart: Bench = async (quick) => {
  await flightsYear();
  const state = temporaryFolder();
  await (await openFlights(state)).close();
  const bin = join(repository, "dist", "cli", "bin.js");
  const loadOnly = `import(${JSON.stringify(join(repository, "dist", "cli", "load-config.js"))}).then(({ loadConfig }) => loadConfig(${JSON.stringify(flights)}))`;
  const commands: Readonly<Record<string, readonly string[]>> = {
    node: ["-e", "0"],
    "slipway --help": [bin, "--help"],
    "loading the config": ["-e", loadOnly],
    "slipway features list --json": [bin, "--state", state, "features", "list", "--json"],
  };
  const rounds = quick ? 3 : 25;
  const samples = newSamples();
  for (let round = -1; round < rounds; round += 1)
    for (const [name, args] of Object.entries(commands)) {
      const { cpuSeconds, wallSeconds } = await runChild([process.execPath, ...args], { cwd: flights });
      // The first round fills the file cache.
      if (round < 0) continue;
      samples.keep(`${name} cpu`, cpuSeconds * 1e3);
      samples.keep(`${name} wall`, wallSeconds * 1e3);
    }
  const bare = median(samples.of("node cpu"));
  const line = (name: string): Line => {
    const slipway = median(samples.of(`${name} cpu`));
    const target = { text: `< ${TARGET} ms`, met: slipway < TARGET };
    return {
      what: `${name}, processor`,
      unit: "ms",
      slipway,
      other: { name: "node -e 0", value: bare },
      ratio: slipway / bare,
      ...(name.includes("list") ? {} : { target }),
    };
  };
  return {
    name: "cold-start",
    rounds,
    lines: Object.keys(commands)
      .filter((name) => name !== "node")
      .map(line),
    notes: [
      `Wall time: ${Object.keys(commands)
        .map((name) => `${name === "node" ? "node -e 0" : name} ${median(samples.of(`${name} wall`)).toFixed(0)} ms`)
        .join(", ")}.`,
      "The config is the flights example in TypeScript; `features list` also opens the engines and asks the online store.",
    ],
    samples: samples.all,
  };
};

await runIfMain(import.meta.url, coldStart);
