// Models and their versions as documents: what the command line, the server and a console show of them.

import { type Calibration, didYouMean, formatInstant, SlipwayError } from "../core/core.ts";
import {
  listAliases,
  listModels,
  listVersions,
  readCalibration,
  resolveVersion,
  type VersionRecord,
} from "../registry/registry.ts";
import type { Platform } from "./open.ts";
import { requireKnownModel, type ShownRun, showRun } from "./run-operations.ts";

/** A model as it is listed. */
export interface ListedModel {
  readonly name: string;
  readonly createdAt: string;
  readonly versions: number;
  /** The number that each alias names. */
  readonly aliases: Readonly<Record<string, number>>;
  /** The newest version. */
  readonly latest: number | null;
}

/** A version as it is listed under its model. */
export interface ListedVersion {
  readonly number: number;
  readonly createdAt: string;
  readonly run: string | null;
  readonly dataset: string | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly aliases: readonly string[];
}

/** A version with everything that is known of it; its profile is left out, being long. */
export interface ShownVersion extends Omit<VersionRecord, "createdAt" | "profile"> {
  readonly createdAt: string;
  readonly aliases: readonly string[];
  /** The run that made it; null where none is recorded. */
  readonly run: ShownRun | null;
  /** What corrects its scores; null where nothing does. */
  readonly calibration: Calibration | null;
}

/** Every model that has a version. */
export async function modelList({ registry }: Platform): Promise<readonly ListedModel[]> {
  return Promise.all(
    (await listModels(registry)).map(async ({ name, createdAt }) => {
      const versions = await listVersions(registry, name);
      const aliases = (await listAliases(registry, name)).map(({ alias, version }) => [alias, version] as const);
      return {
        name,
        createdAt: formatInstant(createdAt),
        versions: versions.length,
        aliases: Object.fromEntries(aliases),
        latest: versions[0]?.number ?? null,
      };
    }),
  );
}

/** A model's versions, newest first. Throws MODEL_NOT_FOUND with the nearest name. */
export async function versionList(platform: Platform, model: string): Promise<readonly ListedVersion[]> {
  const { registry } = platform;
  await requireKnownModel(platform, model);
  const aliases = await listAliases(registry, model);
  return (await listVersions(registry, model)).map((version) => ({
    number: version.number,
    createdAt: formatInstant(version.createdAt),
    run: version.runId,
    dataset: version.datasetId,
    metrics: version.metrics,
    aliases: aliases.filter((alias) => alias.version === version.number).map(({ alias }) => alias),
  }));
}

/** A version as `model@number` or `model@alias` names it. */
export async function showVersion(platform: Platform, reference: string): Promise<ShownVersion> {
  const { registry } = platform;
  const found = await versionNamed(platform, reference);
  const { profile: _, createdAt, ...version } = found;
  const aliases = await listAliases(registry, version.model);
  return {
    ...version,
    createdAt: formatInstant(createdAt),
    aliases: aliases.filter((alias) => alias.version === version.number).map(({ alias }) => alias),
    run: version.runId === null ? null : await showRun(platform, version.runId),
    calibration: (await readCalibration(registry, found)) ?? null,
  };
}

/** The version that `model@number` or `model@alias` means. */
export async function versionNamed(platform: Platform, reference: string): Promise<VersionRecord> {
  const at = reference.lastIndexOf("@");
  if (at <= 0 || at === reference.length - 1)
    throw new SlipwayError(
      "USAGE",
      `"${reference}" names no version: write MODEL@NUMBER or MODEL@ALIAS, such as flight_delay@champion.`,
    );
  const [model, version] = [reference.slice(0, at), reference.slice(at + 1)];
  await requireKnownModel(platform, model);
  try {
    return await resolveVersion(platform.registry, model, version.replace(/^v(?=\d+$)/, ""));
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError) || thrown.code !== "VERSION_NOT_FOUND") throw thrown;
    const aliases = (await listAliases(platform.registry, model)).map(({ alias }) => alias);
    const newest = (await listVersions(platform.registry, model))[0]?.number;
    throw new SlipwayError(
      "VERSION_NOT_FOUND",
      `${thrown.message}${didYouMean(version, aliases)} It has versions up to ${newest} and ${aliases.length === 0 ? "no alias" : `the aliases ${aliases.join(", ")}`}.`,
      { details: { model, version } },
    );
  }
}
