// The folder in which clients find a version's own files: those of one that was trained here, imported, or copied from another version, which
// lie among no run's artifacts. It is made of the version's manifest, so it can be read and never written.

import { SlipwayError } from "../../core/core.ts";
import type { RecordsTransaction } from "../../records/records.ts";
import type { VersionFile } from "../version-content.ts";
import type { TrackingContext } from "./context.ts";

const PLACE = "model-versions";

/** The folder of a version's own files, as clients are told it. */
export function versionFolder(model: string, number: number): string {
  // Clients put it into URLs as it is, so whatever a URL would read otherwise is spelled in hex.
  const word = /^\w[\w.-]*$/.test(model) ? model : `~${Buffer.from(model, "utf8").toString("hex")}`;
  return `mlflow-artifacts:/${PLACE}/${word}/${number}`;
}

/** Whether a path lies where no client may write. */
export function isVersionFolder(path: string): boolean {
  return path === PLACE || path.startsWith(`${PLACE}/`);
}

/** Refuses to change what a version holds. */
export function refuseVersionFolder(path: string): void {
  if (isVersionFolder(path))
    throw new SlipwayError(
      "INPUT_INVALID",
      `${JSON.stringify(path.slice(0, 200))} lies among the files of versions, which stay as they were registered. Log to a run, and register a version of it.`,
    );
}

/** The model and number that a path there begins with, as far as it has them. */
export function versionOfPath(path: string): { readonly model: string; readonly number: string } {
  const [, word = "", number = ""] = path.split("/");
  return { model: word.startsWith("~") ? Buffer.from(word.slice(1), "hex").toString("utf8") : word, number };
}

/** The files of versions at or below a path there, each with its whole path. */
export async function versionFilesBelow({ records }: TrackingContext, path: string): Promise<readonly VersionFile[]> {
  const [, word = "", number = "", ...rest] = path.split("/");
  const { model } = versionOfPath(path);
  if (!/^\d{1,9}$/.test(number)) return [];
  const within = rest.join("/");
  const files = await filesOfVersion(records.db, { model, number: Number(number) });
  return files
    .filter((file) => within === "" || file.path === within || file.path.startsWith(`${within}/`))
    .map((file) => ({ ...file, path: `${PLACE}/${word}/${number}/${file.path}` }));
}

/** The files that a version names, by path. */
export function filesOfVersion(
  db: RecordsTransaction | TrackingContext["records"]["db"],
  { model, number }: { readonly model: string; readonly number: number },
): Promise<readonly VersionFile[]> {
  return db
    .selectFrom("version_files")
    .select(["path", "hash", "size"])
    .where("model", "=", model)
    .where("number", "=", number)
    .orderBy("path")
    .execute();
}
