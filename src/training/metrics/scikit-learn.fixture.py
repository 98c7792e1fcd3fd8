"""Writes scikit-learn.fixture.json: small rows with ties, weights and skew, and what scikit-learn says of them.

Run with any Python that has scikit-learn >= 1.5:
    python src/training/metrics/scikit-learn.fixture.py > src/training/metrics/scikit-learn.fixture.json
With numbers as arguments (seed, cases, rows) it writes other random cases, for the suite of peers.
"""
import json
import sys
import warnings

import numpy as np
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression

warnings.filterwarnings("ignore")
seed, cases, rows = (int(each) for each in (sys.argv[1:4] if len(sys.argv) > 3 else (7, 4, 24)))
rng = np.random.default_rng(seed)


def numbers(values):
    return [None if np.isnan(v) else float(v) for v in values]


def binary(case):
    y = (rng.random(rows) < [0.5, 0.2, 0.8, 0.35][case % 4]).astype(int)
    y[:2] = [0, 1]
    digits = [1, 2, 6, 3][case % 4]
    p = np.clip(np.round(0.6 * rng.random(rows) + 0.35 * y, digits), 0.01, 0.99)
    w = None if case % 2 == 0 else np.round(rng.gamma(2, 1, rows), 3)
    d = (p >= 0.5).astype(int)
    k = dict(sample_weight=w)
    fpr, tpr, _ = sk.roc_curve(y, p, **k)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(p, y, w)
    out = {
        "auc": sk.roc_auc_score(y, p, **k),
        "averagePrecision": sk.average_precision_score(y, p, **k),
        "ks": float(np.max(np.abs(tpr - fpr))),
        "logLoss": sk.log_loss(y, p, **k),
        "brier": sk.brier_score_loss(y, p, **k),
        "accuracy": sk.accuracy_score(y, d, **k),
        "balancedAccuracy": sk.balanced_accuracy_score(y, d, **k),
        "precision": sk.precision_score(y, d, zero_division=np.nan, **k),
        "recall": sk.recall_score(y, d, zero_division=np.nan, **k),
        "f1": sk.f1_score(y, d, zero_division=np.nan, **k),
        "mcc": sk.matthews_corrcoef(y, d, **k),
        "isotonic": numbers(isotonic.predict(p)),
    }
    if w is None:
        observed, foretold = calibration_curve(y, p, n_bins=10)
        counts = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], p), minlength=10)
        counts = counts[counts > 0]
        out["ece"] = float(np.sum(counts * np.abs(observed - foretold)) / rows)
    return {"labels": y.tolist(), "scores": p.tolist(), "weights": None if w is None else w.tolist(), "expected": out}


def regression(case):
    y = np.round(rng.gamma(1.5, 4, rows), 2) + 0.01
    p = np.round(np.maximum(y + rng.normal(0, 2, rows), 0.05), 3)
    w = None if case % 2 == 0 else np.round(rng.gamma(2, 1, rows), 3)
    k = dict(sample_weight=w)
    return {
        "labels": y.tolist(), "scores": p.tolist(), "weights": None if w is None else w.tolist(),
        "expected": {
            "mae": sk.mean_absolute_error(y, p, **k),
            "rmse": sk.root_mean_squared_error(y, p, **k),
            "mape": sk.mean_absolute_percentage_error(y, p, **k),
            "pinball": sk.mean_pinball_loss(y, p, alpha=0.9, **k),
            "r2": sk.r2_score(y, p, **k),
            "poisson": sk.mean_poisson_deviance(y, p, **k),
            "gamma": sk.mean_gamma_deviance(y, p, **k),
            "tweedie": sk.mean_tweedie_deviance(y, p, power=1.5, **k),
            "tweedieBelow": sk.mean_tweedie_deviance(y, p, power=-1, **k),
            "squared": sk.mean_tweedie_deviance(y, p, power=0, **k),
        },
    }


def ranking(case):
    starts, y, p = [0], [], []
    for _ in range(4):
        size = int(rng.integers(3, 9))
        own = rng.integers(0, 4, size)
        own[0] = 2
        y.append(own)
        p.append(np.round(rng.random(size), 1 if case % 2 == 0 else 6))
        starts.append(starts[-1] + size)
    mean = lambda f: float(np.mean([f(a, b) for a, b in zip(y, p)]))
    out = {
        "ndcg3": mean(lambda a, b: sk.ndcg_score([a], [b], k=3)),
        "ndcgAll": mean(lambda a, b: sk.ndcg_score([a], [b])),
        "ndcgExponential5": mean(lambda a, b: sk.ndcg_score([2.0**a - 1], [b], k=5)),
    }
    if case % 2 == 1:
        out["mapAll"] = mean(lambda a, b: sk.average_precision_score(a > 0, b))
    return {"starts": starts, "labels": np.concatenate(y).tolist(), "scores": np.concatenate(p).tolist(), "expected": out}


def multiclass(case):
    classes = 3 + case % 2
    y = rng.integers(0, classes, rows)
    y[:classes] = range(classes)
    raw = np.round(rng.random((rows, classes)) + 0.7 * np.eye(classes)[y], 2) + 0.01
    p = raw / raw.sum(axis=1, keepdims=True)
    w = None if case % 2 == 0 else np.round(rng.gamma(2, 1, rows), 3)
    k = dict(sample_weight=w)
    d = p.argmax(axis=1)
    out = {"accuracy": sk.accuracy_score(y, d, **k), "logLoss": sk.log_loss(y, p, **k)}
    for average in ("macro", "micro", "weighted"):
        a, b, c, _ = sk.precision_recall_fscore_support(y, d, average=average, **k)
        out[average] = {"precision": a, "recall": b, "f1": c}
    for average in ("macro", "weighted"):
        out[average + "Auc"] = sk.roc_auc_score(y, p, multi_class="ovr", average=average, **k)
    return {"classes": classes, "labels": y.tolist(), "scores": p.ravel().tolist(),
            "weights": None if w is None else w.tolist(), "expected": out}


families = {f.__name__: [f(case) for case in range(cases)] for f in (binary, regression, ranking, multiclass)}
print(json.dumps(families, separators=(",", ":")))
