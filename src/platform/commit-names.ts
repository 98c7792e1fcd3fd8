// Model and dataset versions named by Git: an annotated tag says in its message which belong to the commit, with the hashes of their content, so that
// whoever has the repository finds them, and another installation can tell whether what it has is the same.

import { SlipwayError } from "../core/core.ts";
import type { CommitTag } from "../ports/ports.ts";
import {
  findDataset,
  listAliases,
  listDatasets,
  listModels,
  versionsByContent,
  versionsOfCommit,
} from "../registry/registry.ts";
import { versionNamed } from "./model-operations.ts";
import type { Platform } from "./open.ts";

const MODEL = "Slipway-Model:";
const DATASET = "Slipway-Dataset:";
const PROJECT = "Slipway-Project:";

/** What to name, and where. */
export interface TagRequest {
  readonly name: string;
  /** `model@number` or `model@alias`; default: the champion of every model. */
  readonly models?: readonly string[];
  /** Ids, or the starts of them; default: those that the versions were trained on. */
  readonly datasets?: readonly string[];
  /** The commit to tag; default HEAD. */
  readonly at?: string;
}

/** A model version that a tag names. */
export interface NamedVersion {
  readonly model: string;
  readonly number: number;
  /** The SHA-256 of the model's bytes. */
  readonly hash: string;
}

/** A dataset that a tag names. */
export interface NamedDataset {
  /** The hash of its content. */
  readonly id: string;
  readonly model: string;
  readonly rows: number;
}

/** A tag as it was made. */
export interface MadeTag {
  readonly tag: string;
  readonly commit: string;
  readonly models: readonly NamedVersion[];
  readonly datasets: readonly NamedDataset[];
  /** What a reader of the tag may not expect. */
  readonly warnings: readonly string[];
}

/** Tags a commit with the versions and datasets that belong to it. */
export async function tagCommit(platform: Platform, request: TagRequest): Promise<MadeTag> {
  const { engines, root, registry, project } = platform;
  const revision = request.at ?? "HEAD";
  const commit = await requireCommit(platform, revision);
  const references = request.models ?? (request.datasets === undefined ? await champions(platform) : []);
  const models: NamedVersion[] = [];
  const ids = new Set<string>();
  const warnings: string[] = [];
  for (const reference of references) {
    const version = await versionNamed(platform, reference);
    models.push({ model: version.model, number: version.number, hash: version.artifactHash });
    if (version.datasetId !== null) ids.add(version.datasetId);
    const { git } = version.environment as {
      readonly git?: { readonly commit: string; readonly dirty: boolean } | null;
    };
    const name = `${version.model}@${version.number}`;
    if (git && git.commit !== commit)
      warnings.push(
        `${name} was trained at ${git.commit.slice(0, 12)}; to tag that commit: --at ${git.commit.slice(0, 12)}`,
      );
    if (git?.dirty === true) warnings.push(`${name} was trained with changes that were not committed`);
  }
  if (request.datasets !== undefined) {
    ids.clear();
    for (const start of request.datasets) ids.add((await findDataset(registry, start)).id);
  }
  const datasets: NamedDataset[] = [];
  for (const id of ids) {
    const { model, rowCount } = await findDataset(registry, id);
    datasets.push({ id, model, rows: rowCount });
  }
  await engines.versionControl.tag(root, {
    name: request.name,
    commit,
    message: messageOf(project.name, models, datasets),
  });
  return { tag: request.name, commit, models, datasets, warnings };
}

async function champions({ registry }: Platform): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name } of await listModels(registry))
    if ((await listAliases(registry, name)).some(({ alias }) => alias === "champion")) found.push(`${name}@champion`);
  if (found.length > 0) return found;
  throw new SlipwayError("MODEL_NOT_FOUND", "No model has a champion to name. Name a version: --model MODEL@NUMBER.");
}

function messageOf(project: string, models: readonly NamedVersion[], datasets: readonly NamedDataset[]): string {
  const title = [
    ...models.map(({ model, number }) => `${model}@${number}`),
    ...datasets.map(({ id }) => `dataset ${id.slice(0, 12)}`),
  ];
  const lines = [
    `${PROJECT} ${project}`,
    ...models.map(({ model, number, hash }) => `${MODEL} sha256:${hash} ${model}@${number}`),
    ...datasets.map(({ id, model, rows }) => `${DATASET} ${id} ${rows} rows of ${model}`),
  ];
  return `${title.join(", ")}\n\n${lines.join("\n")}\n`;
}

/** A thing that a tag names, and whether it is here. */
export interface FoundName {
  readonly tag: string;
  readonly commit: string;
  /** Commits between the tag and the revision that was asked for. */
  readonly distance: number;
}

/** A version found by a revision. */
export interface VersionAt extends NamedVersion, FoundName {
  /** The versions here with exactly those bytes, as `model@version`; empty when they are not here. */
  readonly here: readonly string[];
}

/** A dataset found by a revision. */
export interface DatasetAt extends NamedDataset, FoundName {
  /** Whether it is recorded here. */
  readonly here: boolean;
}

/** What belongs to a revision. */
export interface NamedAt<T> {
  readonly revision: string;
  readonly commit: string;
  /** From the nearest tag of the revision and its ancestors: one of each model. */
  readonly named: readonly T[];
}

/** The model versions of a revision: those that the nearest tag names, and those that were trained at that very commit. */
export async function versionsAt(
  platform: Platform,
  revision: string,
): Promise<NamedAt<VersionAt> & { readonly trained: readonly string[] }> {
  const { commit, tags } = await tagsAt(platform, revision);
  const named: VersionAt[] = [];
  for (const { name, message, ...place } of tags)
    for (const [, hash = "", model = "", number = ""] of message.matchAll(
      /^Slipway-Model: sha256:([0-9a-f]{64}) (.+)@(\d+)$/gm,
    )) {
      if (named.some((each) => each.model === model)) continue;
      const here = await versionsByContent(platform.registry, hash);
      named.push({
        model,
        number: Number(number),
        hash,
        here,
        tag: name,
        commit: place.commit,
        distance: place.distance,
      });
    }
  return { revision, commit, named, trained: await versionsOfCommit(platform.registry, commit) };
}

/** The datasets of a revision: those that the nearest tag names. */
export async function datasetsAt(platform: Platform, revision: string): Promise<NamedAt<DatasetAt>> {
  const { commit, tags } = await tagsAt(platform, revision);
  const recorded = new Set((await listDatasets(platform.registry, { limit: 100_000 })).map(({ id }) => id));
  const named: DatasetAt[] = [];
  const seen = new Set<string>();
  for (const { name, message, ...place } of tags) {
    const found = [...message.matchAll(/^Slipway-Dataset: ([0-9a-f]{64}) (\d+) rows of (.+)$/gm)].map(
      ([, id = "", rows = "", model = ""]): DatasetAt => ({
        id,
        model,
        rows: Number(rows),
        here: recorded.has(id),
        tag: name,
        commit: place.commit,
        distance: place.distance,
      }),
    );
    named.push(...found.filter(({ model }) => !seen.has(model)));
    for (const { model } of found) seen.add(model);
  }
  return { revision, commit, named };
}

async function tagsAt(
  platform: Platform,
  revision: string,
): Promise<{ readonly commit: string; readonly tags: readonly CommitTag[] }> {
  const { engines, root, project } = platform;
  const commit = await requireCommit(platform, revision);
  const tags = (await engines.versionControl.tagsUpTo(root, commit, PROJECT)) ?? [];
  const own = `${PROJECT} ${project.name}`;
  return { commit, tags: tags.filter(({ message }) => message.split("\n").includes(own)) };
}

async function requireCommit({ engines, root }: Platform, revision: string): Promise<string> {
  const commit = await engines.versionControl.commitOf(root, revision);
  if (commit !== undefined) return commit;
  const { problem } = await engines.versionControl.stateOf(root);
  throw new SlipwayError(
    "REVISION_NOT_FOUND",
    problem ?? `There is no commit, branch or tag ${JSON.stringify(revision)} in the repository of ${root}.`,
    { details: { revision } },
  );
}
