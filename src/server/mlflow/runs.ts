// Routes about runs: begun, told about, searched and set aside.

import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";
import { tracking } from "../../platform/platform.ts";
import { viewOf } from "./experiments.ts";
import { field, listOf, read, tag, tags } from "./fields.ts";
import {
  checkBatch,
  checkDistinct,
  checkedPageSize,
  checkedParam,
  checkedTag,
  checkKey,
  checkMillis,
} from "./limits.ts";
import type { Handler, Route } from "./routes.ts";
import { compact, runJson, statusNamed } from "./shapes.ts";

/** A run is named by `run_id`, and by older clients as `run_uuid`. */
const byRun = z.object({ run_id: field.textOr, run_uuid: field.textOr });

/** The run that a request names. */
export function runIdOf(asked: {
  readonly run_id?: string | undefined;
  readonly run_uuid?: string | undefined;
}): string {
  const id = asked.run_id || asked.run_uuid;
  if (!id)
    throw new SlipwayError(
      "INPUT_INVALID",
      "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters.",
    );
  if (/^[A-Za-z0-9][\w-]{0,255}$/.test(id)) return id;
  throw new SlipwayError("INPUT_INVALID", `Invalid run ID: '${id.slice(0, 256)}'`);
}

const create: Handler = async (context, { body }) => {
  const asked = read(
    z.object({
      experiment_id: field.textOr,
      user_id: field.textOr,
      run_name: field.textOr,
      start_time: field.wholeOr,
      tags,
    }),
    body,
  );
  const run = await tracking.beginRun(context, {
    experimentId: asked.experiment_id || "0",
    user: asked.user_id ?? "",
    name: asked.run_name,
    startedAt: asked.start_time === undefined ? undefined : checkMillis(asked.start_time, "start_time"),
    tags: asked.tags.map((one, index) => checkedTag(one, `tags[${index}].key`)),
  });
  return { run: runJson(run) };
};

const update: Handler = async (context, { body }) => {
  const asked = read(byRun.extend({ status: field.textOr, end_time: field.wholeOr, run_name: field.textOr }), body);
  const id = runIdOf(asked);
  const status = asked.status === undefined ? undefined : statusNamed(asked.status);
  if (asked.status !== undefined && status === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Invalid run status '${asked.status}'. It is one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED.`,
    );
  await tracking.changeRun(context, id, {
    status,
    endedAt: asked.end_time === undefined ? undefined : checkMillis(asked.end_time, "end_time"),
    name: asked.run_name,
  });
  return { run_info: runJson(await tracking.trackedRun(context, id))["info"] };
};

const get: Handler = async (context, { body }) => ({
  run: runJson(await tracking.trackedRun(context, runIdOf(read(byRun, body)))),
});

const remove: Handler = (context, { body }) => tracking.setRunAside(context, runIdOf(read(byRun, body)), true);

const restore: Handler = (context, { body }) => tracking.setRunAside(context, runIdOf(read(byRun, body)), false);

const search: Handler = async (context, { body }) => {
  const asked = read(
    z.object({
      experiment_ids: listOf(field.text),
      filter: field.textOr,
      run_view_type: field.textOr,
      max_results: field.wholeOr,
      order_by: listOf(field.text),
      page_token: field.textOr,
    }),
    body,
  );
  const { items, next } = await tracking.searchRuns(context, {
    experimentIds: asked.experiment_ids,
    filter: asked.filter,
    orderBy: asked.order_by,
    view: viewOf(asked.run_view_type),
    limit: checkedPageSize(asked.max_results, 1000, 50_000),
    pageToken: asked.page_token,
  });
  return compact({ runs: items.map(runJson), next_page_token: next });
};

const metric = z.object({
  key: field.name,
  value: field.floating,
  timestamp: field.whole,
  step: field.wholeOr,
  model_id: field.textOr,
  dataset_name: field.textOr,
  dataset_digest: field.textOr,
});

function trackedMetric(given: z.output<typeof metric>, path: string): tracking.TrackedMetric {
  checkKey(given.key, "Metric", path === "" ? "key" : `${path}.key`);
  return {
    key: given.key,
    value: given.value,
    timestamp: checkMillis(given.timestamp, path === "" ? "timestamp" : `${path}.timestamp`),
    step: given.step ?? 0,
    modelId: given.model_id,
    datasetName: given.dataset_name,
    datasetDigest: given.dataset_digest,
  };
}

const logMetric: Handler = async (context, { body }) => {
  const asked = read(metric.extend(byRun.shape), body);
  await tracking.logToRun(context, runIdOf(asked), { metrics: [trackedMetric(asked, "")] });
};

const logParam: Handler = async (context, { body }) => {
  const asked = read(tag.extend({ ...byRun.shape, key: field.name }), body);
  await tracking.logToRun(context, runIdOf(asked), { params: [checkedParam({ key: asked.key, value: asked.value })] });
};

const setTag: Handler = async (context, { body }) => {
  const asked = read(tag.extend({ ...byRun.shape, key: field.name }), body);
  await tracking.setRunTag(context, runIdOf(asked), checkedTag({ key: asked.key, value: asked.value }));
};

const deleteTag: Handler = async (context, { body }) => {
  const asked = read(byRun.extend({ key: field.name }), body);
  await tracking.deleteRunTag(context, runIdOf(asked), asked.key);
};

const batch = byRun.extend({ metrics: listOf(metric), params: tags, tags });
const MOST_BATCH = 1e6;

const logBatch: Handler = async (context, { body, request }) => {
  const length = Number(request.headers["content-length"] ?? 0);
  if (length > MOST_BATCH)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Batched logging API requests must be at most ${MOST_BATCH} bytes, got a request of size ${length}.`,
    );
  const asked = read(batch, body);
  checkBatch(asked.metrics.length, asked.params.length, asked.tags.length);
  const params = asked.params.map((one, index) => checkedParam(one, `params[${index}].key`));
  checkDistinct(params);
  await tracking.logToRun(context, runIdOf(asked), {
    metrics: asked.metrics.map((one, index) => trackedMetric(one, `metrics[${index}]`)),
    params: [...new Map(params.map((one) => [one.key, one])).values()],
    tags: asked.tags.map((one, index) => checkedTag(one, `tags[${index}].key`)),
  });
};

const logModel: Handler = async (context, { body }) => {
  const asked = read(byRun.extend({ model_json: field.name }), body);
  const id = runIdOf(asked);
  let model: unknown;
  try {
    model = JSON.parse(asked.model_json);
  } catch {
    model = undefined;
  }
  const isModel =
    typeof model === "object" &&
    model !== null &&
    ["artifact_path", "flavors", "utc_time_created", "run_id"].every((name) => name in (model as object));
  if (!isModel)
    throw new SlipwayError(
      "INPUT_INVALID",
      "Model json is missing mandatory fields: it must be an object with artifact_path, flavors, utc_time_created and run_id.",
    );
  const KEY = "mlflow.log-model.history";
  const run = await tracking.trackedRun(context, id);
  const history: unknown[] = JSON.parse(run.tags.find(({ key }) => key === KEY)?.value ?? "[]");
  await tracking.setRunTag(context, id, { key: KEY, value: JSON.stringify([...history, model]) });
};

const dataset = z.object({
  name: field.name,
  digest: field.name,
  source_type: field.textOr,
  source: field.textOr,
  schema: field.textOr,
  profile: field.textOr,
});

const logInputs: Handler = async (context, { body }) => {
  const asked = read(
    byRun.extend({
      datasets: listOf(z.object({ tags, dataset })),
      models: listOf(z.object({ model_id: field.name })),
    }),
    body,
  );
  if (asked.datasets.length > 1000)
    throw new SlipwayError(
      "INPUT_INVALID",
      `At most 1000 datasets can be logged at once; got ${asked.datasets.length}.`,
    );
  for (const { dataset: one } of asked.datasets) checkDataset(one);
  await tracking.logRunInputs(context, runIdOf(asked), {
    datasets: asked.datasets.map(({ tags: labels, dataset: one }) => ({
      name: one.name,
      digest: one.digest,
      sourceType: one.source_type ?? "",
      source: one.source ?? "",
      schema: one.schema,
      profile: one.profile,
      tags: labels,
    })),
    models: asked.models.map(({ model_id }) => model_id),
  });
};

const MOST_DATASET: Readonly<Record<keyof z.output<typeof dataset>, number>> = {
  name: 500,
  digest: 36,
  source_type: 36,
  source: 65_535,
  schema: 2 ** 20 - 1,
  profile: 2 ** 24 - 1,
};

function checkDataset(given: z.output<typeof dataset>): void {
  for (const [name, most] of Object.entries(MOST_DATASET) as [keyof typeof given, number][]) {
    const length = given[name]?.length ?? 0;
    if (length > most)
      throw new SlipwayError(
        "INPUT_INVALID",
        `'dataset.${name}' exceeds the maximum length of ${most} characters (${length}).`,
      );
  }
}

const logOutputs: Handler = async (context, { body }) => {
  const asked = read(byRun.extend({ models: listOf(z.object({ model_id: field.name, step: field.wholeOr })) }), body);
  const models = asked.models.map(({ model_id, step }) => ({ modelId: model_id, step: step ?? 0 }));
  await tracking.logRunOutputs(context, runIdOf(asked), models);
};

/** Routes about runs. */
export const runRoutes: readonly Route[] = [
  ["POST", "/mlflow/runs/create", create],
  ["POST", "/mlflow/runs/update", update],
  ["GET", "/mlflow/runs/get", get],
  ["POST", "/mlflow/runs/delete", remove],
  ["POST", "/mlflow/runs/restore", restore],
  ["POST", "/mlflow/runs/search", search],
  ["POST", "/mlflow/runs/log-metric", logMetric],
  ["POST", "/mlflow/runs/log-parameter", logParam],
  ["POST", "/mlflow/runs/set-tag", setTag],
  ["POST", "/mlflow/runs/delete-tag", deleteTag],
  ["POST", "/mlflow/runs/log-batch", logBatch],
  ["POST", "/mlflow/runs/log-model", logModel],
  ["POST", "/mlflow/runs/log-inputs", logInputs],
  ["POST", "/mlflow/runs/outputs", logOutputs],
];
