// The whole loop on a year of real flights, in one process: data, features, training set, model, registry, online store, server, and then
// the year lived again day by day with monitoring and retraining. Each step is a call that a user's own program could make.
// Run it again and it goes on from what is there. Ctrl-C stops it; nothing is left half made.

import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { asSlipwayError, days, errorTable, formatInstant, hours, parseInstant, SlipwayError } from "slipway";
import { keepFresh, openPlatform, startServing } from "slipway/platform";
import { local } from "slipway/presets";
import { appOptionsOf, createServer } from "slipway/server";
import { screenOn } from "./demo-screen.ts";
import { runDemo } from "./demo-steps.ts";
import config from "./slipway.config.ts";

const USAGE = `Usage: npm run demo -- [options]

  --no-serve        end when done instead of leaving the server up
  --json            print the summary as one JSON document on stdout; progress goes to stderr
  --until DATE      only the flights before this day, for a quick look (default: the whole year; at least 2013-03-01)
  --port N          the server's port, 0 for any free one (default 8080)
  --state DIR       where records, online store and models go (default examples/flights/.slipway)

Example: npm run demo -- --until 2013-04-01 --no-serve`;

async function main(signal: AbortSignal): Promise<void> {
  const { values } = parseArgs({
    options: {
      "no-serve": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      until: { type: "string" },
      port: { type: "string", default: "8080" },
      state: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const screen = screenOn(values.json ? process.stderr : process.stdout);
  const root = import.meta.dirname;
  const until = values.until === undefined ? undefined : parseInstant(values.until);
  if (until !== undefined && until < parseInstant("2013-03-01"))
    throw new SlipwayError(
      "USAGE",
      `--until ${values.until} leaves too few flights to train on. Take 2013-03-01 or later.`,
    );
  const end = until ?? parseInstant("2014-01-01");
  // The live server's time: the last day on which all of the data, weather too, is fresh.
  const startAt = end - (until === undefined ? days(2) : days(1)) + hours(20);
  const cache =
    process.env["SLIPWAY_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "slipway");
  const options = {
    config,
    engines: local(),
    root,
    stateDir: values.state ?? join(root, ".slipway"),
    cacheDir: cache,
    env: process.env,
    actor: "demo",
    startAt,
  };
  const platform = await openPlatform(options);
  const stopQueries = (): void => platform.engines.offline.interrupt();
  signal.addEventListener("abort", stopQueries);
  try {
    const serving = await startServing(platform, {
      onSwap: ({ model, to }) => screen.line(`  ${model} is now answered by version ${to}`),
    });
    const app = await appOptionsOf(platform, serving, { version: "demo" });
    const server = await createServer({ ...app, host: "127.0.0.1", port: Number(values.port) });
    try {
      const { summary, curl } = await runDemo({
        screen,
        options,
        platform,
        serving,
        url: server.url,
        until: values.until,
        end,
        signal,
      });
      if (values.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
      screen.line(`\nTry it (the server's clock runs on from ${formatInstant(startAt)}):\n\n${curl}\n`);
      if (values["no-serve"]) return;
      screen.line("The server stays up, keeps its features fresh and watches the model. Ctrl-C ends it.");
      const stop = keepFresh(platform, { signal });
      await untilAborted(signal);
      stop();
    } finally {
      await server.close();
      await serving.close();
    }
  } finally {
    signal.removeEventListener("abort", stopQueries);
    await platform.close();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  // A timer, because a promise alone does not keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  return new Promise((resolve) => {
    const done = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
  });
}

const controller = new AbortController();
const onSignal = (): void => {
  if (controller.signal.aborted) process.exit(errorTable.CANCELLED.exit);
  controller.abort();
};
process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
try {
  await main(controller.signal);
  process.exit(0);
} catch (thrown) {
  const error = controller.signal.aborted
    ? new SlipwayError("CANCELLED", "Stopped. Run it again to go on from here.")
    : asSlipwayError(thrown);
  process.stderr.write(`\n${error.code} ${error.message}\n`);
  if (error.code === "INTERNAL" && error.cause instanceof Error) process.stderr.write(`${error.cause.stack}\n`);
  process.exit(errorTable[error.code].exit);
}
