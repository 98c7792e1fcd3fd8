// What every version, dataset, run and alias is made of and belongs to, without the heavy parts: what a catalogue needs of all of them at once.

import type { Instant } from "../core/core.ts";
import { fromJson, instantFromSql } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";

/** Where one version comes from and which aliases name it. */
export interface VersionOrigin {
  readonly model: string;
  readonly number: number;
  readonly createdAt: Instant;
  readonly runId: string | null;
  readonly datasetId: string | null;
  /** The hash of the model's definition that it was trained by. */
  readonly definitionsHash: string;
  /** What serving must find unchanged, as training wrote it. */
  readonly features: unknown;
  /** The number of the model's version that its training went on from. */
  readonly from?: number;
  readonly aliases: readonly string[];
}

/** Where one dataset comes from and which runs used it. */
export interface DatasetOrigin {
  readonly id: string;
  readonly model: string;
  readonly definitionsHash: string;
  readonly rowCount: number;
  readonly createdAt: Instant;
  readonly runs: readonly string[];
}

/** Every version, by model and number, with the aliases that name it. */
export function versionOrigins({ records }: RegistryContext): Promise<readonly VersionOrigin[]> {
  return versionOriginsIn(records.db);
}

/** Does the same on a connection or inside a transaction. */
export async function versionOriginsIn(db: RegistryContext["records"]["db"]): Promise<readonly VersionOrigin[]> {
  const aliases = await db.selectFrom("aliases").select(["model", "alias", "version"]).orderBy("alias").execute();
  const rows = await db
    .selectFrom("versions")
    .select(["model", "number", "created_at", "run_id", "dataset_id", "definitions_hash", "features", "environment"])
    .orderBy("model")
    .orderBy("number")
    .execute();
  return rows.map((row) => ({
    model: row.model,
    number: row.number,
    createdAt: instantFromSql(row.created_at),
    runId: row.run_id,
    datasetId: row.dataset_id,
    definitionsHash: row.definitions_hash,
    features: fromJson(row.features),
    ...goneOnFrom(fromJson(row.environment)),
    aliases: aliases
      .filter((each) => each.model === row.model && each.version === row.number)
      .map(({ alias }) => alias),
  }));
}

/** Every dataset, oldest first, with the runs that used it. */
export async function datasetOrigins({ records }: RegistryContext): Promise<readonly DatasetOrigin[]> {
  const links = await records.db.selectFrom("run_datasets").selectAll().orderBy("run_id").execute();
  const rows = await records.db
    .selectFrom("datasets")
    .select(["id", "model", "definitions_hash", "row_count", "created_at"])
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    model: row.model,
    definitionsHash: row.definitions_hash,
    rowCount: row.row_count,
    createdAt: instantFromSql(row.created_at),
    runs: links.filter((link) => link.dataset_id === row.id).map((link) => link.run_id),
  }));
}

/** What tracking clients said of their runs. */
export interface LoggedOrigins {
  /** Datasets that runs read, by the client's own names. */
  readonly inputs: readonly {
    readonly id: string;
    readonly name: string;
    readonly digest: string;
    readonly source: string;
    readonly runs: readonly string[];
  }[];
  /** Models that were logged: the run that made each, runs that read it, and the versions that it became. */
  readonly models: readonly {
    readonly id: string;
    readonly name: string;
    readonly runId: string | null;
    readonly readBy: readonly string[];
    readonly versions: readonly { readonly model: string; readonly number: number }[];
  }[];
}

/** What tracking clients said that their runs read and made. */
export async function loggedOrigins({ records: { db } }: RegistryContext): Promise<LoggedOrigins> {
  const inputs = await db.selectFrom("inputs").select(["id", "name", "digest", "source"]).orderBy("id").execute();
  const reads = groups(await db.selectFrom("run_inputs").select(["run_id", "input_id"]).execute(), "input_id");
  const models = await db
    .selectFrom("logged_models")
    .select(["id", "name", "run_id"])
    .where("deleted_at", "is", null)
    .orderBy("id")
    .execute();
  const links = await db.selectFrom("run_models").select(["run_id", "model_id", "role"]).execute();
  const readBy = groups(
    links.filter(({ role }) => role === "input"),
    "model_id",
  );
  const madeBy = groups(
    links.filter(({ role }) => role === "output"),
    "model_id",
  );
  const versions = groups(
    await db
      .selectFrom("versions")
      .select(["model", "number", "logged_model_id"])
      .where("logged_model_id", "is not", null)
      .execute(),
    "logged_model_id",
  );
  return {
    inputs: inputs.map((input) => ({ ...input, runs: (reads.get(input.id) ?? []).map(({ run_id }) => run_id) })),
    models: models.map(({ id, name, run_id }) => ({
      id,
      name,
      runId: run_id ?? madeBy.get(id)?.[0]?.run_id ?? null,
      readBy: (readBy.get(id) ?? []).map((link) => link.run_id),
      versions: (versions.get(id) ?? []).map(({ model, number }) => ({ model, number })),
    })),
  };
}

function groups<K extends string, T extends { readonly [key in K]: string | null }>(
  rows: readonly T[],
  key: K,
): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const name = row[key];
    if (name !== null) found.set(name, [...(found.get(name) ?? []), row]);
  }
  return found;
}

/** The version that a training went on from, as its environment says. */
function goneOnFrom(environment: unknown): { readonly from?: number } {
  const { from } = (environment ?? {}) as { readonly from?: { readonly version?: unknown } };
  return typeof from?.version === "number" ? { from: from.version } : {};
}
