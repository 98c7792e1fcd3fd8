// A version as something that answers: its model loaded, and what was fitted to correct its answers put behind it. Whoever wants a version's scores gets
// them here, so that serving, gates, evaluation and replays cannot differ.

import { type Calibration, calibrationFrom, canonicalJson, SlipwayError } from "../core/core.ts";
import type { Runtime } from "../ports/ports.ts";
import { calibrated, type LoadedVersion } from "../scoring/scoring.ts";
import type { RegistryContext } from "./context.ts";
import { classesOf, type VersionRecord } from "./version.ts";
import { CALIBRATION_FILE } from "./version-content.ts";
import { readVersionFile } from "./version-files.ts";
import { readArtifact } from "./versions.ts";

const MOST_BYTES = 64 * 2 ** 20;

/** The runtime that loads a format. Throws ENGINE_NOT_INSTALLED when there is none. */
export function runtimeOf(runtimes: readonly Runtime[], format: string): Runtime {
  const found = runtimes.find((runtime) => runtime.format === format);
  if (!found) throw new SlipwayError("ENGINE_NOT_INSTALLED", `No runtime for models of format "${format}" is set up.`);
  return found;
}

/** A version, loaded; `raw` leaves its calibration away, `beside` holds up no other work of this thread. Throws ENGINE_NOT_INSTALLED or ARTIFACT_CORRUPT. */
export async function loadVersion(
  context: RegistryContext,
  runtimes: readonly Runtime[],
  version: VersionRecord,
  {
    threads,
    raw = false,
    beside = false,
  }: { readonly threads?: number; readonly raw?: boolean; readonly beside?: boolean } = {},
): Promise<LoadedVersion> {
  const runtime = runtimeOf(runtimes, version.format);
  const artifact = await readArtifact(context, version);
  const calibration = raw ? undefined : await readCalibration(context, version);
  const predictor = await runtime.load(artifact, {
    ...(version.bestRound > 0 ? { rounds: version.bestRound } : {}),
    ...(threads === undefined ? {} : { threads }),
    beside,
  });
  return calibration === undefined ? predictor : calibrated(predictor, calibration);
}

/** What corrects a version's scores, held against its hash; undefined where nothing does. Throws ARTIFACT_CORRUPT. */
export async function readCalibration(
  context: RegistryContext,
  version: VersionRecord,
): Promise<Calibration | undefined> {
  const bytes = await readVersionFile(context, version, CALIBRATION_FILE, MOST_BYTES);
  if (bytes === undefined) return undefined;
  const found = calibrationFrom(parsed(bytes), classesOf(version)?.length ?? 1);
  if (found !== undefined) return found;
  throw new SlipwayError(
    "ARTIFACT_CORRUPT",
    `The calibration of ${version.model} version ${version.number} (${CALIBRATION_FILE}) is none that this Slipway knows. Restore it from a backup, or train the version again.`,
  );
}

/** A calibration as the bytes it is known by. */
export function calibrationBytes(calibration: Calibration): Uint8Array {
  return Buffer.from(canonicalJson(calibration));
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}
