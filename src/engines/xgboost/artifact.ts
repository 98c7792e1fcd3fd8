// XGBoost follows the indices of a model file without asking whether they lead anywhere, so a damaged model can crash the process
// that loads it. Here everything that native code will use as an index, a count or a size is held against the model itself.

import { SlipwayError } from "../../core/core.ts";
import { MARGIN_ATTRIBUTE } from "./base-margin.ts";
import { readJson } from "./json-document.ts";
import { type Numbers, readUbjson, type Ubjson } from "./ubjson.ts";

/** The artifact format of XGBoost's UBJSON models. */
export const FORMAT = "xgboost-ubj";

type Fields = ReadonlyMap<string, Ubjson>;

const MOST_FEATURES = 2 ** 31 - 1;
/** How XGBoost writes -1 in 31 bits. */
const NO_PARENT = 2 ** 31 - 1;
/** The first category code XGBoost refuses. */
const MOST_CATEGORIES = 2 ** 24;

/** The artifact format of XGBoost's JSON models. */
export const JSON_FORMAT = "xgboost-json";

/** What a model says of itself. */
export interface ArtifactFacts {
  /** Empty when it names none. */
  readonly inputNames: readonly string[];
  readonly objective: string | undefined;
  /** The place of the input that a row's score begins with, where there is one. */
  readonly marginPlace: number | undefined;
  /** The rounds that early stopping found best, where it says so. */
  readonly bestRounds: number | undefined;
}

/** Refuses, as ARTIFACT_CORRUPT, bytes that are not a whole and consistent XGBoost model in UBJSON or JSON. Gives what it says of itself. */
export function checkArtifact(artifact: Uint8Array): ArtifactFacts {
  try {
    // UBJSON writes a key's length after the brace, JSON a quote or white space.
    const isJson = /^\{\s*"/.test(Buffer.from(artifact.subarray(0, 64)).toString("latin1"));
    if (isJson && artifact.length > MOST_JSON)
      throw new SyntaxError("as JSON they are too many; save the model as .ubj");
    return checkModel(fields(isJson ? readJson(artifact) : readUbjson(artifact), "the artifact"));
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SlipwayError(
      "ARTIFACT_CORRUPT",
      `These ${artifact.byteLength} bytes are not a whole XGBoost model in UBJSON or JSON: ${reason}. Fetch or train the model again.`,
      { cause },
    );
  }
}

const MOST_JSON = 2 ** 28;
function need(holds: boolean, what: string): void {
  if (!holds) throw new SyntaxError(what);
}

function fields(value: Ubjson | undefined, what: string): Fields {
  if (!(value instanceof Map)) throw new SyntaxError(`${what} is not an object`);
  return value;
}

function items(value: Ubjson | undefined, what: string): readonly Ubjson[] {
  if (!Array.isArray(value)) throw new SyntaxError(`${what} is not a list`);
  return value;
}

function text(value: Ubjson | undefined, what: string): string {
  if (typeof value !== "string") throw new SyntaxError(`${what} is not text`);
  return value;
}

/** An array of numbers, typed or not; booleans count as 0 and 1. */
function numbers(value: Ubjson | undefined, what: string, length?: number): Numbers {
  let found: Numbers | undefined;
  if (Array.isArray(value)) {
    const plain = value.map((item) =>
      typeof item === "number" || typeof item === "boolean" ? Number(item) : Number.NaN,
    );
    need(!plain.some(Number.isNaN), `${what} holds something other than numbers`);
    found = { length: plain.length, at: (index) => plain[index] ?? Number.NaN };
  } else if (typeof value === "object" && value !== null && "at" in value) found = value as Numbers;
  if (!found) throw new SyntaxError(`${what} is not an array of numbers`);
  need(length === undefined || found.length === length, `${what} has ${found.length} entries instead of ${length}`);
  return found;
}

/** A whole number XGBoost wrote as text. */
function count(value: Ubjson | undefined, what: string, least: number, most: number): number {
  const written = text(value, what);
  const number = Number(written);
  need(/^\d+$/.test(written) && number >= least && number <= most, `${what} is ${written}`);
  return number;
}

function checkModel(root: Fields): ArtifactFacts {
  numbers(root.get("version"), "version", 3);
  const learner = fields(root.get("learner"), "learner");
  const parameters = fields(learner.get("learner_model_param"), "learner_model_param");
  const features = count(parameters.get("num_feature"), "num_feature", 1, MOST_FEATURES);
  const classes = count(parameters.get("num_class"), "num_class", 0, MOST_FEATURES);
  const targets = count(parameters.get("num_target") ?? "1", "num_target", 0, MOST_FEATURES);
  const groups = Math.max(1, classes, targets);
  for (const name of ["feature_names", "feature_types"]) {
    const { length } = items(learner.get(name) ?? [], name);
    need(length === 0 || length === features, `${name} has ${length} entries for ${features} features`);
  }
  const booster = fields(learner.get("gradient_booster"), "gradient_booster");
  const name = text(booster.get("name"), "the booster's name");
  if (name === "gbtree") checkForest(booster, features, groups);
  else if (name === "dart") {
    const trees = checkForest(fields(booster.get("gbtree"), "gbtree"), features, groups);
    numbers(booster.get("weight_drop"), "weight_drop", trees);
  } else if (name === "gblinear")
    throw new SlipwayError(
      "INPUT_INVALID",
      "Slipway scores XGBoost's tree models (gbtree, dart), and this one is gblinear.",
    );
  else throw new SyntaxError(`the booster is "${name}"`);
  const objective = memberOf(learner.get("objective"), "name");
  const best = memberOf(learner.get("attributes"), "best_iteration");
  const inputNames = items(learner.get("feature_names") ?? [], "feature_names").map((each) =>
    text(each, "a feature's name"),
  );
  const margin = memberOf(learner.get("attributes"), MARGIN_ATTRIBUTE);
  need(margin === undefined || inputNames.includes(margin), `the base margin "${margin}" is no feature`);
  return {
    inputNames,
    objective,
    marginPlace: margin === undefined ? undefined : inputNames.indexOf(margin),
    bestRounds: best !== undefined && /^\d{1,9}$/.test(best) ? Number(best) + 1 : undefined,
  };
}

function memberOf(value: Ubjson | undefined, name: string): string | undefined {
  const member = value instanceof Map ? value.get(name) : undefined;
  return typeof member === "string" ? member : undefined;
}

function checkForest(booster: Fields, features: number, groups: number): number {
  const model = fields(booster.get("model"), "model");
  const trees = items(model.get("trees"), "trees");
  const parameters = fields(model.get("gbtree_model_param"), "gbtree_model_param");
  count(parameters.get("num_trees"), "num_trees", trees.length, trees.length);
  need(groups <= Math.max(1, trees.length), `${groups} outputs come from ${trees.length} trees`);
  const info = numbers(model.get("tree_info"), "tree_info", trees.length);
  const weights = model.get("weight_drop");
  if (weights !== undefined) numbers(weights, "weight_drop", trees.length);
  const seen = new Set<Ubjson | undefined>();
  trees.forEach((value, place) => {
    const tree = fields(value, `tree ${place}`);
    const id = tree.get("id");
    need(typeof id === "number" && id >= 0 && id < trees.length && !seen.has(id), `tree ${place} has the id ${id}`);
    seen.add(id);
    const group = info.at(place);
    need(group >= 0 && group < groups, `tree ${place} belongs to output ${group}`);
    checkTree(tree, `tree ${place}`, features);
  });
  const rounds = model.get("iteration_indptr");
  if (rounds !== undefined) {
    const starts = numbers(rounds, "iteration_indptr");
    need(starts.length > 0 && starts.at(0) === 0, "iteration_indptr does not begin at 0");
    for (let round = 1; round < starts.length; round += 1)
      need(starts.at(round) >= starts.at(round - 1), `iteration_indptr falls at round ${round}`);
    need(starts.at(starts.length - 1) === trees.length, "iteration_indptr does not end at the last tree");
  }
  return trees.length;
}

function checkTree(tree: Fields, what: string, features: number): void {
  const parameters = fields(tree.get("tree_param"), `${what}: tree_param`);
  const leafSize = count(parameters.get("size_leaf_vector") ?? "1", `${what}: size_leaf_vector`, 0, MOST_FEATURES);
  if (leafSize > 1)
    throw new SlipwayError(
      "INPUT_INVALID",
      "Slipway cannot score XGBoost models with vector leaves (multi_output_tree).",
    );
  const left = numbers(tree.get("left_children"), `${what}: left_children`);
  const nodes = left.length;
  count(parameters.get("num_nodes"), `${what}: num_nodes`, Math.max(1, nodes), nodes);
  const sized = (name: string): Numbers => numbers(tree.get(name), `${what}: ${name}`, nodes);
  const right = sized("right_children");
  const splits = sized("split_indices");
  const parents = sized("parents");
  for (const name of ["split_conditions", "default_left", "base_weights", "loss_changes", "sum_hessian"]) sized(name);
  const categorical = tree.has("split_type") ? checkCategories(tree, what, sized("split_type")) : new Set<number>();

  need(parents.at(0) === -1 || parents.at(0) === NO_PARENT, `${what}: the root has the parent ${parents.at(0)}`);
  for (let node = 1; node < nodes; node += 1)
    need(parents.at(node) >= 0 && parents.at(node) < nodes, `${what}: node ${node} has the parent ${parents.at(node)}`);

  // Walked from the root, as a prediction walks: a node met twice would be a loop.
  const met = new Uint8Array(nodes);
  const open = [0];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    need(met[node] === 0, `${what} reaches node ${node} twice`);
    met[node] = 1;
    if (left.at(node) === -1) {
      need(right.at(node) === -1 && !categorical.has(node), `${what}: node ${node} is a leaf and a split`);
      continue;
    }
    const split = splits.at(node);
    need(split >= 0 && split < features, `${what}: node ${node} splits on feature ${split} of ${features}`);
    for (const child of [left.at(node), right.at(node)]) {
      need(
        Number.isInteger(child) && child > 0 && child < nodes,
        `${what}: node ${node} leads to ${child} of ${nodes}`,
      );
      need(parents.at(child) === node, `${what}: node ${child} has another parent than ${node}`);
      open.push(child);
    }
  }
}

/** The nodes that split on categories; each must own a piece of the list of categories. */
function checkCategories(tree: Fields, what: string, types: Numbers): ReadonlySet<number> {
  const owners = numbers(tree.get("categories_nodes"), `${what}: categories_nodes`);
  const starts = numbers(tree.get("categories_segments"), `${what}: categories_segments`, owners.length);
  const sizes = numbers(tree.get("categories_sizes"), `${what}: categories_sizes`, owners.length);
  const codes = numbers(tree.get("categories"), `${what}: categories`);
  const found = new Set<number>();
  let marked = 0;
  for (let node = 0; node < types.length; node += 1) marked += types.at(node) === 0 ? 0 : 1;
  for (let place = 0; place < owners.length; place += 1) {
    const owner = owners.at(place);
    need(place === 0 || owner > owners.at(place - 1), `${what}: categories_nodes is out of order`);
    need(owner >= 0 && owner < types.length && types.at(owner) === 1, `${what}: node ${owner} has categories`);
    const start = starts.at(place);
    const size = sizes.at(place);
    need(
      start >= 0 && size >= 1 && start + size <= codes.length,
      `${what}: node ${owner} has categories outside the list`,
    );
    found.add(owner);
  }
  need(marked === found.size, `${what}: a node that splits on categories has none`);
  for (let place = 0; place < codes.length; place += 1)
    need(codes.at(place) >= 0 && codes.at(place) < MOST_CATEGORIES, `${what}: the category ${codes.at(place)}`);
  return found;
}
