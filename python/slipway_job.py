"""The Python side of Slipway's Python trainer: reads the job, tells of steps, and leaves the model where it is looked for.

    from slipway_job import job
    X, y = job.matrix("train")
    model = fit(X, y, **job.parameters)
    job.step(1, {"validate-logloss": 0.43})
    job.save_onnx(to_onnx(model), scores=model.predict_proba(job.sample())[:, 1])

Everything here is a convenience: docs/training-python.md says which files a script may read and write by itself.
"""

import json
import os
import sys
import threading


class Job:
    """One training job, as the file that SLIPWAY_JOB names describes it."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.description = json.load(file)
        self.parameters = self.description["parameters"]
        self.inputs = self.description["inputs"]
        self.names = [each["name"] for each in self.inputs]
        self.task = self.description["task"]
        self.classes = self.description.get("classes")
        self.seed = self.description["seed"]
        self.threads = self.description["threads"]
        self._last = None

    def table(self, part):
        """The rows of "train", "validate" or "sample" as a pyarrow Table; None where the job has no such rows."""
        import pyarrow as pa

        path = self.description["files"].get(part)
        if path is None:
            return None
        with pa.memory_map(path) as source:
            return pa.ipc.open_stream(source).read_all()

    def matrix(self, part):
        """The rows as (X, y): float32 of shape (rows, inputs) with NaN for what is missing and codes for categories, and float64 labels."""
        import numpy as np

        table = self.table(part)
        if table is None:
            return None
        X = np.empty((table.num_rows, len(self.names)), dtype=np.float32)
        for place, name in enumerate(self.names):
            X[:, place] = table.column(name).to_numpy()
        return X, table.column(self.description["label"]).to_numpy()

    def weights(self, part):
        """What each row counts, as float64; None where all count the same."""
        name = self.description["weight"]
        return None if name is None else self.table(part).column(name).to_numpy()

    def sample(self):
        """The rows whose scores are compared with those of the saved model: float32 of shape (rows, inputs)."""
        return self.matrix("sample")[0]

    def frame(self, part):
        """The rows as a pandas DataFrame: categories under their names, and the column "label"."""
        import numpy as np
        import pandas as pd

        table = self.table(part)
        if table is None:
            return None
        frame = table.to_pandas()
        for each in self.inputs:
            if each["kind"] == "category":
                codes = np.nan_to_num(frame[each["name"]].to_numpy(), nan=-1).astype(np.int32)
                frame[each["name"]] = pd.Categorical.from_codes(codes, each["categories"])
        return frame

    def step(self, number, metrics):
        """Tells of a finished round or epoch, counted from 1, with metrics such as {"validate-logloss": 0.43}."""
        line = json.dumps({"step": int(number), "metrics": {name: float(value) for name, value in metrics.items()}})
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def save_onnx(self, model, scores, importance=None):
        """Leaves an ONNX model (bytes, or what has SerializeToString) and the scores that the framework gives the sample."""
        data = model if isinstance(model, bytes) else model.SerializeToString()
        with open(os.path.join(self.description["output"], "model.onnx"), "wb") as file:
            file.write(data)
        self._result(scores, importance)

    def save_xgboost(self, booster, scores, importance=None):
        """Leaves an XGBoost booster (or a scikit-learn estimator of it) and the scores that it gives the sample."""
        booster = booster.get_booster() if hasattr(booster, "get_booster") else booster
        booster.save_model(os.path.join(self.description["output"], "model.ubj"))
        try:
            best_round = booster.best_iteration + 1
        except AttributeError:
            best_round = booster.num_boosted_rounds()
        self._result(scores, importance, best_round)

    def _result(self, scores, importance, best_round=None):
        flat = [float(value) for row in scores for value in (row if hasattr(row, "__len__") else [row])]
        result = {"scores": flat}
        if best_round is not None:
            result["best_round"] = best_round
        if importance is not None:
            result["importance"] = {name: float(value) for name, value in dict(importance).items()}
        with open(os.path.join(self.description["output"], "result.json"), "w", encoding="utf-8") as file:
            json.dump(result, file)


def _end_with_parent():
    """Standard input closes when whoever started the job is gone, even if it was killed; nobody wants the model then."""
    def wait():
        # Not through sys.stdin, whose lock an interpreter that ends must have.
        while os.read(0, 4096):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


if "SLIPWAY_JOB" not in os.environ:
    raise RuntimeError("SLIPWAY_JOB is not set: this script is started by `slipway train`, with `trainer: python({ script })` in the model.")
_end_with_parent()
job = Job(os.environ["SLIPWAY_JOB"])
