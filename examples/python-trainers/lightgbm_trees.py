"""LightGBM: `trainer: python({ script: "lightgbm_trees.py", parameters: { rounds: 200, leaves: 31 } })`.

Needs: pip install pyarrow lightgbm onnxmltools
"""

import lightgbm as lgb
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from slipway_job import job

X, y = job.matrix("train")
validate = job.matrix("validate")
sets = [lgb.Dataset(*validate)] if validate is not None else []


def tell(env):
    for _, metric, value, _ in env.evaluation_result_list:
        job.step(env.iteration + 1, {f"validate-{metric}": value})


booster = lgb.train(
    {
        "objective": "binary",
        "num_leaves": int(job.parameters.get("leaves", 31)),
        "seed": job.seed,
        "deterministic": True,
        "num_threads": job.threads,
        "verbosity": -1,
    },
    lgb.Dataset(X, y),
    num_boost_round=int(job.parameters.get("rounds", 200)),
    valid_sets=sets,
    callbacks=[tell] + ([lgb.early_stopping(20, verbose=False)] if sets else []),
)
best = booster.best_iteration if booster.best_iteration > 0 else booster.num_trees()
trimmed = lgb.Booster(model_str=booster.model_to_string(num_iteration=best))
onnx = convert_lightgbm(trimmed, initial_types=[("input", FloatTensorType([None, len(job.names)]))], zipmap=False)
gains = zip(job.names, booster.feature_importance("gain", iteration=best))
job.save_onnx(onnx, scores=trimmed.predict(job.sample()), importance={name: gain for name, gain in gains if gain > 0})
