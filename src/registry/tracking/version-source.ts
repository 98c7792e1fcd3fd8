// Whose artifacts a version's source is. A client names a source in words, and the words must lead to artifacts of the run or of the logged model
// that it names beside them: else one client could make another's files, or this machine's, into a model of its own.

import { SlipwayError } from "../../core/core.ts";
import type { VersionRow } from "../../records/records.ts";
import { loggedModelArtifacts, pathOfUri, runArtifacts } from "./artifact-places.ts";
import type { TrackingContext } from "./context.ts";
import { loggedModel } from "./logged-models.ts";
import { trackedRun } from "./run-rows.ts";

const REMOTE = /^(?:s3|s3a|gs|abfss|wasbs|hdfs|dbfs|https):\/\/[^#?\\%]+$/;

/** What a source belongs to. */
export interface SourceOwner {
  readonly runId?: string | undefined;
  /** Below the artifact root. */
  readonly path?: string | undefined;
  /** The version that is to be copied. */
  readonly version?: VersionRow;
}

/** What a source names by itself: a logged model, or a version that is to be copied. */
export function sourceReference(
  source: string,
): { readonly loggedModel: string } | { readonly model: string; readonly number: number } | undefined {
  const loggedModel = /^models:\/(m-[0-9a-f]{32})$/.exec(source)?.[1];
  if (loggedModel !== undefined) return { loggedModel };
  const [, model, number] = /^models:\/([^/]+)\/(\d{1,9})$/.exec(source) ?? [];
  return model === undefined ? undefined : { model, number: Number(number) };
}

/** Whose artifacts a source is; INPUT_INVALID when they are not those of the run or logged model that is named with it. */
export async function sourceOwner(
  context: TrackingContext,
  {
    source,
    runId,
    loggedModelId,
  }: { readonly source: string; readonly runId?: string | undefined; readonly loggedModelId?: string | undefined },
): Promise<SourceOwner> {
  const refuse = (why: string): never => {
    throw new SlipwayError("INPUT_INVALID", `Invalid model version source: '${source}'. ${why}`, {
      details: { source },
    });
  };
  const MUST = "request parameter must identify the resource that contains the source.";
  if (/[#?\\%]/.test(source) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(source))
    refuse("It must be a plain path: without '..', '#', '?', '%' or '\\'.");
  const named = sourceReference(source);
  if (named && "loggedModel" in named) {
    const ofModel = named.loggedModel;
    if (loggedModelId !== undefined && loggedModelId !== ofModel) refuse(`The model_id ${MUST}`);
    const logged = await loggedModel(context, ofModel);
    return { runId: runId ?? logged.runId ?? undefined, path: pathOfUri(loggedModelArtifacts(logged)) };
  }
  if (named) {
    const version = await versionNamed(context, named.model, named.number);
    if (runId !== undefined && runId !== version.run_id) refuse(`The run_id ${MUST}`);
    if (loggedModelId !== undefined && loggedModelId !== version.logged_model_id) refuse(`The model_id ${MUST}`);
    return { runId: version.run_id ?? undefined, version };
  }
  const ofRun = /^runs:\/+([^/]+)\/(.+)$/.exec(source);
  if (ofRun) {
    const [, id = "", path = ""] = ofRun;
    if (runId !== id) refuse(`The run_id ${MUST}`);
    const run = await trackedRun(context, id);
    const root = pathOfUri(runArtifacts(run));
    return { runId: id, path: root === undefined ? undefined : `${root}/${path.replace(/\/+$/, "")}` };
  }
  const proxied = pathOfUri(source);
  if (proxied !== undefined) {
    const run = runId === undefined ? undefined : pathOfUri(runArtifacts(await trackedRun(context, runId)));
    const logged =
      loggedModelId === undefined
        ? undefined
        : pathOfUri(loggedModelArtifacts(await loggedModel(context, loggedModelId)));
    const isOwn = [run, logged].some(
      (root) => root !== undefined && (proxied === root || proxied.startsWith(`${root}/`)),
    );
    if (!isOwn) refuse(`The run_id ${MUST}`);
    return { runId, path: proxied };
  }
  if (!REMOTE.test(source))
    refuse("It must lie among the artifacts of a run or of a logged model, or in an object store.");
  if (runId !== undefined) await trackedRun(context, runId);
  return { runId };
}

async function versionNamed({ records }: TrackingContext, model: string, number: number): Promise<VersionRow> {
  const version = await records.db
    .selectFrom("versions")
    .selectAll()
    .where("model", "=", model)
    .where("number", "=", number)
    .executeTakeFirst();
  if (version) return version;
  throw modelVersionNotFound(model, number);
}

/** The error for a version that a model does not have. */
export function modelVersionNotFound(model: string, number: number): SlipwayError {
  return new SlipwayError("VERSION_NOT_FOUND", `Model Version (name=${model}, version=${number}) not found`, {
    details: { model, version: number },
  });
}
