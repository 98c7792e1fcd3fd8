"""Goes on from models by XGBoost's own Python package, from files of float32 rows. usage: python xgboost-continuation.py FOLDER < cases.json"""
import json, sys
import numpy as np, xgboost as xgb

folder = sys.argv[1]
names, types = ["noise", "color", "signal"], ["float", "c", "float"]


def rows(case, part):
    read = lambda name: np.fromfile(f"{folder}/{case['name']}.{part}.{name}", dtype=np.float32)
    matrix = np.fromfile(f"{folder}/{part}.matrix", dtype=np.float32).reshape(-1, 3)
    columns = {name: read(name) for name in case["columns"]}
    columns = {k: v.astype(np.uint32) if k == "qid" else v for k, v in columns.items()}
    return matrix, dict(columns, feature_names=names, feature_types=types, enable_categorical=True, nthread=1)


def binned(case, part, **more):
    matrix, columns = rows(case, part)
    return xgb.QuantileDMatrix(matrix, **columns, **more)


for case in json.load(sys.stdin):
    parameters = {**case["parameters"], "seed": 7, "nthread": 1}
    stopping = dict(early_stopping_rounds=3) if case["stops"] else {}

    def fit(part, model=None, given=parameters):
        train = binned(case, part)
        evals = [(train, "train")] + ([(binned(case, "validate", ref=train), "validate")] if case["stops"] else [])
        return xgb.train(given, train, case["rounds"], evals=evals, xgb_model=model, verbose_eval=False, **stopping)

    first = fit("old")
    open(f"{folder}/{case['name']}.first", "wb").write(first.save_raw("ubj"))
    # Another process goes on from what was saved, not from what this one remembers.
    kept = xgb.Booster(model_file=bytearray(first.save_raw("ubj")))
    if case["stops"]:
        kept = kept[: first.best_iteration + 1]
    path = f"{folder}/{case['name']}.kept.ubj"
    kept.save_model(path)
    more = fit("new", path)
    if not case["stops"]:
        more.set_attr(best_iteration=None, best_score=None)
    open(f"{folder}/{case['name']}.more", "wb").write(more.save_raw("ubj"))
    if case["refreshes"]:
        matrix, columns = rows(case, "new")
        refreshed = xgb.train({**parameters, "process_type": "update", "updater": "refresh", "refresh_leaf": True},
                              xgb.DMatrix(matrix, **columns), kept.num_boosted_rounds(), xgb_model=path)
        refreshed.set_attr(best_iteration=None, best_score=None)
        open(f"{folder}/{case['name']}.refreshed", "wb").write(refreshed.save_raw("ubj"))
