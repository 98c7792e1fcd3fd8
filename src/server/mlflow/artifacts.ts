// Listing artifacts by run, and reading one as a page does.

import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";
import { tracking } from "../../platform/platform.ts";
import { sendArtifact } from "./artifact-proxy.ts";
import { field, read } from "./fields.ts";
import type { Handler, Route } from "./routes.ts";
import { runIdOf } from "./runs.ts";
import { compact } from "./shapes.ts";

/** The path below the artifact root of a file or folder of something whose artifacts lie at `root`. */
function pathWithin(root: string, path: string): string {
  const base = tracking.pathOfUri(root);
  if (base === undefined)
    throw new SlipwayError("INPUT_INVALID", `The artifacts at ${root} do not lie with this server; read them there.`);
  return path === "" ? base : `${base}/${tracking.checkedArtifactPath(path)}`;
}

/** A folder of something whose artifacts lie at `root`, as `ListArtifacts.Response`. */
export async function folderJson(
  context: tracking.TrackingContext,
  root: string,
  folder: string,
): Promise<Readonly<Record<string, unknown>>> {
  const files = await tracking.listArtifacts(context, pathWithin(root, folder));
  return compact({
    root_uri: root,
    files: files.map(({ path, isFolder, size }) => ({
      path: folder === "" ? path : `${folder}/${path}`,
      is_dir: isFolder,
      ...(isFolder ? {} : { file_size: size }),
    })),
  });
}

const list: Handler = async (context, { body }) => {
  const asked = read(z.object({ run_id: field.textOr, run_uuid: field.textOr, path: field.textOr }), body);
  const run = await tracking.trackedRun(context, runIdOf(asked));
  return folderJson(context, tracking.runArtifacts(run), (asked.path ?? "").replace(/\/+$/, ""));
};

/** `/get-artifact` */
export const getRunArtifact: Handler = async (context, { body, request, reply }) => {
  const asked = read(z.object({ run_id: field.textOr, run_uuid: field.textOr, path: field.name }), body);
  const run = await tracking.trackedRun(context, runIdOf(asked));
  return sendArtifact(context, request, reply, pathWithin(tracking.runArtifacts(run), asked.path));
};

/** `/model-versions/get-artifact` */
export const getVersionArtifact: Handler = async (context, { body, request, reply }) => {
  const asked = read(z.object({ name: field.name, version: field.whole, path: field.name }), body);
  const root = await tracking.downloadUri(context, asked.name, asked.version);
  return sendArtifact(context, request, reply, pathWithin(root, asked.path));
};

const getModelArtifact: Handler = async (context, { path, body, request, reply }) => {
  const { artifact_file_path } = read(z.object({ artifact_file_path: field.name }), body);
  const model = await tracking.loggedModel(context, path["model_id"] ?? "");
  return sendArtifact(context, request, reply, pathWithin(tracking.loggedModelArtifacts(model), artifact_file_path));
};

/** Routes about artifacts, but for the proxy. */
export const artifactRoutes: readonly Route[] = [
  ["GET", "/mlflow/artifacts/list", list],
  ["GET", "/mlflow/get-artifact", getRunArtifact],
  ["GET", "/mlflow/logged-models/:model_id/artifacts/files", getModelArtifact],
];
