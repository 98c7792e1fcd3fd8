import { describe, expect, test } from "vitest";
import { days } from "../core/core.ts";
import {
  auc,
  byTime,
  collectProject,
  concordance,
  definitionHash,
  type ModelSpec,
  model,
  ndcg,
  parquet,
  ranking,
  survival,
  t,
  xgboost,
} from "../define/define.ts";
import { trainingColumns } from "./column-lineage.ts";
import { type LineageFacts, lineageGraph } from "./lineage.ts";
import { lineageOf } from "./lineage-walk.ts";

const orders = parquet("orders", {
  path: "orders.parquet",
  columns: { id: t.string(), at: t.timestamp(), items: t.int32(), day: t.int64() },
  id: "id",
  eventTime: "at",
});
const ends = parquet("ends", {
  path: "ends.parquet",
  columns: { id: t.string(), late: t.int32(), most: t.float64().optional(), seen: t.timestamp() },
  id: "id",
  eventTime: "seen",
});
const common = {
  rows: orders,
  features: [],
  request: { items: t.int32() },
  split: byTime({ validate: days(5), test: days(5) }),
} as const;

const weighted = model("weighted", {
  ...common,
  label: ends.late.gt(10),
  weight: orders.items.plus(1),
  trainer: xgboost({ rounds: 2 }),
  metrics: [auc()],
});
const ranked = model("ranked", {
  ...common,
  label: ends.late,
  group: orders.day,
  trainer: xgboost({ rounds: 2, task: ranking() }),
  metrics: [ndcg()],
});
const lasting = model("lasting", {
  ...common,
  label: ends.late,
  upperBound: ends.most.plus(1),
  trainer: xgboost({ rounds: 2, task: survival({ scale: 1 }) }),
  metrics: [concordance()],
});
const specs = collectProject("p", { orders, ends, weighted, ranked, lasting });
const specOf = (name: string) => specs.definitions.find((each) => each.name === name) as ModelSpec;

describe("a row's weight, group and upper bound", () => {
  const cases = [
    ["weighted", "label_weight", "orders", "items", "weight"],
    ["ranked", "label_group", "orders", "day", "group"],
    ["lasting", "label_upper_bound", "ends", "most", "upperBound"],
  ] as const;

  test.each(cases)("of %s stand in the training set as %s, made from %s.%s", (name, column, source, from) => {
    const made = trainingColumns(specOf(name))[column];
    expect(made?.map((used) => [used.source.name, used.column, used.as])).toEqual([[source, from, "value"]]);
  });

  test.each(cases)("of %s lead from the source's column to the server that answers", (name, _, source, from, role) => {
    const spec = specOf(name);
    const facts: LineageFacts = {
      versions: [
        {
          model: name,
          number: 3,
          runId: "r1",
          datasetId: "d1",
          definitionsHash: definitionHash(spec),
          features: {},
          aliases: ["champion"],
        },
      ],
      datasets: [{ id: "d1", model: name, definitionsHash: definitionHash(spec), rowCount: 9, runs: ["r1"] }],
      deployments: [{ owner: JSON.stringify({ host: "h", pid: 7 }), model: name, version: 3, since: 0n }],
      logged: { inputs: [], models: [] },
      modelOf: () => undefined,
    };
    const graph = lineageGraph(specs, facts);
    const column = `column:${source}.${from}`;
    expect(graph.edges).toContainEqual({ from: column, to: `model:${name}`, as: expect.stringMatching(/\w/) });
    const down = lineageOf(graph, column, "down").nodes.map(({ id }) => id);
    expect(down).toEqual(
      expect.arrayContaining(["dataset:d1", "run:r1", `version:${name}@3`, `alias:${name}@champion`]),
    );
    expect(down).toContain(`deployment:${name} on h:7`);
    // A column that is asked for too is a request first.
    if (from !== "items") expect(graph.edges).toContainEqual({ from: column, to: `model:${name}`, as: role });
  });
});
