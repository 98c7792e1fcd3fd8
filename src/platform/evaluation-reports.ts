// Evaluations that are kept: artifacts of the run that made the version, as a document and as a page, so that tracking clients and the server show them.
// The page is written first, and the document last: an evaluation is there when its document is.

import { SlipwayError } from "../core/core.ts";
import { tracking, type VersionRecord } from "../registry/registry.ts";
import type { Evaluation } from "./evaluate-operations.ts";
import type { VersionExplanation } from "./explain-operations.ts";
import { versionNamed } from "./model-operations.ts";
import type { Platform } from "./open.ts";

/** An evaluation that is kept. */
export interface KeptEvaluation {
  /** Which rows it is of: `test`, or a span of time. */
  readonly rows: string;
  /** The sizes of the document and of the page, in bytes. */
  readonly json: number;
  readonly html: number;
}

const FOLDER = "evaluation";
const MOST_BYTES = 64 * 2 ** 20;

/** Keeps an evaluation and its page, over an earlier one of the same rows. Throws INPUT_INVALID for a version that no run made. */
export async function keepEvaluation({ registry }: Platform, evaluation: Evaluation, page: string): Promise<void> {
  const { model, version, span } = evaluation;
  const context = await tracking.openTracking(registry);
  const folder = await folderOf(context, { model, number: version, runId: evaluation.run });
  const name = `${folder}/${nameOf(span.rows)}`;
  await tracking.putArtifact(context, `${name}.html`, once(page));
  await tracking.putArtifact(context, `${name}.json`, once(JSON.stringify(evaluation)));
}

/** Keeps an explanation of a version and its page with the run that made it, over an earlier one of the same rows. Throws INPUT_INVALID for a version that no run made. */
export async function keepExplanation(
  { registry }: Platform,
  explanation: VersionExplanation,
  page: string,
): Promise<void> {
  const { model, version, rows, run } = explanation;
  const context = await tracking.openTracking(registry);
  const name = `${await folderOf(context, { model, number: version, runId: run }, "explanation")}/${nameOf(rows)}`;
  await tracking.putArtifact(context, `${name}.html`, once(page));
  await tracking.putArtifact(context, `${name}.json`, once(JSON.stringify(explanation)));
}

/** The evaluations of a version that are kept, by rows. */
export async function keptEvaluations(platform: Platform, reference: string): Promise<readonly KeptEvaluation[]> {
  const version = await versionNamed(platform, reference);
  if (version.runId === null) return [];
  const context = await tracking.openTracking(platform.registry);
  const files = await tracking.listArtifacts(context, await folderOf(context, version));
  const sizeOf = (name: string): number | undefined => files.find(({ path }) => path === name)?.size;
  return files.flatMap(({ path }): readonly KeptEvaluation[] => {
    const name = /^(.+)\.json$/.exec(path)?.[1];
    const [json, html] = [sizeOf(path), sizeOf(`${name}.html`)];
    return name === undefined || json === undefined || html === undefined ? [] : [{ rows: rowsOf(name), json, html }];
  });
}

/** One that is kept, as it was written. Throws ARTIFACT_NOT_FOUND. */
export async function keptEvaluation(
  platform: Platform,
  reference: string,
  { rows, as }: { readonly rows: string; readonly as: "json" | "html" },
): Promise<Uint8Array> {
  const version = await versionNamed(platform, reference);
  const kept = await keptEvaluations(platform, reference);
  if (!kept.some((each) => each.rows === rows))
    throw new SlipwayError(
      "ARTIFACT_NOT_FOUND",
      `No evaluation of ${version.model}@${version.number} on "${rows}" is kept; there are: ${kept.map((each) => each.rows).join(", ") || "none"}. Make one: slipway evaluate ${version.model}@${version.number} --rows ${rows} --keep.`,
    );
  const context = await tracking.openTracking(platform.registry);
  const { size, chunks } = await tracking.openArtifact(
    context,
    `${await folderOf(context, version)}/${nameOf(rows)}.${as}`,
  );
  if (size > MOST_BYTES) throw new SlipwayError("INPUT_INVALID", `The evaluation has ${size} bytes: too many.`);
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function folderOf(
  context: tracking.TrackingContext,
  { model, number, runId }: Pick<VersionRecord, "model" | "number" | "runId">,
  folder = FOLDER,
): Promise<string> {
  if (runId === null)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${model}@${number} was not trained here, so there is no run that its ${folder} could be kept with. Write it to a file: --report FILE.`,
    );
  const root = tracking.pathOfUri(tracking.runArtifacts(await tracking.trackedRun(context, runId)));
  if (root === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The artifacts of run ${runId} lie outside this installation, so its ${folder} cannot be kept with it. Write it to a file: --report FILE.`,
    );
  return `${root}/${folder}`;
}

/** A span of time has colons, which not every tool takes in a name. */
function nameOf(rows: string): string {
  return rows.replaceAll(":", "_");
}

function rowsOf(name: string): string {
  return name.replaceAll("_", ":");
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
