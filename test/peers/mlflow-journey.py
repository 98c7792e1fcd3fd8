# What a data scientist does with MLflow's client, step by step, each with what must come of it.
# Usage: mlflow-journey.py TRACKING_URI

import os
import subprocess
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = str(4 << 20)
os.environ["MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE"] = str(5 << 20)

import mlflow
import numpy as np
import pandas as pd
import xgboost as xgb
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
X, y = make_classification(400, 5, random_state=0)


def refused(code, work):
    try:
        work()
    except MlflowException as problem:
        assert problem.error_code == code, (problem.error_code, str(problem))
        return
    raise AssertionError(f"nothing was refused, and {code} was expected")


# Runs, nested, with everything that can be logged.
mlflow.set_experiment("exp one")
with mlflow.start_run(run_name="first") as run:
    mlflow.log_param("a", 1)
    mlflow.log_params({"b": 2, "c": "x y"})
    for step in range(20):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metrics({"acc": 0.9, "nan": float("nan"), "inf": float("inf"), "größe": 2})
    mlflow.set_tags({"t": "v", "u": "w"})
    mlflow.log_text("hello", "notes/h.txt")
    mlflow.log_dict({"x": 1}, "d.json")
    mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame(X), source="s", name="ds"), context="training")
    refused("INVALID_PARAMETER_VALUE", lambda: mlflow.log_param("a", 2))
    with mlflow.start_run(nested=True) as child:
        mlflow.log_metric("m", 1)
run_id, experiment = run.info.run_id, run.info.experiment_id
found = client.get_run(run_id)
assert found.data.params == {"a": "1", "b": "2", "c": "x y"}
assert found.info.status == "FINISHED" and found.info.run_name == "first"
assert np.isnan(found.data.metrics["nan"]) and np.isinf(found.data.metrics["inf"])
assert found.inputs.dataset_inputs[0].dataset.name == "ds"
assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == run_id
history = client.get_metric_history(run_id, "loss")
assert [point.step for point in history] == list(range(20)) and history[19].value == 1 / 20
client.delete_tag(run_id, "u")
assert "u" not in client.get_run(run_id).data.tags

# Artifacts, one of them in parts.
assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/h.txt") == "hello"
assert [file.path for file in client.list_artifacts(run_id)] == ["d.json", "notes"]
assert [file.path for file in client.list_artifacts(run_id, "notes")] == ["notes/h.txt"]
with tempfile.TemporaryDirectory() as folder:
    big = os.path.join(folder, "big.bin")
    with open(big, "wb") as file:
        file.write(os.urandom(17 << 20))
    client.log_artifact(run_id, big, "deep/er")
    copy = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/deep/er/big.bin", dst_path=os.path.join(folder, "copy"))
    assert open(copy, "rb").read() == open(big, "rb").read()

# Searching.
frame = mlflow.search_runs(experiment_names=["exp one"])
assert len(frame) == 2 and "metrics.acc" in frame.columns
filter_string = "metrics.acc > 0.5 and metrics.größe = 2 and params.c = 'x y' and tags.t LIKE 'v%' and dataset.name = 'ds'"
assert list(mlflow.search_runs([experiment], filter_string).run_id) == [run_id]
assert list(mlflow.search_runs([experiment], order_by=["metrics.acc DESC"]).run_id) == [run_id, child.info.run_id]
refused("INVALID_PARAMETER_VALUE", lambda: mlflow.search_runs([experiment], "metrics.acc > 'x'"))
pages = client.search_runs([experiment], max_results=1)
assert len(client.search_runs([experiment], max_results=1, page_token=pages.token)) == 1

# Autologging.
mlflow.sklearn.autolog()
with mlflow.start_run() as auto:
    LogisticRegression().fit(X, y)
mlflow.sklearn.autolog(disable=True)
assert "training_score" in client.get_run(auto.info.run_id).data.metrics
mlflow.xgboost.autolog()
with mlflow.start_run() as auto:
    booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(X, label=y), 5, evals=[(xgb.DMatrix(X, label=y), "train")])
mlflow.xgboost.autolog(disable=True)
assert len(client.get_metric_history(auto.info.run_id, "train-logloss")) >= 5

# Models: logged, registered, found by alias and by stage, loaded again.
with mlflow.start_run() as run:
    info = mlflow.xgboost.log_model(booster, name="credit", input_example=X[:2], registered_model_name="credit")
    other = mlflow.sklearn.log_model(LogisticRegression().fit(X, y), name="sk")
    mlflow.log_metric("auc", 0.8, model_id=info.model_id)
loaded = mlflow.xgboost.load_model(info.model_uri)
np.testing.assert_array_equal(loaded.predict(xgb.DMatrix(X)), booster.predict(xgb.DMatrix(X)))
version = client.get_model_version("credit", "1")
assert version.run_id == run.info.run_id and version.status == "READY"
client.set_registered_model_alias("credit", "champion", 1)
assert client.get_model_version_by_alias("credit", "champion").version == "1"
assert len(mlflow.pyfunc.load_model("models:/credit@champion").predict(X[:2])) == 2
mlflow.sklearn.load_model(other.model_uri)
assert mlflow.register_model(other.model_uri, "other").version == "1"
client.transition_model_version_stage("other", "1", "Production")
mlflow.sklearn.load_model("models:/other/Production")
client.set_model_version_tag("other", "1", "k", "v")
client.update_registered_model("other", description="words")
assert [model.name for model in client.search_registered_models()] == ["credit", "other"]
assert [found.name for found in client.search_model_versions("tags.k = 'v'")] == ["other"]
models = mlflow.search_logged_models(experiment_ids=[experiment], filter_string="metrics.auc > 0.5", output_format="list")
assert [model.name for model in models] == ["credit"]
assert client.get_logged_model(info.model_id).source_run_id == run.info.run_id
refused("RESOURCE_ALREADY_EXISTS", lambda: client.create_registered_model("credit"))

# Setting aside, bringing back, removing.
client.rename_experiment(experiment, "exp two")
client.delete_run(run_id)
assert run_id not in list(mlflow.search_runs([experiment]).run_id)
client.restore_run(run_id)
client.copy_model_version("models:/credit@champion", "credit für alle")
client.delete_registered_model_alias("credit", "champion")
client.delete_model_version("other", "1")
client.delete_registered_model("other")
refused("RESOURCE_DOES_NOT_EXIST", lambda: client.get_registered_model("other"))
client.delete_model_version("credit", "1")
copied = mlflow.xgboost.load_model("models:/credit für alle/1")
np.testing.assert_array_equal(copied.predict(xgb.DMatrix(X)), booster.predict(xgb.DMatrix(X)))
client.delete_experiment(experiment)
client.restore_experiment(experiment)
assert {found.name for found in client.search_experiments()} == {"Default", "exp two"}

# The command line.
environment = {**os.environ, "MLFLOW_TRACKING_URI": sys.argv[1]}
listed = subprocess.run(["mlflow", "runs", "list", "--experiment-id", experiment], env={**environment, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}, capture_output=True, text=True, check=True)
assert run_id in listed.stdout
listed = subprocess.run(["mlflow", "artifacts", "list", "--run-id", run_id], env={**environment, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}, capture_output=True, text=True, check=True)
assert "d.json" in listed.stdout
print("every step did what it should")
