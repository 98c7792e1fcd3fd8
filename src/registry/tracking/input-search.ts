import { fromJson } from "../../records/records.ts";
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
  { records }: TrackingContext,
  experimentIds: readonly string[],
): Promise<readonly InputSummary[]> {
  if (experimentIds.length === 0) return [];
  const rows = await records.db
    .selectFrom("run_inputs")
    .innerJoin("inputs", "inputs.id", "run_inputs.input_id")
    .select(["experiment_id", "name", "digest", "tags"])
    .distinct()
    .where("experiment_id", "in", experimentIds)
    .orderBy("name")
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
