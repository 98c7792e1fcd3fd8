// What is being served right now: per model the version its champion alias names and those its route names, loaded off the request path
// and swapped in between two requests. A request keeps the version it started with; the old one is closed when its last request has ended.

import { asSlipwayError, type Explanation, type Instant, newId, type RandomBytes, SlipwayError } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import type { OnlineRead } from "../features/features.ts";
import type { AppendLog, Clock, OnlineStore, Runtime } from "../ports/ports.ts";
import { classesOf, getVersion, loadVersion, type RegistryContext, standingVersions } from "../registry/registry.ts";
import { type AskedRow, type ClassAnswer, parseRow, requireExplainable } from "../scoring/scoring.ts";
import { checkContract, type ServingContract, servingContract } from "./contract.ts";
import { type Deployment, deployment } from "./deployment.ts";
import { give, type Lease, take } from "./lease.ts";
import { assign, type RoutedAnswer, scoreParts } from "./parts.ts";
import { checkId, logLine, logPlace } from "./prediction-log.ts";
import { mirror, type ShadowCounts } from "./shadow.ts";
import { answering, empty, emptySlot, follow, type ServedRoute, type Slot } from "./slot.ts";
import { notRouted, type RouteName, type Steering } from "./steering.ts";
import type { VersionTally } from "./version-tally.ts";

/** What serving works with. */
export interface ServingContext {
  readonly registry: RegistryContext;
  readonly online: OnlineStore;
  readonly log: AppendLog;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly runtimes: readonly Runtime[];
  readonly models: readonly ModelSpec[];
}

/** One row to be scored. */
export interface AskedPrediction {
  /** The caller's own name for it: the id by which its label will be found. Made up when left out. */
  readonly id?: string;
  readonly row: Readonly<Record<string, unknown>>;
  /** Whether the row came as JSON, and only JSON's own forms of values are taken. */
  readonly isJson?: boolean;
}

/** One prediction as the caller sees it. */
export interface Prediction {
  readonly id: string;
  readonly model: string;
  readonly version: number;
  /** Why that version answered. */
  readonly route: RouteName;
  readonly at: Instant;
  /** The model's answer: the probability of a true label, the number foretold, or the probability of the likeliest class. */
  readonly score: number;
  /** Of a multi-class model the likeliest class and every class's probability, in the classes' order. */
  readonly classes?: ClassAnswer;
  /** What each input added to the answer, where that was asked. */
  readonly explanation?: Explanation;
  readonly reads: readonly OnlineRead[];
  readonly row: AskedRow;
}

/** How one model stands. */
export interface ServedModel {
  readonly model: ModelSpec;
  readonly version: number | undefined;
  /** Columns of the matrix that this version scores, once its inputs are prepared; absent while none answers. */
  readonly columns?: number;
  /** Why the champion is not (or not yet) the version that answers. */
  readonly problem: SlipwayError | undefined;
  /** Who stands beside the champion; left out where nobody does. */
  readonly route?: ServedRoute;
  /** What the versions that answer were asked for since they were loaded, by version. */
  readonly tallies?: ReadonlyMap<number, VersionTally>;
  /** What became of mirrored rows, by the version that was the shadow; left out where there never was one. */
  readonly shadows?: ReadonlyMap<number, Readonly<ShadowCounts>>;
}

/** Serving, from opening to close. */
export interface Serving {
  /** Looks at the aliases and loads what they name now; tells of each swap. */
  refresh(): Promise<readonly { readonly model: string; readonly from: number | undefined; readonly to: number }[]>;
  /**
   * Scores rows as of now; ends when features have been read and nothing that happens later can change the answer. `logged` ends when every
   * prediction is in the log for good: nobody may be answered before that.
   */
  begin(
    model: string,
    asked: readonly AskedPrediction[],
    steering?: Steering,
  ): Promise<{ readonly logged: Promise<readonly Prediction[]> }>;
  /** Scores rows, logs every prediction durably, then answers. Throws VERSION_NOT_FOUND when `steering` asks for one that does not answer. */
  predict(model: string, asked: readonly AskedPrediction[], steering?: Steering): Promise<readonly Prediction[]>;
  /** Scores ready-made inputs in matrix order, (rows, inputs) float32, without features or log: by the champion, or by the version given. */
  score(
    model: string,
    matrix: Float32Array,
    rows: number,
    version?: number,
  ): Promise<{ readonly version: number; readonly scores: Float32Array }>;
  models(): readonly ServedModel[];
  /** The deployment that answers for a model. Throws MODEL_NOT_FOUND or NOT_READY. */
  deployed(model: string): Deployment;
  close(): Promise<void>;
}

/** Opens serving; call `refresh` to load the champions. */
export function openServing(context: ServingContext): Serving {
  const slots = new Map(context.models.map((model): [string, Slot] => [model.name, emptySlot(model)]));
  let isServing = false;
  let refreshing: ReturnType<Serving["refresh"]> | undefined;

  async function refreshAll(): ReturnType<Serving["refresh"]> {
    const swaps: { model: string; from: number | undefined; to: number }[] = [];
    for (const slot of slots.values()) {
      const from = slot.live?.deployment.version;
      try {
        const wanted = await standingVersions(context.registry, slot.model.name);
        await follow(slot, wanted, (model, version) => load(context, model, version, isServing));
      } catch (thrown) {
        slot.problem = asSlipwayError(thrown);
      }
      const to = slot.live?.deployment.version;
      if (to !== undefined && to !== from) swaps.push({ model: slot.model.name, from, to });
    }
    isServing = true;
    return swaps;
  }

  const slotOf = (name: string): Slot => {
    const slot = slots.get(name);
    if (!slot)
      throw new SlipwayError(
        "MODEL_NOT_FOUND",
        `No model "${name}" is served here. There are: ${[...slots.keys()].join(", ") || "none"}.`,
      );
    return slot;
  };
  const championOf = ({ model, live, problem }: Slot): Lease => {
    if (live) return live;
    const message = `Model "${model.name}" has no champion yet. Train one: slipway train ${model.name}.`;
    throw problem ?? new SlipwayError("NOT_READY", message);
  };
  /** The version asked for, of those that answer; without one the champion. */
  const answeringAs = (slot: Slot, version: number | undefined): Lease => {
    const champion = championOf(slot);
    if (version === undefined) return champion;
    const found = answering(slot).find((lease) => lease.deployment.version === version);
    if (found) return found;
    const there = answering(slot).map((lease) => lease.deployment.version);
    throw notRouted(slot.model.name, version, there);
  };

  const begin: Serving["begin"] = async (name, asked, steering = {}) => {
    const slot = slotOf(name);
    const champion = championOf(slot);
    const override = steering.version === undefined ? undefined : answeringAs(slot, steering.version);
    const { fields, read } = champion.deployment;
    for (const { id } of asked) if (id !== undefined) checkId(name, id);
    const rows = asked.map(({ row, isJson = false }) => parseRow(name, fields, row, { isJson }));
    const at = context.clock.now();
    const ids = asked.map(({ id }) => id ?? newId(at, context.random));
    const parts = override
      ? [{ lease: override, route: "override" as const, places: [...rows.keys()] }]
      : assign(slot, champion, rows, ids, steering.sticky);
    if (steering.explain === true) for (const { lease } of parts) requireExplainable(lease.deployment);
    for (const { lease } of parts) take(lease);
    let isBegun = false;
    try {
      const reads = await read(rows, at);
      const cells = parts.map(({ lease, places }) =>
        places.map((place) => lease.deployment.encode(rows[place] ?? {}, reads[place] ?? [])),
      );
      isBegun = true;
      const scored = scoreParts(parts, cells, steering.explain === true);
      const answered = scored.then((answers) => logged(name, at, ids, rows, reads, answers));
      if (slot.shadow) mirror(slot.mirror, context.log, slot.shadow, { model: name, at, ids, rows, reads }, answered);
      return { logged: answered };
    } catch (thrown) {
      if (!isBegun) for (const { lease } of parts) give(lease);
      throw thrown;
    }
  };

  async function logged(
    model: string,
    at: Instant,
    ids: readonly string[],
    rows: readonly AskedRow[],
    reads: readonly (readonly OnlineRead[])[],
    answers: readonly RoutedAnswer[],
  ): Promise<readonly Prediction[]> {
    const predictions = answers.map(
      (answer, index): Prediction => ({
        id: ids[index] ?? "",
        model,
        at,
        ...answer,
        reads: reads[index] ?? [],
        row: rows[index] ?? {},
      }),
    );
    const { stream, part } = logPlace(model, at);
    await context.log.append(stream, part, predictions.map(logLine));
    return predictions;
  }

  return {
    refresh: () => {
      // Two at once would load the same version twice.
      refreshing ??= refreshAll().finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
    begin,
    predict: async (name, asked, steering) => (await begin(name, asked, steering)).logged,
    score: async (name, matrix, rows, asked) => {
      const lease = take(answeringAs(slotOf(name), asked));
      try {
        const { version, predictor } = lease.deployment;
        return { version, scores: await predictor.predict(matrix, rows) };
      } finally {
        give(lease);
      }
    },
    models: () =>
      [...slots.values()].map((slot) => {
        const { model, live, problem, route, mirror: mirrored } = slot;
        return {
          model,
          tallies: new Map(answering(slot).map(({ deployment: { version }, tally }) => [version, tally])),
          version: live?.deployment.version,
          ...(live ? { columns: live.deployment.predictor.inputCount } : {}),
          problem,
          ...(route.canary || route.shadow ? { route } : {}),
          ...(mirrored.counts.size > 0 ? { shadows: mirrored.counts } : {}),
        };
      }),
    deployed: (name) => championOf(slotOf(name)).deployment,
    async close() {
      await refreshing?.catch(() => undefined);
      for (const slot of slots.values()) empty(slot);
    },
  };
}

async function load(context: ServingContext, model: ModelSpec, number: number, beside: boolean): Promise<Deployment> {
  const version = await getVersion(context.registry, model.name, number);
  checkContract(model.name, number, version.features as ServingContract | null, servingContract(model));
  const predictor = await loadVersion(context.registry, context.runtimes, version, { beside });
  return deployment(model, number, version.inputs, predictor, context.online, classesOf(version));
}
