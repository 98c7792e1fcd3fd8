// Reading a project's features and nothing else: what a process needs that stands beside the one that has the project open. It writes nothing,
// opens no records, and takes the definitions from whoever started it.

import type { Instant } from "../core/core.ts";
import type { Project } from "../define/define.ts";
import type { EngineContext, EngineFactory } from "./engines.ts";
import { type FeatureReader, featureReader } from "./feature-reader.ts";
import { openEngines } from "./open.ts";

/** How to open a reader. */
export interface ReaderOptions extends EngineContext {
  readonly engines: EngineFactory;
  readonly project: Project;
  /** Start the clock here and let it run on; default now. */
  readonly startAt?: Instant;
}

/** An open reader. */
export interface OpenReader {
  readonly features: FeatureReader;
  readonly now: () => Instant;
  close(): Promise<void>;
}

/** Opens a reader of a project's online features. */
export async function openReader({
  engines: factory,
  project,
  startAt,
  ...context
}: ReaderOptions): Promise<OpenReader> {
  const engines = await openEngines(factory, context);
  const { online, offline, log, events } = engines;
  const clock = startAt === undefined ? engines.clock : engines.clocks.startingAt(startAt);
  return {
    features: featureReader({ project, online, clock }),
    now: () => clock.now(),
    async close() {
      await events?.close();
      await log.close();
      await online.close();
      await offline.close();
      engines.process.release?.();
    },
  };
}
