import { sql } from "kysely";
import { fromJson } from "../../records/records.ts";
import { seenRuns, sightOf } from "../sight.ts";
import type { TrackingContext } from "./context.ts";

/** A dataset that runs of an experiment read, with the context it was read in. */
export interface InputSummary {
  readonly experimentId: string;
  readonly name: string;
  readonly digest: string;
  readonly context: string | undefined;
}

/** The datasets that runs of these experiments read, each context once. */
export async function searchInputs(
  context: TrackingContext,
  experimentIds: readonly string[],
): Promise<readonly InputSummary[]> {
  if (experimentIds.length === 0) return [];
  const seen = seenRuns(await sightOf(context), "runs");
  const rows = await context.records.db
    .selectFrom("run_inputs")
    .innerJoin("inputs", "inputs.id", "run_inputs.input_id")
    .$if(seen.length > 0, (query) =>
      query.innerJoin("runs", "runs.id", "run_inputs.run_id").where(sql<boolean>`${sql.join([...seen], sql` and `)}`),
    )
    .select(["inputs.experiment_id", "inputs.name", "digest", "run_inputs.tags"])
    .distinct()
    .where("inputs.experiment_id", "in", experimentIds)
    .orderBy("inputs.name")
    .orderBy("digest")
    .limit(1000)
    .execute();
  return rows.map(({ experiment_id, name, digest, tags }) => ({
    experimentId: experiment_id,
    name,
    digest,
    context: fromJson<readonly [string, string][]>(tags).find(([key]) => key === "mlflow.data.context")?.[1],
  }));
}
