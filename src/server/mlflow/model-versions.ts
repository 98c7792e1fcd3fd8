// Routes about the versions of registered models.

import { z } from "zod";
import { tracking } from "../../platform/platform.ts";
import { field, listOf, read, tag, tags } from "./fields.ts";
import { checkedPageSize, versionNumber } from "./limits.ts";
import { checkRegistryTag } from "./registered-models.ts";
import type { Handler, Route } from "./routes.ts";
import { compact, modelVersionJson } from "./shapes.ts";

const byVersion = z.object({
  name: field.name,
  version: z.union([field.text, field.whole]).transform(versionNumber),
});

const create: Handler = async (context, { body }) => {
  const asked = read(
    z.object({
      name: field.name,
      source: field.name,
      run_id: field.textOr,
      run_link: field.textOr,
      description: field.textOr,
      model_id: field.textOr,
      tags,
    }),
    body,
  );
  const version = await tracking.newModelVersion(context, {
    model: asked.name,
    source: asked.source,
    runId: asked.run_id || undefined,
    runLink: asked.run_link,
    description: asked.description,
    loggedModelId: asked.model_id || undefined,
    tags: asked.tags,
  });
  return { model_version: modelVersionJson(version) };
};

const get: Handler = async (context, { body }) => {
  const { name, version } = read(byVersion, body);
  return { model_version: modelVersionJson(await tracking.modelVersion(context, name, version)) };
};

const update: Handler = async (context, { body }) => {
  const { name, version, description } = read(byVersion.extend({ description: field.textOr }), body);
  const updated = await tracking.describeVersion(context, name, version, description ?? null);
  return { model_version: modelVersionJson(updated) };
};

const transition: Handler = async (context, { body }) => {
  const asked = read(byVersion.extend({ stage: field.name, archive_existing_versions: field.truthOr }), body);
  const moved = await tracking.moveToStage(context, {
    model: asked.name,
    number: asked.version,
    stage: asked.stage,
    archiveOthers: asked.archive_existing_versions ?? false,
  });
  return { model_version: modelVersionJson(moved) };
};

const remove: Handler = async (context, { body }) => {
  const { name, version } = read(byVersion, body);
  await tracking.deleteModelVersion(context, name, version);
};

const search: Handler = async (context, { body }) => {
  const asked = read(
    z.object({
      filter: field.textOr,
      max_results: field.wholeOr,
      order_by: listOf(field.text),
      page_token: field.textOr,
    }),
    body,
  );
  const { items, next } = await tracking.searchModelVersions(context, {
    filter: asked.filter,
    orderBy: asked.order_by,
    limit: checkedPageSize(asked.max_results, 10_000, 200_000),
    pageToken: asked.page_token,
  });
  return compact({ model_versions: items.map(modelVersionJson), next_page_token: next });
};

const downloadUri: Handler = async (context, { body }) => {
  const { name, version } = read(byVersion, body);
  return { artifact_uri: await tracking.downloadUri(context, name, version) };
};

const setTag: Handler = async (context, { body }) => {
  const { name, version, key, value } = read(byVersion.extend({ ...tag.shape, key: field.name }), body);
  checkRegistryTag({ key, value });
  await tracking.setVersionTag(context, name, version, { key, value });
};

const deleteTag: Handler = async (context, { body }) => {
  const { name, version, key } = read(byVersion.extend({ key: field.name }), body);
  await tracking.deleteVersionTag(context, name, version, key);
};

/** Routes about versions. */
export const modelVersionRoutes: readonly Route[] = [
  ["POST", "/mlflow/model-versions/create", create],
  ["PATCH", "/mlflow/model-versions/update", update],
  ["POST", "/mlflow/model-versions/transition-stage", transition],
  ["DELETE", "/mlflow/model-versions/delete", remove],
  ["GET", "/mlflow/model-versions/get", get],
  ["GET", "/mlflow/model-versions/search", search],
  ["GET", "/mlflow/model-versions/get-download-uri", downloadUri],
  ["POST", "/mlflow/model-versions/set-tag", setTag],
  ["DELETE", "/mlflow/model-versions/delete-tag", deleteTag],
];
