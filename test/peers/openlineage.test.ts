// What a project tells of itself, read by the classes of OpenLineage's own Python client. Runs where SLIPWAY_OPENLINEAGE_PYTHON (else `python3`) can import
// openlineage.client (python3 -m pip install openlineage-python); skipped elsewhere.

import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { toldByDeliveries } from "../journeys/lineage.fixture.ts";

const python = process.env["SLIPWAY_OPENLINEAGE_PYTHON"] ?? "python3";

function hasClient(): boolean {
  try {
    execFileSync(python, ["-c", "import openlineage.client.generated.base"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test.runIf(hasClient())("every event is what the Python client takes for one", { timeout: 120_000 }, async () => {
  const { file } = await toldByDeliveries();
  const script = fileURLToPath(new URL("lineage-events.py", import.meta.url));
  const { stdout } = await promisify(execFile)(python, [script, file], { cwd: join(file, "..") });
  expect(JSON.parse(stdout)).toEqual({
    jobs: [
      "materialize.city_facts",
      "materialize.city_record",
      "materialize.courier_last",
      "materialize.courier_record",
      "register.delivery_late",
      "train.delivery_late",
      "training_set.delivery_late",
    ],
    facets: expect.arrayContaining([
      "ColumnLineageDatasetFacet",
      "DataQualityMetricsInputDatasetFacet",
      "DatasetVersionDatasetFacet",
      "DatasourceDatasetFacet",
      "ErrorMessageRunFacet",
      "InputStatisticsInputDatasetFacet",
      "OutputStatisticsOutputDatasetFacet",
      "ParentRunFacet",
      "ProcessingEngineRunFacet",
      "SchemaDatasetFacet",
    ]),
  });
});
