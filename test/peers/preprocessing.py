# scikit-learn's answers to preprocessing.test.ts, and ONNX Runtime's scores of what Slipway wrote. Reads one JSON document, prints one.
import json
import math
import sys

import numpy as np


def column(values):
    return np.array([math.nan if value is None else value for value in values], dtype=float).reshape(-1, 1)


def listed(matrix):
    cells = np.asarray(matrix, dtype=float)
    return [[None if math.isnan(cell) else cell for cell in row] for row in cells.reshape(len(cells), -1)]


def preprocessing(asked):
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler, TargetEncoder
    from sklearn.utils import murmurhash3_32

    amount, whole = column(asked["amount"]), column(asked["whole"])
    city = np.array(asked["city"], dtype=object).reshape(-1, 1)
    folds = np.array(asked["folds"])
    median = SimpleImputer(strategy="median")
    bins = KBinsDiscretizer(7, encode="ordinal", strategy="quantile", quantile_method="linear", subsample=None)
    found = {
        "standardize": StandardScaler().fit_transform(amount),
        "robust": make_pipeline(median, RobustScaler()).fit_transform(amount),
        "minMax": MinMaxScaler().fit_transform(amount),
        "mean": SimpleImputer(strategy="mean").fit_transform(amount),
        "mostFrequent": SimpleImputer(strategy="most_frequent").fit_transform(whole),
        "bins": bins.fit_transform(whole_filled := median.fit_transform(whole)),
        "oneHot": OneHotEncoder(sparse_output=False).fit_transform(city),
        "rare": OneHotEncoder(sparse_output=False, max_categories=4).fit_transform(city),
        "grams": HashingVectorizer(
            analyzer="char", ngram_range=(3, 3), n_features=32, alternate_sign=False, norm=None, lowercase=False
        ).transform(asked["text"]).toarray(),
        "hash": np.array([[abs(murmurhash3_32(text)) % 50] for text in asked["text"]]),
    }
    for name, kind, smooth in [
        ("binary", "binary", "auto"),
        ("continuous", "continuous", "auto"),
        ("smoothed", "continuous", 5.0),
        ("multiclass", "multiclass", "auto"),
    ]:
        label = np.array(asked[kind])
        encoder = lambda: TargetEncoder(smooth=smooth, target_type=kind)  # noqa: E731
        found["target " + name] = encoder().fit(city, label).transform(city)
        parts = [encoder().fit(city[folds != fold], label[folds != fold]).transform(city) for fold in range(int(folds.max()) + 1)]
        found["folds " + name] = np.array([parts[fold][row] for row, fold in enumerate(folds)])
    return {name: listed(matrix) for name, matrix in found.items()}


def linear(asked):
    from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

    matrix = np.array(asked["matrix"])
    label, chance, weights = np.array(asked["continuous"]), np.array(asked["binary"]), np.array(asked["weights"])
    count, strength = len(matrix), asked["strength"]
    told = lambda model: [float(np.ravel(model.intercept_)[0]), *map(float, np.ravel(model.coef_))]  # noqa: E731
    exact = {"tol": 1e-13, "max_iter": 1_000_000}
    logistic = {"solver": "newton-cholesky", "tol": 1e-13, "max_iter": 10_000}
    return {
        "none": told(LinearRegression().fit(matrix, label)),
        "ridge": told(Ridge(alpha=count * strength, solver="cholesky").fit(matrix, label)),
        "weighted ridge": told(Ridge(alpha=weights.sum() * strength, solver="cholesky").fit(matrix, label, weights)),
        "lasso": told(Lasso(alpha=strength, **exact).fit(matrix, label)),
        "elasticNet": told(ElasticNet(alpha=strength, l1_ratio=0.3, **exact).fit(matrix, label)),
        "logistic ridge": told(LogisticRegression(C=1 / (count * strength), **logistic).fit(matrix, chance)),
        "weighted logistic ridge": told(
            LogisticRegression(C=1 / (weights.sum() * strength), **logistic).fit(matrix, chance, weights)
        ),
        "logistic none": told(LogisticRegression(C=np.inf, **logistic).fit(matrix, chance)),
        "logistic elasticNet": told(
            LogisticRegression(
                l1_ratio=0.3, C=1 / (count * strength), solver="saga", tol=1e-12, max_iter=200_000
            ).fit(matrix, chance)
        ),
    }


def onnx(asked):
    import onnxruntime

    session = onnxruntime.InferenceSession(asked["file"], providers=["CPUExecutionProvider"])
    types = {"double": float, "int64": np.int64, "string": object}
    fed = {}
    for each in asked["inputs"]:
        values = each["values"]
        if each["type"] == "double":
            values = [math.nan if value is None else value for value in values]
        elif each["type"] == "int64":
            values = [int(value) for value in values]
        fed[each["name"]] = np.array(values, dtype=types[each["type"]]).reshape(-1, 1)
    return {"score": [float(score) for score in np.ravel(session.run(["score"], fed)[0])]}


question = json.load(sys.stdin)
answers = {"preprocessing": preprocessing, "linear": linear, "onnx": onnx}
json.dump(answers[question["what"]](question), sys.stdout)
