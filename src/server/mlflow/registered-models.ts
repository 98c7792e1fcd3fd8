// Routes about registered models and their aliases.

import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";
import { tracking } from "../../platform/platform.ts";
import { field, listOf, read, tag, tags } from "./fields.ts";
import { checkedPageSize, checkKey, checkModelName, versionNumber } from "./limits.ts";
import { notImplemented } from "./refusals.ts";
import type { Handler, Route } from "./routes.ts";
import { compact, modelVersionJson, registeredModelJson } from "./shapes.ts";

const byName = z.object({ name: field.name });

/** By which a client says that what it registers is a prompt: a model without files, whose text is a tag. */
const PROMPT_TAG = "mlflow.prompt.is_prompt";

const create: Handler = async (context, { body, reply }) => {
  const asked = read(z.object({ name: field.text, description: field.textOr, tags }), body);
  if (asked.tags.some(({ key }) => key === PROMPT_TAG))
    return notImplemented(reply, "Slipway keeps no prompts: nothing was registered.");
  checkModelName(asked.name);
  return { registered_model: registeredModelJson(await tracking.newRegisteredModel(context, asked)) };
};

const get: Handler = async (context, { body }) => ({
  registered_model: registeredModelJson(await tracking.registeredModel(context, read(byName, body).name)),
});

const rename: Handler = async (context, { body }) => {
  const { name, new_name } = read(z.object({ name: field.name, new_name: field.text }), body);
  checkModelName(new_name);
  return { registered_model: registeredModelJson(await tracking.renameRegisteredModel(context, name, new_name)) };
};

const update: Handler = async (context, { body }) => {
  const { name, description } = read(z.object({ name: field.name, description: field.textOr }), body);
  const model = await tracking.describeRegisteredModel(context, name, description ?? null);
  return { registered_model: registeredModelJson(model) };
};

const remove: Handler = (context, { body }) => tracking.deleteRegisteredModel(context, read(byName, body).name);

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
  const { items, next } = await tracking.searchRegisteredModels(context, {
    filter: asked.filter,
    orderBy: asked.order_by,
    limit: checkedPageSize(asked.max_results, 100, 1000),
    pageToken: asked.page_token,
  });
  return compact({ registered_models: items.map(registeredModelJson), next_page_token: next });
};

const latestVersions: Handler = async (context, { body }) => {
  const { name, stages } = read(z.object({ name: field.name, stages: listOf(field.text) }), body);
  const { latestVersions: versions } = await tracking.registeredModel(context, name);
  const wanted = stages.map((stage) => stage.toLowerCase());
  return compact({
    model_versions: versions
      .filter(({ stage }) => wanted.length === 0 || wanted.includes(stage.toLowerCase()))
      .map(modelVersionJson),
  });
};

const setTag: Handler = async (context, { body }) => {
  const { name, key, value } = read(tag.extend({ name: field.name, key: field.name }), body);
  checkRegistryTag({ key, value });
  await tracking.setModelTag(context, name, { key, value });
};

/** Refuses a registry tag that is too long. */
export function checkRegistryTag({ key, value }: tracking.Tag): void {
  checkKey(key, "Tag", "key");
  if (value.length > 100_000)
    throw new SlipwayError(
      "INPUT_INVALID",
      `'value' exceeds the maximum length of 100000 characters (${value.length}).`,
    );
}

const deleteTag: Handler = async (context, { body }) => {
  const { name, key } = read(z.object({ name: field.name, key: field.name }), body);
  await tracking.deleteModelTag(context, name, key);
};

const byAlias = z.object({ name: field.name, alias: field.name });

const setAlias: Handler = async (context, { body }) => {
  const asked = read(byAlias.extend({ version: z.union([field.text, field.whole]) }), body);
  checkAlias(asked.alias);
  await tracking.setModelAlias(context, {
    model: asked.name,
    alias: asked.alias,
    version: versionNumber(asked.version),
    reason: "moved by an MLflow client",
  });
};

function checkAlias(alias: string): void {
  if (alias.toLowerCase() === "latest")
    throw new SlipwayError("INPUT_INVALID", "'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) throw new SlipwayError("INPUT_INVALID", `Version alias name '${alias}' is reserved.`);
  if (!/^[\w-]*$/.test(alias))
    throw new SlipwayError(
      "INPUT_INVALID",
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
}

const deleteAlias: Handler = async (context, { body }) => {
  const { name, alias } = read(byAlias, body);
  await tracking.deleteModelAlias(context, name, alias);
};

const getByAlias: Handler = async (context, { body }) => {
  const { name, alias } = read(byAlias, body);
  const { aliases } = await tracking.registeredModel(context, name);
  const found = aliases.find((each) => each.alias === alias);
  if (!found) throw new SlipwayError("INPUT_INVALID", `Registered model alias ${alias} not found.`);
  return { model_version: modelVersionJson(await tracking.modelVersion(context, name, found.version)) };
};

/** Routes about registered models. */
export const registeredModelRoutes: readonly Route[] = [
  ["POST", "/mlflow/registered-models/create", create],
  ["POST", "/mlflow/registered-models/rename", rename],
  ["PATCH", "/mlflow/registered-models/update", update],
  ["DELETE", "/mlflow/registered-models/delete", remove],
  ["GET", "/mlflow/registered-models/get", get],
  ["GET", "/mlflow/registered-models/search", search],
  ["GET", "/mlflow/registered-models/get-latest-versions", latestVersions],
  ["POST", "/mlflow/registered-models/get-latest-versions", latestVersions],
  ["POST", "/mlflow/registered-models/set-tag", setTag],
  ["DELETE", "/mlflow/registered-models/delete-tag", deleteTag],
  ["POST", "/mlflow/registered-models/alias", setAlias],
  ["DELETE", "/mlflow/registered-models/alias", deleteAlias],
  ["GET", "/mlflow/registered-models/alias", getByAlias],
];
