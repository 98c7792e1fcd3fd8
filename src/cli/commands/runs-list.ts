// Lists runs, native ones and those of tracking clients, with the metrics that most of them have.

import { SlipwayError } from "../../core/core.ts";
import { type ListedRun, runList } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf, figure, momentText, secondsText } from "../words.ts";

const STATUSES = ["running", "finished", "failed", "cancelled"] as const;
const METRICS = 3;

interface ListOptions {
  readonly model?: string;
  readonly experiment?: string;
  readonly status?: string;
  readonly filter?: string;
  readonly order?: readonly string[];
  readonly limit: string;
}

/** `slipway runs list` */
export async function run(context: CommandContext, options: ListOptions): Promise<void> {
  const { model, experiment, filter, order } = options;
  const limit = countOf("--limit", options.limit);
  const status = STATUSES.find((each) => each === options.status);
  if (options.status !== undefined && status === undefined)
    throw new SlipwayError("USAGE", `--status is one of ${STATUSES.join(", ")}, not "${options.status}".`);
  await withPlatform(context, async (platform) => {
    const { runs, next } = await runList(platform, {
      limit,
      ...(model === undefined ? {} : { model }),
      ...(experiment === undefined ? {} : { experiment }),
      ...(status === undefined ? {} : { status }),
      ...(filter === undefined ? {} : { filter }),
      ...(order === undefined ? {} : { orderBy: order }),
    });
    const narrowed = [model, experiment, options.status, filter].some((each) => each !== undefined);
    const names = commonMetrics(runs);
    const { show, style } = context.output;
    show({ runs }, [
      runs.length === 0
        ? narrowed
          ? "No run fits."
          : "No runs yet. Train a model: slipway train NAME."
        : {
            columns: ["run", "name", "experiment", "status", "started", "took", ...names, "made", "commit", "by"],
            rows: runs.map((each) => [
              each.id.slice(-8),
              each.name,
              each.experiment,
              each.status === "failed" ? style.bad(each.status) : each.status,
              momentText(each.startedAt),
              secondsText(each.durationSeconds),
              ...names.map((name) => figure(each.metrics[name])),
              each.versions.join(", "),
              each.git === null ? "" : `${each.git.commit.slice(0, 8)}${each.git.dirty ? "*" : ""}`,
              each.actor,
            ]),
          },
      ...(next === undefined ? [] : [style.dim(`There are more: --limit ${limit * 10}.`)]),
    ]);
  });
}

/** The metrics that most of these runs have, those of test rows first. */
function commonMetrics(runs: readonly ListedRun[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { metrics } of runs)
    for (const name of Object.keys(metrics)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const isTest = (name: string): number => Number(name.startsWith("test."));
  return [...counts]
    .sort(([a, left], [b, right]) => right - left || isTest(b) - isTest(a) || (a < b ? -1 : 1))
    .slice(0, METRICS)
    .map(([name]) => name);
}
