// A run is one attempt at something, usually a training. It is `running` until somebody says how it ended; when its process dies
// first, the next process finds that out by the owner's mark and says so.

import { type Instant, SlipwayError } from "../core/core.ts";
import { instantToSql, type RunStatus } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";
import { putEnding, type RunEnding, type RunResources } from "./provenance.ts";
import { withBelongings } from "./run-rows.ts";

/** A run with the last value of each metric. */
export interface RunRecord {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly kind: string;
  readonly status: RunStatus;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  readonly error: string | null;
  readonly model: string | null;
  readonly actor: string;
  readonly git: GitState | null;
  /** The words that started it, in one line; null when nobody told. */
  readonly command: string | null;
  /** The run that this one is a part of. */
  readonly parent: string | null;
  /** What it used, from when it has ended. */
  readonly resources: RunResources | null;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** Ids of the datasets it used. */
  readonly datasets: readonly string[];
  /** Datasets that a tracking client told of, in its own words. */
  readonly inputs: readonly RunInput[];
}

/** The commit a run's code came from, and whether files differed from it. */
export interface GitState {
  readonly commit: string;
  readonly branch: string | null;
  /** False too where nobody told. */
  readonly dirty: boolean;
}

/** A dataset by a tracking client's words. */
export interface RunInput {
  readonly name: string;
  readonly digest: string;
  readonly source: string;
  /** What it was used for, such as `training`. */
  readonly use: string | null;
}

/** Ends a run well. */
export function finishRun(context: RegistryContext, id: string, ending: RunEnding = {}): Promise<void> {
  return endRun(context, id, "finished", null, ending);
}

/** Ends a run with what went wrong, or as cancelled when somebody stopped it. */
export function failRun(
  context: RegistryContext,
  id: string,
  error: string,
  status: "failed" | "cancelled" = "failed",
  ending: RunEnding = {},
): Promise<void> {
  return endRun(context, id, status, error, ending);
}

/** The run of that id, or RUN_NOT_FOUND. */
export async function getRun(context: RegistryContext, id: string): Promise<RunRecord> {
  const rows = await context.records.db.selectFrom("runs").selectAll().where("id", "=", id).execute();
  const [run] = await withBelongings(context, rows);
  if (!run) throw runNotFound(id);
  return run;
}

/** The error for an id that no run has. */
export function runNotFound(id: string): SlipwayError {
  return new SlipwayError(
    "RUN_NOT_FOUND",
    `There is no run ${JSON.stringify(id)}. List them with: slipway runs list.`,
    { details: { run: id } },
  );
}

async function endRun(
  context: RegistryContext,
  id: string,
  status: RunStatus,
  error: string | null,
  ending: RunEnding,
): Promise<void> {
  const isEnded = await context.records.transact(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable("runs")
      .set({ status, ended_at: instantToSql(context.clock.now()), error })
      .where("id", "=", id)
      .where("status", "=", "running")
      .executeTakeFirst();
    if (numUpdatedRows > 0n) await putEnding(tx, id, ending);
    return numUpdatedRows > 0n;
  });
  if (isEnded) return;
  const run = await getRun(context, id);
  throw new SlipwayError("INPUT_INVALID", `Run ${id} is ${run.status} already, so it cannot become ${status}.`);
}
