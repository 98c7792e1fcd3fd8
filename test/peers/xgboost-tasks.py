"""Trains what it is told by XGBoost's own Python package, from files of float32 rows. usage: python xgboost-tasks.py FOLDER < cases.json"""
import json, sys
import numpy as np, xgboost as xgb

folder = sys.argv[1]
read = lambda name: np.fromfile(f"{folder}/{name}", dtype=np.float32)
matrix = read("matrix").reshape(-1, 3)
for case in json.load(sys.stdin):
    columns = {name: read(f"{case['name']}.{name}") for name in case["columns"]}
    given = matrix.copy()
    if "base_margin" in columns:
        # What a score begins with is nothing to split on.
        given[:, 0] = np.nan
    data = xgb.QuantileDMatrix(
        given, **{k: v.astype(np.uint32) if k == "qid" else v for k, v in columns.items()},
        feature_names=["noise", "color", "signal"], feature_types=["float", "c", "float"], enable_categorical=True, nthread=1,
        max_bin=case["parameters"].get("max_bin", 256))
    booster = xgb.train({**case["parameters"], "seed": 7, "nthread": 1}, data, 12)
    if "base_margin" in columns:
        booster.set_attr(slipway_base_margin="noise")
        booster.predict(data).astype(np.float32).tofile(f"{folder}/{case['name']}.scores")
    open(f"{folder}/{case['name']}.ubj", "wb").write(booster.save_raw("ubj"))
