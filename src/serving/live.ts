// What is being served right now: per model the version its champion alias names, loaded off the request path and swapped in between
// two requests. A request keeps the version it started with; the old one is closed when its last request has ended.

import { type Instant, isWellFormed, newId, type RandomBytes, SlipwayError } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import type { OnlineRead } from "../features/features.ts";
import type { AppendLog, Clock, OnlineStore, Runtime } from "../ports/ports.ts";
import { aliasOf, getVersion, loadVersion, type RegistryContext } from "../registry/registry.ts";
import { type AskedRow, parseRow } from "./asked-row.ts";
import { answersOf, type ClassAnswer, type RowAnswer } from "./class-answer.ts";
import { checkContract, type ServingContract, servingContract } from "./contract.ts";
import { type Deployment, deployment, type ReadRow } from "./deployment.ts";
import { logLine, logPlace } from "./prediction-log.ts";

/** The alias that is served. */
export const CHAMPION = "champion";

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
  readonly at: Instant;
  /** The model's answer: the probability of a true label, the number foretold, or the probability of the likeliest class. */
  readonly score: number;
  /** Of a multi-class model the likeliest class and every class's probability, in the classes' order. */
  readonly classes?: ClassAnswer;
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
}

/** Serving, from opening to close. */
export interface Serving {
  /** Looks at the aliases and loads what they name now; tells of each swap. */
  refresh(): Promise<readonly { readonly model: string; readonly from: number | undefined; readonly to: number }[]>;
  /**
   * Scores rows as of now; ends when features have been read and nothing that happens later can change the answer. `logged` ends when every
   * prediction is in the log for good: nobody may be answered before that.
   */
  begin(model: string, asked: readonly AskedPrediction[]): Promise<{ readonly logged: Promise<readonly Prediction[]> }>;
  /** Scores rows, logs every prediction durably, then answers. */
  predict(model: string, asked: readonly AskedPrediction[]): Promise<readonly Prediction[]>;
  /** Scores ready-made inputs in matrix order, (rows, inputs) float32, without features or log. */
  score(
    model: string,
    matrix: Float32Array,
    rows: number,
  ): Promise<{ readonly version: number; readonly scores: Float32Array }>;
  models(): readonly ServedModel[];
  /** The deployment that answers for a model. Throws MODEL_NOT_FOUND or NOT_READY. */
  deployed(model: string): Deployment;
  close(): Promise<void>;
}

interface Slot {
  readonly model: ModelSpec;
  live: Lease | undefined;
  problem: SlipwayError | undefined;
}

/** A deployment with the requests that use it. */
interface Lease {
  readonly deployment: Deployment;
  users: number;
  retired: boolean;
}

/** Opens serving; call `refresh` to load the champions. */
export function openServing(context: ServingContext): Serving {
  const slots = new Map(
    context.models.map((model): [string, Slot] => [model.name, { model, live: undefined, problem: undefined }]),
  );
  let refreshing: ReturnType<Serving["refresh"]> | undefined;

  async function refreshAll(): ReturnType<Serving["refresh"]> {
    const swaps: { model: string; from: number | undefined; to: number }[] = [];
    for (const slot of slots.values()) {
      const from = slot.live?.deployment.version;
      try {
        const to = await aliasOf(context.registry, slot.model.name, CHAMPION);
        if (to === undefined || (to === from && slot.problem === undefined)) continue;
        if (to !== from) {
          const fresh = await load(context, slot.model, to);
          retire(slot.live);
          slot.live = { deployment: fresh, users: 0, retired: false };
          swaps.push({ model: slot.model.name, from, to });
        }
        slot.problem = undefined;
      } catch (thrown) {
        slot.problem =
          thrown instanceof SlipwayError ? thrown : new SlipwayError("INTERNAL", String(thrown), { cause: thrown });
      }
    }
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
  const leaseOf = (name: string): Lease => {
    const slot = slotOf(name);
    if (slot.live) return slot.live;
    throw (
      slot.problem ??
      new SlipwayError("NOT_READY", `Model "${name}" has no champion yet. Train one: slipway train ${name}.`)
    );
  };
  const take = (name: string): Lease => {
    const lease = leaseOf(name);
    lease.users += 1;
    return lease;
  };
  const give = (lease: Lease): void => {
    lease.users -= 1;
    if (lease.retired && lease.users === 0) lease.deployment.predictor.close();
  };

  const begin: Serving["begin"] = async (name, asked) => {
    const lease = take(name);
    const { version, fields, read: readRows, score, classes } = lease.deployment;
    try {
      for (const { id } of asked) if (id !== undefined) checkId(name, id);
      const rows = asked.map(({ row, isJson = false }) => parseRow(name, fields, row, { isJson }));
      const at = context.clock.now();
      const read = await readRows(rows, at);
      const scored = score(read).finally(() => give(lease));
      return {
        logged: scored.then((scores) => logged(name, version, at, asked, rows, read, answersOf(scores, classes))),
      };
    } catch (thrown) {
      give(lease);
      throw thrown;
    }
  };

  async function logged(
    model: string,
    version: number,
    at: Instant,
    asked: readonly AskedPrediction[],
    rows: readonly AskedRow[],
    read: readonly ReadRow[],
    answers: readonly RowAnswer[],
  ): Promise<readonly Prediction[]> {
    const predictions = rows.map(
      (row, index): Prediction => ({
        id: asked[index]?.id ?? newId(at, context.random),
        model,
        version,
        at,
        ...(answers[index] ?? { score: Number.NaN }),
        reads: read[index]?.reads ?? [],
        row,
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
    predict: async (name, asked) => (await begin(name, asked)).logged,
    score: async (name, matrix, rows) => {
      const lease = take(name);
      try {
        const { version, predictor } = lease.deployment;
        return { version, scores: await predictor.predict(matrix, rows) };
      } finally {
        give(lease);
      }
    },
    models: () =>
      [...slots.values()].map(({ model, live, problem }) => ({
        model,
        version: live?.deployment.version,
        ...(live ? { columns: live.deployment.predictor.inputCount } : {}),
        problem,
      })),
    deployed: (name) => leaseOf(name).deployment,
    async close() {
      await refreshing?.catch(() => undefined);
      for (const slot of slots.values()) {
        retire(slot.live);
        slot.live = undefined;
      }
    },
  };
}

/** An id is written to the log as it is. */
function checkId(model: string, id: string): void {
  if (!isWellFormed(id))
    throw new SlipwayError(
      "INPUT_INVALID",
      `Model "${model}": the id ${JSON.stringify(id)} has half a surrogate pair in it, which cannot be stored. Send whole characters.`,
      { details: { model, field: "id" } },
    );
}

function retire(lease: Lease | undefined): void {
  if (!lease) return;
  lease.retired = true;
  if (lease.users === 0) lease.deployment.predictor.close();
}

async function load(context: ServingContext, model: ModelSpec, number: number): Promise<Deployment> {
  const version = await getVersion(context.registry, model.name, number);
  checkContract(model.name, number, version.features as ServingContract, servingContract(model));
  const predictor = await loadVersion(context.registry, context.runtimes, version);
  const { classes } = version.features as ServingContract;
  return deployment(model, number, version.inputs, predictor, context.online, classes);
}
