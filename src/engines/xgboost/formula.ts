// What a tree model computes, read out of its UBJSON or JSON. `artifact.ts` has held the document to itself before: indices lead somewhere.

import { SlipwayError } from "../../core/core.ts";
import type { DecisionTree, FormulaLink, ModelFormula } from "../../ports/formula.ts";
import { checkArtifact } from "./artifact.ts";
import { readJson } from "./json-document.ts";
import { type Numbers, readUbjson, type Ubjson } from "./ubjson.ts";

type Fields = ReadonlyMap<string, Ubjson>;

/** How each objective's answer comes from the sum, and what its stored base score is in terms of that sum. */
const OBJECTIVES: Readonly<Record<string, readonly [FormulaLink, (base: number) => number]>> = {
  "binary:logistic": ["logistic", (base) => -Math.log(1 / base - 1)],
  "reg:logistic": ["logistic", (base) => -Math.log(1 / base - 1)],
  "multi:softprob": ["softmax", (base) => base],
  "reg:squarederror": ["identity", (base) => base],
  "reg:absoluteerror": ["identity", (base) => base],
  "reg:quantileerror": ["identity", (base) => base],
  "reg:gamma": ["exponential", Math.log],
  "reg:tweedie": ["exponential", Math.log],
  "count:poisson": ["exponential", Math.log],
  "rank:ndcg": ["identity", (base) => base],
  "rank:map": ["identity", (base) => base],
  "rank:pairwise": ["identity", (base) => base],
  "survival:aft": ["exponential", Math.log],
};

/** How the answers of an objective come from the sum; undefined of one that is not known here. */
export function linkOf(objective: string | undefined): FormulaLink | undefined {
  return objective !== undefined && Object.hasOwn(OBJECTIVES, objective) ? OBJECTIVES[objective]?.[0] : undefined;
}

/** The formula of a gbtree or DART model. */
export function formulaOf(artifact: Uint8Array, { rounds }: { readonly rounds?: number } = {}): ModelFormula {
  const { inputNames, marginPlace } = checkArtifact(artifact);
  if (marginPlace !== undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The model's scores begin with its input "${inputNames[marginPlace]}" (baseMargin), which no formula is written with here.`,
    );
  const isJson = /^\{\s*"/.test(Buffer.from(artifact.subarray(0, 64)).toString("latin1"));
  const learner = member(isJson ? readJson(artifact) : readUbjson(artifact), "learner");
  const parameters = member(learner, "learner_model_param");
  const objective = String(member(learner, "objective").get("name"));
  const known = OBJECTIVES[objective];
  if (known === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The objective "${objective}" has no formula here; there is one for ${Object.keys(OBJECTIVES).join(", ")}.`,
    );
  const [link, marginOf] = known;
  const outputs = Math.max(1, Number(parameters.get("num_class") ?? 0), Number(parameters.get("num_target") ?? 1));
  const bases = String(parameters.get("base_score"))
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map(Number);
  const own = member(learner, "gradient_booster");
  const model = member(own.get("name") === "dart" ? member(own, "gbtree") : own, "model");
  // DART's weights of whole trees: beside the forest in files of earlier releases, inside it in later ones.
  const dropped = own.get("weight_drop") ?? model.get("weight_drop");
  const weights = dropped === undefined ? undefined : listed(dropped);
  const groups = listed(model.get("tree_info"));
  const trees = model.get("trees") as readonly Fields[];
  const starts = model.get("iteration_indptr");
  const end = rounds === undefined || starts === undefined ? trees.length : (listed(starts)[rounds] ?? trees.length);
  return {
    kind: "trees",
    link,
    columns: Number(parameters.get("num_feature")),
    base: Array.from({ length: outputs }, (_, output) =>
      Math.fround(marginOf(bases[bases.length === 1 ? 0 : output] ?? 0)),
    ),
    trees: trees.slice(0, end).map((tree, place) => treeOf(tree, groups[place] ?? 0, weights?.[place] ?? 1)),
  };
}

function treeOf(tree: Fields, output: number, weight: number): DecisionTree {
  const left = Int32Array.from(listed(tree.get("left_children")));
  const conditions = listed(tree.get("split_conditions"));
  const isLeaf = (node: number): boolean => left[node] === -1;
  const types = tree.has("split_type") ? listed(tree.get("split_type")) : [];
  const codes = types.some((type) => type === 1) ? listed(tree.get("categories")) : [];
  const categories = new Map<number, readonly number[]>();
  if (codes.length > 0) {
    const [starts, sizes] = [listed(tree.get("categories_segments")), listed(tree.get("categories_sizes"))];
    for (const [place, node] of listed(tree.get("categories_nodes")).entries())
      categories.set(node, codes.slice(starts[place], (starts[place] ?? 0) + (sizes[place] ?? 0)));
  }
  return {
    output,
    left,
    right: Int32Array.from(listed(tree.get("right_children"))),
    columns: Int32Array.from(listed(tree.get("split_indices")), (column, node) => (isLeaf(node) ? 0 : column)),
    thresholds: Float32Array.from(conditions, (value, node) => (isLeaf(node) || categories.has(node) ? 0 : value)),
    missingLeft: Uint8Array.from(listed(tree.get("default_left")), (goes, node) => (isLeaf(node) ? 0 : goes)),
    leaves: Float32Array.from(conditions, (value, node) => (isLeaf(node) ? Math.fround(value) * weight : 0)),
    categories,
  };
}

function member(value: Ubjson | undefined, name: string): Fields {
  return (value as Fields).get(name) as Fields;
}

function listed(value: Ubjson | undefined): readonly number[] {
  if (Array.isArray(value)) return value.map(Number);
  const numbers = value as Numbers;
  return Array.from({ length: numbers.length }, (_, place) => numbers.at(place));
}
