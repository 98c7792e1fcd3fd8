// A version as one file in a format that others run: preprocessing and model together. The file appears whole or not at all.

import { SlipwayError } from "../core/core.ts";
import { isExplicitRuntime, type WrittenModel } from "../ports/ports.ts";
import { classesOf, readArtifact, readCalibration, resolveVersion, type VersionRecord } from "../registry/registry.ts";
import type { ServingContract } from "../serving/serving.ts";
import { requireFree, writeNew } from "./new-file.ts";
import type { Platform } from "./open.ts";

/** Which version, in which format, and where to. */
export interface WriteRequest {
  readonly model: string;
  /** A number or an alias. */
  readonly reference: string;
  readonly format: "onnx";
  /** The file to write; it must not be there. */
  readonly out: string;
}

/** Writes a version as one file that gives its scores from raw values. Throws INPUT_INVALID that names what the format has no words for. */
export async function writeModel(
  { registry, engines }: Pick<Platform, "registry" | "engines">,
  { model, reference, format, out }: WriteRequest,
): Promise<Omit<WrittenModel, "bytes"> & { readonly version: VersionRecord; readonly bytes: number }> {
  const writer = engines.writers?.find((each) => each.format === format);
  if (writer === undefined) throw new SlipwayError("ENGINE_NOT_INSTALLED", `Nothing here writes models as ${format}.`);
  await requireFree(out);
  const version = await resolveVersion(registry, model, reference);
  const runtime = engines.runtimes.find((each) => each.format === version.format);
  if (runtime === undefined || !isExplicitRuntime(runtime))
    throw new SlipwayError(
      "INPUT_INVALID",
      `${version.model}@${version.number} is of the format ${version.format}, which is not written as ${format}; models of xgboost() and linear() are. Its own file: slipway models export ${version.model}@${version.number} --out FILE.`,
    );
  const contract = version.features as ServingContract | null;
  if (contract === null)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${version.model}@${version.number} was not trained by Slipway, so nobody knows which raw values its inputs are. Its own file: slipway models export ${version.model}@${version.number} --out FILE.`,
    );
  const formula = runtime.formulaOf(await readArtifact(registry, version), { rounds: version.bestRound });
  const calibration = await readCalibration(registry, version);
  const classes = classesOf(version);
  const { bytes, ...written } = writer.write({
    name: `${version.model}@${version.number}`,
    inputs: version.inputs,
    types: Object.fromEntries(contract.inputs.map(({ name, type }) => [name, type])),
    formula,
    ...(calibration === undefined ? {} : { calibration }),
    ...(classes === undefined ? {} : { classes }),
  });
  await writeNew(out, bytes);
  return { version, ...written, bytes: bytes.length };
}
