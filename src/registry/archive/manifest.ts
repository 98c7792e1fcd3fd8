// What an archive says of a version: everything that serving and people want to know of it, and every file by its hash. It comes from elsewhere, so
// each part is held to its shape before it is believed.

import { canonicalJson, type VersionInput } from "../../core/core.ts";
import { checkedArtifactPath } from "../tracking/artifacts.ts";
import type { VersionRecord } from "../version.ts";
import type { VersionFile } from "../version-content.ts";
import type { VersionNotes } from "../version-notes.ts";
import { inputFrom } from "./input-shape.ts";
import { list, object, text, whole } from "./members.ts";
import { invalidArchive } from "./tar.ts";

const FORMAT = "slipway-version/1";

/** The bytes of a manifest at most; a profile of many inputs may be large. */
export const MOST_MANIFEST = 16 * 2 ** 20;
const MOST_FILES = 10_000;
const MOST_DESCRIPTION = 100_000;
const MOST_TAG = 8000;

/** A version as an archive tells it. Values that only history shows are kept as they came. */
export interface ArchiveManifest {
  readonly model: string;
  readonly number: number;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly artifactHash: string;
  readonly modelFormat: string;
  readonly bestRound: number;
  readonly definitionsHash: string;
  readonly files: readonly VersionFile[];
  readonly inputs: readonly VersionInput[];
  readonly features: unknown;
  readonly metrics: Readonly<Record<string, number>>;
  /** Total gain by input, greatest first; empty where nobody told. */
  readonly importance: VersionRecord["importance"];
  readonly description: string | null;
  readonly tags: VersionNotes["tags"];
  readonly profile: unknown;
  readonly environment: unknown;
  /** The run that made it, as its record tells it; null when there was none. */
  readonly run: unknown;
  /** The manifest of what it was trained on, not the rows; null when there was none. */
  readonly dataset: unknown;
  /** Where it came from before, when it had been imported itself. */
  readonly origin: unknown;
}

/** A manifest's bytes: the same for the same version. */
export function manifestBytes(manifest: ArchiveManifest): Uint8Array {
  return Buffer.from(canonicalJson({ format: FORMAT, ...manifest }));
}

/** A manifest from its bytes. Throws ARCHIVE_INVALID that names what is wrong. */
export function manifestFrom(bytes: Uint8Array): ArchiveManifest {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalidArchive("its manifest is not JSON");
  }
  const root = object(document, "the manifest");
  if (root["format"] !== FORMAT)
    throw invalidArchive(
      `its format is ${JSON.stringify(root["format"])?.slice(0, 60)}, and this Slipway reads ${FORMAT}`,
    );
  const files = filesFrom(root["files"]);
  const artifactHash = text(root, "artifactHash");
  if (artifactHash !== "" && !files.some(({ hash }) => hash === artifactHash) && text(root, "modelFormat") !== "files")
    throw invalidArchive("its model is none of its files");
  return {
    model: text(root, "model"),
    number: whole(root, "number"),
    createdAt: text(root, "createdAt"),
    artifactHash,
    modelFormat: text(root, "modelFormat"),
    bestRound: whole(root, "bestRound"),
    definitionsHash: text(root, "definitionsHash"),
    files,
    inputs: list(root["inputs"], "inputs").map(inputFrom),
    features: contractFrom(root["features"]),
    metrics: metricsFrom(root["metrics"]),
    importance: list(root["importance"] ?? [], "importance").map(importanceFrom),
    description: descriptionFrom(root["description"]),
    tags: tagsFrom(root["tags"] ?? []),
    profile: root["profile"] ?? null,
    environment: root["environment"] ?? {},
    run: root["run"] ?? null,
    dataset: root["dataset"] ?? null,
    origin: root["origin"] ?? null,
  };
}

function filesFrom(value: unknown): readonly VersionFile[] {
  const files = list(value, "files");
  if (files.length > MOST_FILES)
    throw invalidArchive(`it names ${files.length} files; a version has at most ${MOST_FILES}`);
  const paths = new Set<string>();
  const sizes = new Map<string, number>();
  return files.map((each, place) => {
    const file = object(each, `files[${place}]`);
    const [path, hash, size] = [text(file, "path"), text(file, "hash"), whole(file, "size")];
    if (!/^[0-9a-f]{64}$/.test(hash)) throw invalidArchive(`files[${place}] has no hash`);
    if (!isPlain(path))
      throw invalidArchive(`it names the file ${JSON.stringify(path.slice(0, 100))}, which could lead elsewhere`);
    // Two names that a file system without cases would take for one.
    const folded = path.normalize("NFC").toLowerCase();
    if (paths.has(folded)) throw invalidArchive(`it names the file ${JSON.stringify(path.slice(0, 100))} twice`);
    paths.add(folded);
    if ((sizes.get(hash) ?? size) !== size) throw invalidArchive(`${JSON.stringify(path)} has two sizes`);
    sizes.set(hash, size);
    return { path, hash, size };
  });
}

function isPlain(path: string): boolean {
  try {
    return checkedArtifactPath(path) === path;
  } catch {
    return false;
  }
}

/** What serving holds against the definitions; compared member by member, so its shape is all that matters here. */
function contractFrom(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  const contract = object(value, "features");
  for (const input of list(contract["inputs"], "features.inputs")) text(object(input, "an input of features"), "name");
  list(contract["request"], "features.request");
  object(contract["views"], "features.views");
  if (contract["features"] !== undefined) object(contract["features"], "features.features");
  if (contract["task"] !== undefined) text(object(contract["task"], "features.task"), "kind");
  if (
    contract["classes"] !== undefined &&
    !list(contract["classes"], "features.classes").every((each) => typeof each === "string")
  )
    throw invalidArchive("a class is not text");
  return contract;
}

function importanceFrom(value: unknown): { readonly input: string; readonly gain: number } {
  const each = object(value, "an importance");
  const gain = each["gain"];
  if (typeof gain !== "number") throw invalidArchive("an importance is not a number");
  return { input: text(each, "input"), gain };
}

function descriptionFrom(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value.length <= MOST_DESCRIPTION) return value;
  throw invalidArchive("its description is not text");
}

function tagsFrom(value: unknown): VersionNotes["tags"] {
  const tags = list(value, "tags").map((each) => {
    const tag = object(each, "a tag");
    const [key, said] = [text(tag, "key"), tag["value"]];
    if (key === "" || typeof said !== "string" || said.length > MOST_TAG)
      throw invalidArchive(`the tag ${JSON.stringify(key.slice(0, 100))} is not text`);
    return { key, value: said };
  });
  if (new Set(tags.map(({ key }) => key)).size !== tags.length) throw invalidArchive("it has a tag twice");
  return tags;
}

function metricsFrom(value: unknown): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(object(value, "metrics")).map(([name, figure]) => {
      const isNumber = typeof figure === "number" || ["NaN", "Infinity", "-Infinity", "-0"].includes(String(figure));
      if (!isNumber) throw invalidArchive(`the metric ${JSON.stringify(name.slice(0, 100))} is not a number`);
      return [name, Number(figure)];
    }),
  );
}
