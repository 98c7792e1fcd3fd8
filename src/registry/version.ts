// A version as a row holds it and as the rest of Slipway sees it.

import type { Instant, VersionInput } from "../core/core.ts";
import { fromJson, instantFromSql, type VersionRow } from "../records/records.ts";

/** One trained model, as it will always be. */
export interface VersionRecord {
  readonly model: string;
  /** From 1. */
  readonly number: number;
  readonly createdAt: Instant;
  readonly runId: string | null;
  readonly datasetId: string | null;
  readonly definitionsHash: string;
  readonly artifactBlob: string;
  /** The SHA-256 of the artifact's bytes. */
  readonly artifactHash: string;
  readonly artifactSize: number;
  /** What a Runtime must know how to load. */
  readonly format: string;
  readonly bestRound: number;
  readonly inputs: readonly VersionInput[];
  /** What serving must find unchanged: the features with types and hashes, as training read them. */
  readonly features: unknown;
  readonly metrics: Readonly<Record<string, number>>;
  /** Total gain by input, greatest first; empty where nobody told. */
  readonly importance: readonly { readonly input: string; readonly gain: number }[];
  /** The training distribution that monitors compare with. */
  readonly profile: unknown;
  /** What it was made with, so that it can be made again: git, packages, engines, node, seed. */
  readonly environment: unknown;
  /** Where it came from, when it was made elsewhere; null for one that was made here. */
  readonly origin: unknown;
}

/** What a version of several classes tells apart, in the order of its answers; undefined of every other. */
export function classesOf({ features }: Pick<VersionRecord, "features">): readonly string[] | undefined {
  return (features as { readonly classes?: readonly string[] } | null)?.classes;
}

/** A version from its row. */
export function versionOf(row: VersionRow): VersionRecord {
  const metrics = fromJson<Record<string, number | string>>(row.metrics);
  return {
    model: row.model,
    number: row.number,
    createdAt: instantFromSql(row.created_at),
    runId: row.run_id,
    datasetId: row.dataset_id,
    definitionsHash: row.definitions_hash,
    artifactBlob: row.artifact_blob,
    artifactHash: row.artifact_hash,
    artifactSize: row.artifact_size,
    format: row.format,
    bestRound: row.best_round,
    inputs: fromJson(row.inputs),
    features: fromJson(row.features),
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Number(value)])),
    importance: row.importance === null ? [] : fromJson(row.importance),
    profile: fromJson(row.profile),
    environment: fromJson(row.environment),
    origin: row.origin === null ? null : fromJson(row.origin),
  };
}
