"""Curves of real trainings: random XGBoost parameters on four tables, the loss on held-out rows after each round. JSON on stdout. Usage: python curves.py CONFIGS ROUNDS"""
import json
import sys

import numpy
import xgboost
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification
from sklearn.model_selection import train_test_split

configs, rounds = int(sys.argv[1]), int(sys.argv[2])
tables = {
    "cancer": (*load_breast_cancer(return_X_y=True), "binary:logistic", "logloss"),
    "digits": (load_digits().data, load_digits().target % 2, "binary:logistic", "logloss"),
    "diabetes": (*load_diabetes(return_X_y=True), "reg:squarederror", "rmse"),
    "made up": (
        *make_classification(4000, 30, n_informative=8, flip_y=0.15, random_state=1),
        "binary:logistic",
        "logloss",
    ),
}
out = {}
for name, (x, y, objective, metric) in tables.items():
    draw = numpy.random.default_rng(7)
    x_train, x_held, y_train, y_held = train_test_split(x, y, test_size=0.4, random_state=3)
    train, held = xgboost.DMatrix(x_train, y_train), xgboost.DMatrix(x_held, y_held)
    curves = []
    for _ in range(configs):
        params = {
            "objective": objective,
            "eval_metric": metric,
            "nthread": 1,
            "eta": float(10 ** draw.uniform(-2, -0.3)),
            "max_depth": int(draw.integers(2, 11)),
            "min_child_weight": float(10 ** draw.uniform(-1, 2)),
            "subsample": float(draw.uniform(0.4, 1)),
            "colsample_bytree": float(draw.uniform(0.3, 1)),
            "lambda": float(10 ** draw.uniform(-2, 2)),
        }
        seen = {}
        xgboost.train(params, train, rounds, evals=[(held, "held")], evals_result=seen, verbose_eval=False)
        curves.append([round(value, 6) for value in seen["held"][metric]])
    out[name] = curves
print(json.dumps(out))
