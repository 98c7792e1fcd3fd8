// The whole server of an open platform: every route it can answer, wired to what the platform does. Programs that want fewer routes call
// `createServer` with what they want.

import { definitionsOf } from "../define/define.ts";
import {
  type AdmissionLimits,
  accessOf,
  alertsOf,
  catalogOf,
  datasetsOf,
  importedModels,
  labelsOf,
  materialize,
  openPushing,
  type Platform,
  promotionsOf,
  pushSources,
  quarantineOf,
  recordsReader,
  type Serving,
  tracking,
} from "../platform/platform.ts";
import type { AppOptions } from "./app.ts";

/** What a platform does not say about its server. */
export interface PlatformServerOptions {
  /** The version of Slipway, told to clients. */
  readonly version: string;
  /** The most keys of one feature read; default 1,000. */
  readonly keyLimit?: number;
  /** How much of each model is taken at once. */
  readonly limits?: AdmissionLimits;
}

/** What the routes of a platform's server work with. Takes in pushed events from now on, when the project has push sources. */
export async function appOptionsOf(
  platform: Platform,
  serving: Serving,
  { version, keyLimit, limits }: PlatformServerOptions,
): Promise<AppOptions> {
  const sources = pushSources(platform);
  return {
    serving,
    imported: importedModels(platform),
    models: definitionsOf(platform.project, "model"),
    features: platform.features,
    materialize: (request) => materialize(platform, request),
    ...(keyLimit === undefined ? {} : { keyLimit }),
    ...(limits === undefined ? {} : { limits }),
    access: accessOf(platform),
    catalog: catalogOf(platform),
    tracking: await tracking.openTracking(platform.registry, platform.engines.outbound, platform.secrets),
    promotions: promotionsOf(platform),
    alerts: alertsOf(platform),
    labels: labelsOf(platform),
    datasets: datasetsOf(platform),
    records: recordsReader(platform),
    quarantine: quarantineOf(platform),
    ...(sources.length === 0 ? {} : { push: { intake: await openPushing(platform), sources } }),
    version,
    now: () => platform.engines.clock.now(),
  };
}
