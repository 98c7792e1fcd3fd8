// The names XGBoost understands. The library itself only prints a warning about an unknown one, and trains without it.

import { nearestName, SlipwayError } from "../../core/core.ts";

/** Every parameter of XGBoost 1.7 to 3.4 that says how trees are fitted, by its own names. */
export const knownParameters: readonly string[] = [
  ...["booster", "device", "verbosity", "validate_parameters", "disable_default_eval_metric"],
  ...["objective", "base_score", "eval_metric", "seed_per_iteration", "num_class", "multi_strategy"],
  ...["eta", "learning_rate", "gamma", "min_split_loss", "max_depth", "max_leaves", "max_bin", "min_child_weight"],
  ...["max_delta_step", "subsample", "sampling_method", "colsample_bytree", "colsample_bylevel", "colsample_bynode"],
  ...["lambda", "reg_lambda", "alpha", "reg_alpha", "scale_pos_weight", "tree_method", "grow_policy", "updater"],
  ...["refresh_leaf", "process_type", "num_parallel_tree", "monotone_constraints", "interaction_constraints"],
  ...["max_cat_to_onehot", "max_cat_threshold", "max_cached_hist_node", "extmem_single_page", "sketch_ratio"],
  ...["sample_type", "normalize_type", "rate_drop", "one_drop", "skip_drop"],
  ...["tweedie_variance_power", "huber_slope", "quantile_alpha", "expectile_alpha"],
  ...["aft_loss_distribution", "aft_loss_distribution_scale"],
  ...["lambdarank_pair_method", "lambdarank_num_pair_per_sample", "lambdarank_normalization"],
  ...["lambdarank_score_normalization", "lambdarank_unbiased", "lambdarank_bias_norm", "ndcg_exp_gain"],
];

const unsupported: Readonly<Record<string, string>> = { booster: "gblinear", multi_strategy: "multi_output_tree" };

const carriedByJob: Readonly<Record<string, string>> = {
  seed: "seed",
  random_state: "seed",
  nthread: "threads",
  n_jobs: "threads",
  num_boost_round: "rounds",
  n_estimators: "rounds",
  num_round: "rounds",
  early_stopping_rounds: "earlyStoppingRounds",
};

/**
 * Parameters as the name and value pairs XGBoost takes, or INPUT_INVALID for a name it does not know. `eval_metric` may list
 * several metrics with commas between; the last one decides early stopping.
 */
export function parameterPairs(
  parameters: Readonly<Record<string, string | number | boolean>>,
): readonly (readonly [string, string])[] {
  return Object.entries(parameters).flatMap(([name, value]): readonly (readonly [string, string])[] => {
    refuseUnknown(name);
    if (typeof value === "number" && !Number.isFinite(value))
      throw new SlipwayError("INPUT_INVALID", `The XGBoost parameter ${name} is ${value}; give a finite number.`);
    if (Object.hasOwn(unsupported, name) && unsupported[name] === value)
      throw new SlipwayError(
        "INPUT_INVALID",
        `Slipway does not fit XGBoost models with ${name} "${value}"; leave it out.`,
      );
    const text = typeof value === "boolean" ? (value ? "1" : "0") : String(value);
    if (name !== "eval_metric") return [[name, text]];
    return text.split(",").map((metric) => [name, metric.trim()] as const);
  });
}

function refuseUnknown(name: string): void {
  if (knownParameters.includes(name)) return;
  const field = Object.hasOwn(carriedByJob, name) ? carriedByJob[name] : undefined;
  const advice = field
    ? `The job's own field \`${field}\` says that; leave ${name} out of the parameters.`
    : `Did you mean "${nearestName(name, knownParameters)}"? See XGBoost's list of parameters.`;
  throw new SlipwayError("INPUT_INVALID", `XGBoost has no parameter "${name}" here. ${advice}`, {
    details: { parameter: name },
  });
}
