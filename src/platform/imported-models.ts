// Versions that no definition stands behind: served, and brought in as a file.

import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { SlipwayError } from "../core/core.ts";
import { definitionsOf } from "../define/define.ts";
import { listAliasesOf, loadableFile, putContent, registerImported, type VersionRecord } from "../registry/registry.ts";
import { CHAMPION, type ImportedModel, type ImportedServing, inspectModel, openImported } from "../serving/serving.ts";
import type { Engines } from "./engines.ts";
import type { Platform } from "./open.ts";

/** Serving of imported versions, and which there are. */
export interface ImportedModels extends ImportedServing {
  /** Models with a champion that are not defined in the project, by name. */
  list(): Promise<readonly { readonly model: string; readonly version: number }[]>;
}

const MOST_BYTES = 2 ** 31 - 1;

/** The part of a platform that imported models need. */
export interface ImportedPlatform extends Pick<Platform, "registry" | "project"> {
  readonly engines: Pick<Engines, "runtimes" | "tensorRuntimes">;
}

/** Opens serving of what is registered and not defined in the project. */
export function importedModels(platform: ImportedPlatform): ImportedModels {
  const { registry, engines, project } = platform;
  const { runtimes, tensorRuntimes = [] } = engines;
  const defined = new Set(definitionsOf(project, "model").map(({ name }) => name));
  return {
    ...openImported({ registry, runtimes, tensorRuntimes }),
    list: async () => (await listAliasesOf(registry, CHAMPION)).filter(({ model }) => !defined.has(model)),
  };
}

/** Registers a model file as a version, when it can be loaded; says what it takes and gives. */
export async function importModelFile(
  platform: ImportedPlatform,
  { file, model }: { readonly file: string; readonly model: string },
): Promise<{
  readonly version: VersionRecord;
  readonly served: Pick<ImportedModel, "inputs" | "outputs" | "columns">;
}> {
  const { registry, engines } = platform;
  const { runtimes, tensorRuntimes = [] } = engines;
  const path = basename(file);
  const size = await stat(file).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );
  if (size === undefined)
    throw new SlipwayError("SOURCE_NOT_FOUND", `There is no file ${file} to import.`, { details: { file } });
  // A file of any name may be given as JSON; in a version only model.json means a model.
  const kept = path.endsWith(".json") ? "model.json" : path;
  const loadable = loadableFile([{ path: kept, hash: "", size }]);
  if (!loadable || size > MOST_BYTES)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${path} (${size} bytes) is no model that can be imported: give an ONNX model (.onnx), an XGBoost model (.ubj, .json, .xgb), or an archive that slipway models export wrote. Pickles are never loaded.`,
      { details: { file } },
    );
  const bytes = new Uint8Array(await readFile(file));
  // Looked through before anything is kept: what cannot be loaded here is no version.
  const served = await inspectModel({ runtimes, tensorRuntimes }, loadable.format, bytes);
  const content = await putContent(registry, Readable.from([bytes]));
  const files = [{ path: kept, ...content }];
  return { version: await registerImported(registry, { model, files, origin: { kind: "file", file: path } }), served };
}
