// A model's formula as operators over the float32 matrix. Trees compare in float32, as XGBoost does; what comes of the sum is computed in float64.

import type { DecisionTree, ModelFormula } from "../../../ports/formula.ts";
import type { GraphWriter, Tensor } from "./graph.ts";

/** The scores of a matrix of shape (rows, columns), as float32 of shape (rows, outputs). */
export function writtenFormula(graph: GraphWriter, formula: ModelFormula, matrix: Tensor): Tensor {
  const sum =
    formula.kind === "linear"
      ? linearSum(graph, formula, matrix)
      : graph.cast(treeSum(graph, formula, matrix), "double");
  switch (formula.link) {
    case "identity":
      return graph.cast(sum, "float");
    case "logistic":
      return graph.cast(graph.op("Sigmoid", [sum]), "float");
    case "exponential":
      return graph.cast(graph.op("Exp", [sum]), "float");
    case "softmax":
      return graph.cast(graph.op("Softmax", [sum], { axis: 1 }), "float");
    default:
      return formula satisfies never;
  }
}

function linearSum(
  graph: GraphWriter,
  { intercept, coefficients, means }: Extract<ModelFormula, { readonly kind: "linear" }>,
  matrix: Tensor,
): Tensor {
  const values = graph.cast(matrix, "double");
  const filled = graph.op("Where", [graph.op("IsNaN", [values]), graph.double(means, [1, means.length]), values]);
  const product = graph.op("MatMul", [filled, graph.double(coefficients, [coefficients.length, 1])]);
  return graph.op("Add", [product, graph.double([intercept])]);
}

interface NodeLists {
  readonly trees: number[];
  readonly nodes: number[];
  readonly columns: number[];
  readonly modes: string[];
  readonly values: number[];
  readonly yes: number[];
  readonly no: number[];
  readonly missingYes: number[];
  readonly leaves: {
    readonly trees: number[];
    readonly nodes: number[];
    readonly outputs: number[];
    readonly weights: number[];
  };
}

function treeSum(
  graph: GraphWriter,
  { base, trees }: Extract<ModelFormula, { readonly kind: "trees" }>,
  matrix: Tensor,
): Tensor {
  const lists: NodeLists = {
    ...{ trees: [], nodes: [], columns: [], modes: [], values: [], yes: [], no: [], missingYes: [] },
    leaves: { trees: [], nodes: [], outputs: [], weights: [] },
  };
  for (const [number, tree] of trees.entries()) addTree(lists, number, tree);
  const leaves = graph.op(
    "TreeEnsembleRegressor",
    [matrix],
    {
      aggregate_function: "SUM",
      n_targets: base.length,
      nodes_falsenodeids: { ints: lists.no },
      nodes_featureids: { ints: lists.columns },
      nodes_missing_value_tracks_true: { ints: lists.missingYes },
      nodes_modes: { strings: lists.modes },
      nodes_nodeids: { ints: lists.nodes },
      nodes_treeids: { ints: lists.trees },
      nodes_truenodeids: { ints: lists.yes },
      nodes_values: { floats: lists.values },
      post_transform: "NONE",
      target_ids: { ints: lists.leaves.outputs },
      target_nodeids: { ints: lists.leaves.nodes },
      target_treeids: { ints: lists.leaves.trees },
      target_weights: { floats: lists.leaves.weights },
    },
    "ai.onnx.ml",
  );
  // Added apart, for ONNX Runtime leaves the base of an output without trees away.
  return graph.op("Add", [graph.cast(leaves, "double"), graph.double(base, [1, base.length])]);
}

function addTree(lists: NodeLists, number: number, tree: DecisionTree): void {
  const { left, right, columns, thresholds, missingLeft, leaves, categories, output } = tree;
  let extra = left.length;
  const add = (
    node: number,
    mode: string,
    column: number,
    value: number,
    yes: number,
    no: number,
    missingYes: boolean,
  ): void => {
    lists.trees.push(number);
    lists.nodes.push(node);
    lists.modes.push(mode);
    lists.columns.push(column);
    lists.values.push(value);
    lists.yes.push(yes);
    lists.no.push(no);
    lists.missingYes.push(Number(missingYes));
  };
  for (let node = 0; node < left.length; node += 1) {
    const [yes, no, column] = [left[node] ?? -1, right[node] ?? -1, columns[node] ?? 0];
    const goesLeft = missingLeft[node] === 1;
    if (yes === -1) {
      add(node, "LEAF", 0, 0, 0, 0, false);
      lists.leaves.trees.push(number);
      lists.leaves.nodes.push(node);
      lists.leaves.outputs.push(output);
      lists.leaves.weights.push(leaves[node] ?? 0);
      continue;
    }
    const codes = categories.get(node);
    if (codes === undefined) {
      add(node, "BRANCH_LT", column, thresholds[node] ?? 0, yes, no, goesLeft);
      continue;
    }
    // One question for each code, all of which lead to the right; whoever has none of them goes left.
    for (const [place, code] of codes.entries()) {
      const own = place === 0 ? node : extra + place - 1;
      const next = place === codes.length - 1 ? yes : extra + place;
      add(own, "BRANCH_EQ", column, code, no, next, !goesLeft);
    }
    extra += codes.length - 1;
  }
}
