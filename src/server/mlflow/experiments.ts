// Routes about experiments.

import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";
import { tracking } from "../../platform/platform.ts";
import { field, listOf, read, tag, tags } from "./fields.ts";
import { checkExperimentName, checkExperimentTag, checkedPageSize } from "./limits.ts";
import type { Handler, Route } from "./routes.ts";
import { compact, experimentJson } from "./shapes.ts";

const VIEWS: Readonly<Record<string, tracking.LifecycleView>> = {
  ACTIVE_ONLY: "active",
  DELETED_ONLY: "deleted",
  ALL: "all",
};

/** Which of the things that were set aside a request asks for. */
export function viewOf(name: string | undefined): tracking.LifecycleView {
  if (name === undefined) return "active";
  const view = Object.hasOwn(VIEWS, name) ? VIEWS[name] : undefined;
  if (view) return view;
  throw new SlipwayError(
    "INPUT_INVALID",
    `Invalid view type '${name}'. It is one of ${Object.keys(VIEWS).join(", ")}.`,
  );
}

const create: Handler = async (context, { body }) => {
  const asked = read(z.object({ name: field.name, artifact_location: field.textOr, tags }), body);
  checkExperimentName(asked.name);
  for (const one of asked.tags) checkExperimentTag(one);
  const artifactRoot = asked.artifact_location ? tracking.checkedArtifactRoot(asked.artifact_location) : null;
  return { experiment_id: await tracking.newExperiment(context, { name: asked.name, artifactRoot, tags: asked.tags }) };
};

const byId = z.object({ experiment_id: field.name });

const get: Handler = async (context, { body }) => ({
  experiment: experimentJson(await tracking.experimentById(context, read(byId, body).experiment_id)),
});

const getByName: Handler = async (context, { body }) => {
  const { experiment_name } = read(z.object({ experiment_name: field.name }), body);
  const found = await tracking.experimentByName(context, experiment_name);
  if (found) return { experiment: experimentJson(found) };
  throw new SlipwayError("EXPERIMENT_NOT_FOUND", `Could not find experiment with name '${experiment_name}'`);
};

const search: Handler = async (context, { body }) => {
  const asked = read(
    z.object({
      max_results: field.wholeOr,
      page_token: field.textOr,
      filter: field.textOr,
      order_by: listOf(field.text),
      view_type: field.textOr,
    }),
    body,
  );
  const { items, next } = await tracking.searchExperiments(context, {
    filter: asked.filter,
    orderBy: asked.order_by,
    view: viewOf(asked.view_type),
    limit: checkedPageSize(asked.max_results ?? 0, 0, 50_000),
    pageToken: asked.page_token,
  });
  return compact({ experiments: items.map(experimentJson), next_page_token: next });
};

const remove: Handler = (context, { body }) =>
  tracking.setExperimentAside(context, read(byId, body).experiment_id, true);

const restore: Handler = (context, { body }) =>
  tracking.setExperimentAside(context, read(byId, body).experiment_id, false);

const update: Handler = async (context, { body }) => {
  const { experiment_id, new_name } = read(z.object({ experiment_id: field.name, new_name: field.textOr }), body);
  if (new_name === undefined) return;
  checkExperimentName(new_name);
  await tracking.renameExperiment(context, experiment_id, new_name);
};

const setTag: Handler = async (context, { body }) => {
  const { experiment_id, key, value } = read(tag.extend({ experiment_id: field.name, key: field.name }), body);
  checkExperimentTag({ key, value });
  await tracking.setExperimentTag(context, experiment_id, { key, value });
};

const deleteTag: Handler = async (context, { body }) => {
  const { experiment_id, key } = read(z.object({ experiment_id: field.name, key: field.name }), body);
  await tracking.deleteExperimentTag(context, experiment_id, key);
};

const searchDatasets: Handler = async (context, { body }) => {
  const { experiment_ids } = read(z.object({ experiment_ids: listOf(field.text) }), body);
  if (experiment_ids.length > 20)
    throw new SlipwayError("INPUT_INVALID", "At most 20 experiments can be searched for datasets at once.");
  const found = await tracking.searchInputs(context, experiment_ids);
  return compact({
    dataset_summaries: found.map(({ experimentId, name, digest, context: label }) =>
      compact({ experiment_id: experimentId, name, digest, context: label }),
    ),
  });
};

/** Routes about experiments. */
export const experimentRoutes: readonly Route[] = [
  ["POST", "/mlflow/experiments/create", create],
  ["GET", "/mlflow/experiments/get", get],
  ["GET", "/mlflow/experiments/get-by-name", getByName],
  ["GET", "/mlflow/experiments/search", search],
  ["POST", "/mlflow/experiments/search", search],
  ["POST", "/mlflow/experiments/delete", remove],
  ["POST", "/mlflow/experiments/restore", restore],
  ["POST", "/mlflow/experiments/update", update],
  ["POST", "/mlflow/experiments/set-experiment-tag", setTag],
  ["POST", "/mlflow/experiments/delete-experiment-tag", deleteTag],
  ["POST", "/mlflow/experiments/search-datasets", searchDatasets],
  // The protocol's own definition forgot a slash, and clients follow it.
  ["POST", "mlflow/experiments/search-datasets", searchDatasets],
];
