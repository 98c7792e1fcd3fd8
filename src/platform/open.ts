// Opening a project: its definitions collected and checked, its engines opened, its records brought up to date. Everything the platform
// does is a function of what this returns.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { asSlipwayError, type Instant, rawInputs, SlipwayError } from "../core/core.ts";
import { collectProject, definitionsOf, type Project, type ProjectConfig } from "../define/define.ts";
import { materializedThrough, onlineView } from "../features/features.ts";
import { enforce, type GuardContext } from "../guard/guard.ts";
import { profileBuilder } from "../monitoring/monitoring.ts";
import type { Clock, LineageCode } from "../ports/ports.ts";
import { openRecords } from "../records/records.ts";
import { type RegistryContext, recoverRuns, type Secrets } from "../registry/registry.ts";
import { type LogSource, servingContract } from "../serving/serving.ts";
import type { TrainingContext } from "../training/training.ts";
import type { EngineContext, EngineFactory, Engines, LineageFactory } from "./engines.ts";
import { type FeatureReader, featureReader } from "./feature-reader.ts";
import { refuseFutureColumns } from "./future-columns.ts";
import { sourcesOf } from "./guard-operations.ts";
import { type LineageRecord, lineageRecord } from "./lineage-record.ts";
import type { IntakeHolder } from "./push-operations.ts";
import { secretsOf } from "./secret-keys.ts";

/** How to open a project. */
export interface OpenOptions {
  readonly config: ProjectConfig;
  /** Used when the config names none. */
  readonly engines: EngineFactory;
  /** The folder of the config. */
  readonly root: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How much memory queries may use, such as "900MB"; what is larger spills to disk. */
  readonly memoryLimit?: string;
  /** Who is acting, for the audit trail. */
  readonly actor: string;
  /** A clock other than the engines' own. */
  readonly clock?: (engines: Engines) => Clock;
  /**
   * Start the clock here and let it run on; default now. Online values only go forward, so it starts no earlier than what is online already.
   */
  readonly startAt?: Instant;
  /** Told when the clock starts later than asked, because there are online values up to then. */
  readonly onLaterStart?: (start: Instant) => void;
}

/** An open project. */
export interface Platform {
  readonly project: Project;
  readonly root: string;
  readonly stateDir: string;
  readonly engines: Engines;
  readonly registry: RegistryContext;
  readonly training: TrainingContext;
  readonly guard: GuardContext;
  readonly features: FeatureReader;
  readonly intake: IntakeHolder;
  /** Where what is done to data is told. */
  readonly lineage: LineageRecord;
  /** Seals the secrets that users give. */
  readonly secrets: Secrets;
  close(): Promise<void>;
}

/** A platform's prediction log, as something to be queried. */
export function predictionLog({ engines, stateDir }: Platform): LogSource {
  return { log: engines.log, offline: engines.offline, columnsFolder: `${stateDir}/tmp/prediction-columns` };
}

/** Opens a project. Runs that a killed process left behind are marked as failed. */
export async function openPlatform(options: OpenOptions): Promise<Platform> {
  const { config, root, stateDir, cacheDir, env, actor } = options;
  if (typeof config?.name !== "string" || typeof config.definitions !== "object")
    throw new SlipwayError("CONFIG_INVALID", "The config's default export must be project({ name, definitions }).");
  const found = collectProject(config.name, config.definitions);
  for (const model of definitionsOf(found, "model")) refuseFutureColumns(model, root);
  const factory = (config.engines as EngineFactory | undefined) ?? options.engines;
  const opened = await openEngines(factory, {
    root,
    stateDir,
    cacheDir,
    env,
    ...(options.memoryLimit === undefined ? {} : { memoryLimit: options.memoryLimit }),
  });
  const { startAt } = options;
  const start = startAt === undefined ? undefined : await notBefore(startAt, found, opened);
  const clock = start === undefined ? (options.clock?.(opened) ?? opened.clock) : opened.clocks.startingAt(start);
  if (start !== undefined && start !== startAt) options.onLaterStart?.(start);
  const engines = { ...opened, clock };
  const records = await openRecords(engines.database);
  const { blobs, random } = engines;
  const registry: RegistryContext = { records, blobs, clock, random, actor, owner: engines.process.mark };
  await recoverRuns(registry, engines.process.isAlive);
  const guard: GuardContext = {
    offline: engines.offline,
    records,
    blobs,
    clock,
    random,
    actor,
    temporaryFolder: `${stateDir}/tmp`,
  };
  const lineage = lineageRecord({
    sink: (config.lineage as LineageFactory | undefined)?.({ root, env }),
    project: found.name,
    root,
    env,
    now: () => clock.now(),
    random,
    code: config.lineage === undefined ? undefined : await lineageCode(engines, root, stateDir),
    engine: { name: engines.offline.name, version: engines.offline.version },
  });
  const training: TrainingContext = {
    watch: lineage,
    engines: {
      offline: engines.offline,
      blobs,
      temporaryFolder: `${stateDir}/tmp`,
      root,
      trainers: engines.trainers,
      runtimes: engines.runtimes,
      threads: engines.threads,
    },
    registry,
    root,
    provenance: once(async () => {
      const [code, packages, slipway] = await Promise.all([
        engines.versionControl.stateOf(root, [stateDir]),
        engines.workspace.packages(root),
        slipwayVersion(),
      ]);
      const machine = engines.workspace.machine();
      return {
        code,
        packages,
        machine,
        command: engines.workspace.command,
        engines: { ...engines.versions, [engines.offline.name]: engines.offline.version, node: machine.node },
        slipway,
        threads: engines.threads,
      };
    }),
    use: () => engines.workspace.use(),
    contractOf: servingContract,
    async requireSources(model, onNote) {
      const { warnings, setAside } = await enforce(guard, sourcesOf(model), clock.now());
      for (const { source, rows } of setAside)
        onNote?.(`${source}: ${rows} rows set aside; see slipway quarantine list`);
      for (const { source, expectation, seen } of warnings)
        onNote?.(`${source}: expected ${expectation}, found ${seen}`);
    },
    profileOf: async (fitted, tables, task) => {
      const builder = profileBuilder(rawInputs(fitted.inputs));
      for await (const table of tables) builder.add(table);
      return builder.finish(fitted.validated, task);
    },
  };
  const intake: IntakeHolder = { current: undefined };
  return {
    intake,
    lineage,
    secrets: secretsOf({ stateDir, env, random }),
    project: found,
    root,
    stateDir,
    engines,
    registry,
    training,
    guard,
    features: featureReader({ project: found, online: engines.online, clock }),
    async close() {
      await lineage.sink?.flush();
      await (await intake.current?.catch(() => undefined))?.close();
      await engines.events?.close();
      await engines.log.close();
      await records.close();
      await engines.online.close();
      await engines.offline.close();
      engines.process.release?.();
    },
  };
}

/** The code that lineage names; undefined outside a repository. */
async function lineageCode(
  { versionControl }: Engines,
  root: string,
  stateDir: string,
): Promise<LineageCode | undefined> {
  const { commit, branch, remote } = await versionControl.stateOf(root, [stateDir]);
  if (commit === null) return undefined;
  const url = remote !== null && URL.canParse(remote) ? remote : pathToFileURL(root).href;
  return { url, commit, ...(branch === null ? {} : { branch }) };
}

/** Opens engines; what keeps a state folder from being used is told as STATE_NOT_WRITABLE. */
export async function openEngines(factory: EngineFactory, context: EngineContext): Promise<Engines> {
  try {
    return await factory(context);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    // Making a folder on a read-only disk fails with ENOENT on some systems.
    if (code === "ENOTDIR" || code === "EEXIST" || code === "ENOENT")
      throw new SlipwayError(
        "STATE_NOT_WRITABLE",
        `${context.stateDir} cannot be the state folder: a part of its path is a file, or may not be written (${code}). Choose another with --state.`,
        { cause },
      );
    throw asSlipwayError(cause);
  }
}

/** Asks once, and tells everybody the same: what the project's files are later is not what this process has loaded. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}

async function notBefore(start: Instant, { definitions }: Project, { online }: Engines): Promise<Instant> {
  let latest = start;
  for (const definition of definitions) {
    if (definition.kind !== "featureView") continue;
    const through = await materializedThrough(online, onlineView(definition));
    if (through !== undefined && through > latest) latest = through;
  }
  return latest;
}

async function slipwayVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}
