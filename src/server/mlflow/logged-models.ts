// Routes about logged models.

import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";
import { tracking } from "../../platform/platform.ts";
import { folderJson } from "./artifacts.ts";
import { field, listOf, read, tags } from "./fields.ts";
import { checkedPageSize, checkedParam, checkLoggedModelName } from "./limits.ts";
import type { Handler, Route } from "./routes.ts";
import { compact, loggedModelJson, modelStatusNamed } from "./shapes.ts";

const create: Handler = async (context, { body }) => {
  const asked = read(
    z.object({
      experiment_id: field.textOr,
      name: field.textOr,
      model_type: field.textOr,
      source_run_id: field.textOr,
      params: tags,
      tags,
    }),
    body,
  );
  if (asked.name !== undefined) checkLoggedModelName(asked.name);
  const model = await tracking.beginLoggedModel(context, {
    experimentId: asked.experiment_id || "0",
    name: asked.name,
    type: asked.model_type,
    runId: asked.source_run_id || undefined,
    params: asked.params.map((one, index) => checkedParam(one, `params[${index}].key`)),
    tags: asked.tags,
  });
  return { model: loggedModelJson(model) };
};

const idOf = (path: Readonly<Record<string, string>>): string => path["model_id"] ?? "";

const get: Handler = async (context, { path }) => ({
  model: loggedModelJson(await tracking.loggedModel(context, idOf(path))),
});

const finish: Handler = async (context, { path, body }) => {
  const { status } = read(z.object({ status: field.name }), body);
  const known = modelStatusNamed(status);
  if (known === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Invalid model status: ${status}. Expected statuses: LOGGED_MODEL_READY, LOGGED_MODEL_UPLOAD_FAILED`,
    );
  return { model: loggedModelJson(await tracking.finishLoggedModel(context, idOf(path), known)) };
};

const remove: Handler = (context, { path }) => tracking.deleteLoggedModel(context, idOf(path));

const setTags: Handler = async (context, { path, body }) => {
  await tracking.setLoggedModelTags(context, idOf(path), read(z.object({ tags }), body).tags);
  return { model: loggedModelJson(await tracking.loggedModel(context, idOf(path))) };
};

const deleteTag: Handler = (context, { path }) =>
  tracking.deleteLoggedModelTag(context, idOf(path), path["tag_key"] ?? "");

const logParams: Handler = async (context, { path, body }) => {
  const { params } = read(z.object({ params: tags }), body);
  await tracking.logLoggedModelParams(
    context,
    idOf(path),
    params.map((one, index) => checkedParam(one, `params[${index}].key`)),
  );
};

const match = z.object({ dataset_name: field.name, dataset_digest: field.textOr });

const search: Handler = async (context, { body }) => {
  const asked = read(
    z.object({
      experiment_ids: listOf(field.text),
      filter: field.textOr,
      datasets: listOf(match),
      max_results: field.wholeOr,
      order_by: listOf(
        z.object({
          field_name: field.name,
          ascending: field.truthOr,
          dataset_name: field.textOr,
          dataset_digest: field.textOr,
        }),
      ),
      page_token: field.textOr,
    }),
    body,
  );
  const { items, next } = await tracking.searchLoggedModels(context, {
    experimentIds: asked.experiment_ids,
    filter: asked.filter,
    datasets: asked.datasets.map(({ dataset_name, dataset_digest }) => ({
      name: dataset_name,
      digest: dataset_digest,
    })),
    orderBy: asked.order_by.map(({ field_name, ascending, dataset_name, dataset_digest }) => ({
      field: field_name,
      isAscending: ascending ?? true,
      dataset: dataset_name === undefined ? undefined : { name: dataset_name, digest: dataset_digest },
    })),
    limit: checkedPageSize(asked.max_results, 100, 1000),
    pageToken: asked.page_token,
  });
  return compact({ models: items.map(loggedModelJson), next_page_token: next });
};

const listFiles: Handler = async (context, { path, body }) => {
  const { artifact_directory_path } = read(z.object({ artifact_directory_path: field.textOr }), body);
  const model = await tracking.loggedModel(context, idOf(path));
  return folderJson(context, tracking.loggedModelArtifacts(model), artifact_directory_path ?? "");
};

/** Routes about logged models. */
export const loggedModelRoutes: readonly Route[] = [
  ["POST", "/mlflow/logged-models", create],
  ["POST", "/mlflow/logged-models/search", search],
  ["GET", "/mlflow/logged-models/:model_id", get],
  ["PATCH", "/mlflow/logged-models/:model_id", finish],
  ["DELETE", "/mlflow/logged-models/:model_id", remove],
  ["PATCH", "/mlflow/logged-models/:model_id/tags", setTags],
  ["DELETE", "/mlflow/logged-models/:model_id/tags/:tag_key", deleteTag],
  ["POST", "/mlflow/logged-models/:model_id/params", logParams],
  ["GET", "/mlflow/logged-models/:model_id/artifacts/directories", listFiles],
];
