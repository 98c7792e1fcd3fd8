// What the demo prints: plain lines that stay, one live line on a terminal, and the closing tables. Under --json everything here goes to
// stderr, so that stdout holds the summary document alone.

import { formatInstant, type Instant } from "slipway";
import type { ReplayDay, ReplayMonth } from "slipway/platform";

/** Prints the demo's progress. */
export interface Screen {
  line(text?: string): void;
  /** Replaced by the next one on a terminal; elsewhere shown at most every five seconds. */
  live(text: string): void;
  /** Runs a step under its title and keeps its seconds under its name. */
  step<T>(name: string, title: string, run: () => Promise<T>): Promise<T>;
  readonly seconds: Readonly<Record<string, number>>;
}

/** A screen on stdout, or on stderr under --json. */
export function screenOn(stream: NodeJS.WriteStream): Screen {
  const seconds: Record<string, number> = {};
  const isTerminal = stream.isTTY === true;
  let isLive = false;
  let last = 0;
  const line = (text = ""): void => {
    if (isLive) stream.write("\r\u001b[2K");
    isLive = false;
    stream.write(`${text}\n`);
  };
  return {
    seconds,
    line,
    live(text) {
      const now = performance.now();
      if (isTerminal) {
        stream.write(`\r\u001b[2K  ${text.slice(0, (stream.columns ?? 100) - 3)}`);
        isLive = true;
      } else if (now - last > 5000) {
        stream.write(`  ${text}\n`);
        last = now;
      }
    },
    async step(name, title, run) {
      line(`\n${title}`);
      const start = performance.now();
      const result = await run();
      seconds[name] = Math.round((performance.now() - start) / 100) / 10;
      line(`  ${seconds[name]} s`);
      return result;
    },
  };
}

/** A whole number with thousands separated. */
export const count = (value: number): string => value.toLocaleString("en-US");

/** A share as percent. */
export const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;

/** An instant's day. */
export const day = (instant: Instant): string => formatInstant(instant).slice(0, 10);

/** Tells of one replayed day: a live line, and lines that stay for alerts and decisions. */
export function tellDay(screen: Screen, { day: date, predictions, round, version }: ReplayDay): void {
  screen.live(`${date}  ${count(predictions)} flights asked for, answered by version ${version ?? "none"}`);
  for (const look of round.looks) {
    if (look.opened.length === 0) continue;
    const drifted = look.drift?.inputs.filter((input) => input.drifted).sort((a, b) => b.psi - a.psi) ?? [];
    const worst = drifted[0];
    const why = look.opened.map((kind) =>
      kind === "drift" && worst
        ? `${drifted.length} of ${look.drift?.inputs.length} inputs drifted, most of all ${worst.name} (PSI ${worst.psi.toFixed(2)})`
        : `log loss ${look.performance?.logLoss?.toFixed(3)} where the scores promise ${look.performance?.expectedLogLoss?.toFixed(3)}`,
    );
    screen.line(`  ${date}  alert: ${why.join("; ")}`);
  }
  for (const { outcome } of round.retrained)
    if (outcome.kind === "decided")
      screen.line(`  ${date}  challenger version ${outcome.decision.challenger}: ${outcome.decision.reason}`);
  for (const failure of round.failures) screen.line(`  ${date}  failed: ${failure.message}`);
}

/** The table by month. */
export function monthTable(months: readonly ReplayMonth[]): readonly string[] {
  const figure = (value: number | null, digits: number): string => (value === null ? "-" : value.toFixed(digits));
  const rows = months.map(({ month, flights, lateShare, auc, logLoss, alerts, challengers, promoted }) => [
    month,
    count(flights),
    lateShare === null ? "-" : percent(lateShare),
    figure(auc.frozen, 3),
    figure(auc.retrained, 3),
    figure(logLoss.frozen, 3),
    figure(logLoss.retrained, 3),
    String(alerts),
    String(challengers),
    promoted.map((version) => `v${version}`).join(" ") || "-",
  ]);
  const head = [
    "month",
    "flights",
    "late",
    "AUC never",
    "AUC retr.",
    "loss never",
    "loss retr.",
    "alerts",
    "chall.",
    "promoted",
  ];
  const widths = head.map((title, place) => Math.max(title.length, ...rows.map((row) => row[place]?.length ?? 0)));
  return [head, ...rows].map((row) => `  ${row.map((cell, place) => cell.padStart(widths[place] ?? 0)).join("  ")}`);
}

/** In one sentence, whether retraining was worth it. */
export function verdict(months: readonly ReplayMonth[]): string {
  const compared = months.filter(
    ({ auc }) => auc.frozen !== null && auc.retrained !== null && auc.frozen !== auc.retrained,
  );
  if (compared.length === 0)
    return "No challenger was promoted in time to make a difference: retraining earned nothing in this period.";
  const gains = compared.map(({ auc }) => (auc.retrained ?? 0) - (auc.frozen ?? 0));
  const better = gains.filter((gain) => gain > 0).length;
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const range = `${Math.min(...gains).toFixed(3)} to ${Math.max(...gains).toFixed(3)}`;
  return mean > 0
    ? `Retraining earned its keep: better AUC in ${better} of ${compared.length} months in which the versions differ, by ${mean.toFixed(3)} on average (${range}).`
    : `Retraining did not earn its keep: AUC changed by ${mean.toFixed(3)} on average (${range}), better in ${better} of ${compared.length} months.`;
}
