// Routes about the histories of metrics.

import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";
import { tracking } from "../../platform/platform.ts";
import { JSON_TYPE } from "../refusal.ts";
import { field, listOf, read } from "./fields.ts";
import { checkedPageSize } from "./limits.ts";
import type { Handler, Route } from "./routes.ts";
import { runIdOf } from "./runs.ts";
import { compact, metricJson, runMetricJson } from "./shapes.ts";

const MOST_POINTS = 25_000;
/** Values in one answer to a client that did not ask for pages; more go the slower way. */
const MOST_UNPAGED = 1_000_000;
const MOST_RUNS = 100;

const history: Handler = async (context, { body, reply }) => {
  const asked = read(
    z.object({
      run_id: field.textOr,
      run_uuid: field.textOr,
      metric_key: field.name,
      page_token: field.textOr,
      max_results: field.wholeOr,
    }),
    body,
  );
  if (!asked.page_token) {
    const most = asked.max_results ?? MOST_UNPAGED;
    const whole = await tracking.historyText(context, runIdOf(asked), asked.metric_key, most);
    // As bytes: a text would be kept beside the bytes that wait for a slow client.
    if (whole) return reply.type(JSON_TYPE).send(Buffer.from(whole.text));
  }
  const { items, next } = await tracking.trackedHistory(context, runIdOf(asked), asked.metric_key, {
    limit: asked.max_results === undefined ? undefined : checkedPageSize(asked.max_results, MOST_POINTS, MOST_POINTS),
    pageToken: asked.page_token,
  });
  return compact({ metrics: items.map(metricJson), next_page_token: next });
};

function checkedRuns(ids: readonly string[], name: string): readonly string[] {
  if (ids.length === 0)
    throw new SlipwayError("INPUT_INVALID", `GetMetricHistoryBulk request must specify at least one ${name}.`);
  if (ids.length > MOST_RUNS)
    throw new SlipwayError(
      "INPUT_INVALID",
      `GetMetricHistoryBulk request cannot specify more than ${MOST_RUNS} run_ids. Received ${ids.length} run_ids.`,
    );
  return ids.map((run_id) => runIdOf({ run_id }));
}

const bulk: Handler = async (context, { body }) => {
  const asked = read(
    z.object({ run_id: listOf(field.text), metric_key: field.name, max_results: field.wholeOr }),
    body,
  );
  const limit = Math.min(asked.max_results ?? MOST_POINTS, MOST_POINTS);
  const found = await tracking.historiesOf(context, checkedRuns(asked.run_id, "run_id"), asked.metric_key, limit);
  return { metrics: found.map(runMetricJson) };
};

const sampled: Handler = async (context, { body }) => {
  const asked = read(
    z.object({
      run_ids: listOf(field.text),
      metric_key: field.name,
      start_step: field.wholeOr,
      end_step: field.wholeOr,
      max_results: field.wholeOr,
    }),
    body,
  );
  const most = checkedPageSize(asked.max_results, 320, 2500);
  const { start_step, end_step } = asked;
  if ((start_step === undefined) !== (end_step === undefined))
    throw new SlipwayError("INPUT_INVALID", "If either start step or end step are specified, both must be specified.");
  if (start_step !== undefined && end_step !== undefined && start_step > end_step)
    throw new SlipwayError(
      "INPUT_INVALID",
      `end_step must be greater than start_step. Found start_step=${start_step} and end_step=${end_step}.`,
    );
  const found = await tracking.sampledHistories(context, checkedRuns(asked.run_ids, "run_id"), asked.metric_key, {
    startStep: start_step,
    endStep: end_step,
    most,
  });
  return compact({ metrics: found.map(runMetricJson) });
};

/** Routes about metrics. */
export const metricRoutes: readonly Route[] = [
  ["GET", "/mlflow/metrics/get-history", history],
  ["GET", "/mlflow/metrics/get-history-bulk", bulk],
  ["GET", "/mlflow/metrics/get-history-bulk-interval", sampled],
];
