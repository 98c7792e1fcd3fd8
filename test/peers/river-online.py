"""Learns online with river from a file of float32 rows: usage: python river-online.py FOLDER COLUMNS. Prints what it learnt and how it did.

Before each row, FTRL's weights are computed once more with gradients of 0, as `current`: river computes them before it takes a gradient in, so that
by itself (`river`) it answers with the weights of one row ago, where the paper's algorithm answers with those of now."""
import json, math, sys
import numpy as np
from river import linear_model, optim

folder, columns = sys.argv[1], int(sys.argv[2])
rows = np.fromfile(f"{folder}/matrix", dtype=np.float32).reshape(-1, columns).astype(float)
labels = np.fromfile(f"{folder}/labels", dtype=np.float32)
optimizers = {"ftrl": lambda: optim.FTRLProximal(alpha=0.2, beta=1.0, l1=0.0, l2=0.0), "adagrad": lambda: optim.AdaGrad(lr=0.2, eps=1e-8)}
told = {}
for name, make in optimizers.items():
    for way in ("current", "river"):
        model = linear_model.LogisticRegression(make(), intercept_lr=0)
        loss = 0.0
        for row, label in zip(rows, labels):
            # What is missing is left out; the intercept is a feature, so that its rate adapts too.
            x = {i: v for i, v in enumerate(row) if not math.isnan(v)} | {columns: 1.0}
            if name == "ftrl" and way == "current":
                saved = model._enter_learn_mode(x)
                model.optimizer._step_with_dict(model._weights, dict.fromkeys(x, 0.0))
                model._exit_learn_mode(saved)
            p = min(max(model.predict_proba_one(x)[True], 1e-15), 1 - 1e-15)
            loss -= math.log(p if label else 1 - p)
            model.learn_one(x, bool(label))
        if name == "ftrl":
            model.optimizer._step_with_dict(model._weights, dict.fromkeys(range(columns + 1), 0.0))
        told[f"{name} {way}"] = {"loss": loss / len(rows), "weights": [model.weights.get(i, 0.0) for i in range(columns + 1)]}
print(json.dumps(told))
