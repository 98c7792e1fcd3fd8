"""Writes scikit-learn.fixture.json: what models said and what came, and how scikit-learn calibrates them.

Run with any Python that has scikit-learn >= 1.6:
    python src/training/calibration/scikit-learn.fixture.py > src/training/calibration/scikit-learn.fixture.json
"""
import json

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, _sigmoid_calibration
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression

rng = np.random.default_rng(11)


def log_odds(p):
    p = p.astype(np.float64)
    return np.clip(np.log(p / (1 - p)), -17, 17)


class Said(ClassifierMixin, BaseEstimator):
    """A classifier that says what is in the rows themselves."""

    def __init__(self, classes=2, margin=True):
        self.classes = classes
        self.margin = margin

    def fit(self, x, y):
        self.classes_ = np.arange(self.classes)
        return self

    def __sklearn_is_fitted__(self):
        return True

    def decision_function(self, x):
        if not self.margin:
            raise AttributeError
        return log_odds(x[:, 1] if self.classes == 2 else x)

    def predict(self, x):
        return x.argmax(1)

    def predict_proba(self, x):
        return x

    def __getattribute__(self, name):
        if name == "decision_function" and not object.__getattribute__(self, "margin"):
            raise AttributeError(name)
        return object.__getattribute__(self, name)


def calibrated(x, y, classes, method):
    said = Said(classes, margin=method == "sigmoid").fit(x, y)
    said.classes_ = np.arange(classes)
    return CalibratedClassifierCV(FrozenEstimator(said), method=method, cv=5).fit(x, y).predict_proba(x)


out = {"binary": [], "multiclass": []}
for case in range(3):
    rows = [60, 200, 400][case]
    p = np.clip(rng.beta(1.2, 2, rows), 1e-6, 1 - 1e-6)
    if case == 0:
        p = np.round(p, 1).clip(0.05, 0.95)
    p = p.astype(np.float32)
    truth = 1 / (1 + np.exp(-(0.5 * log_odds(p) - 0.4)))
    y = (rng.random(rows) < truth).astype(int)
    a, b = _sigmoid_calibration(log_odds(p), y)
    iso = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p.astype(np.float64), y)
    grid = np.concatenate([p.astype(np.float64), np.linspace(0, 1, 41)])
    out["binary"].append({
        "scores": [float(v) for v in p],
        "labels": y.tolist(),
        "platt": {"slope": -a, "intercept": -b},
        "isotonic": {"at": grid.tolist(), "is": iso.predict(grid).tolist()},
    })
for case in range(2):
    rows, classes = 150, 3
    x = rng.dirichlet([1.5, 1, 0.7], rows).clip(1e-4, None)
    x = (x / x.sum(1, keepdims=True)).astype(np.float32)
    y = np.array([rng.choice(classes, p=(r**0.6) / (r**0.6).sum()) for r in x.astype(np.float64)])
    out["multiclass"].append({
        "scores": [float(v) for v in x.ravel()],
        "labels": y.tolist(),
        "classes": classes,
        "sigmoid": calibrated(x, y, classes, "sigmoid").ravel().tolist(),
        "isotonic": calibrated(x.astype(np.float64), y, classes, "isotonic").ravel().tolist(),
    })
print(json.dumps(out))
