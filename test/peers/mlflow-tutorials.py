# What MLflow's newer tutorials show beside the basics: evaluating, tables, figures and images, searches in a grid, external models, system metrics,
# and what Slipway does not keep, which must break nobody's program. Usage: mlflow-tutorials.py TRACKING_URI

import logging
import os
import subprocess
import sys
import time
import warnings

warnings.filterwarnings("ignore")
os.environ["MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL"] = "1"

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

logging.getLogger("mlflow").setLevel(logging.ERROR)
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient()
X, y = load_iris(return_X_y=True, as_frame=True)
experiment = mlflow.set_experiment("tutorials").experiment_id

# The quickstart, with a signature and an example, and the model evaluated.
with mlflow.start_run() as first:
    model = LogisticRegression(max_iter=500).fit(X, y)
    info = mlflow.sklearn.log_model(sk_model=model, name="iris", signature=infer_signature(X, model.predict(X)), input_example=X.head(2), registered_model_name="iris")
    mlflow.set_logged_model_tags(info.model_id, {"Training Info": "basic"})
assert mlflow.models.get_model_info(info.model_uri).signature is not None
assert len(mlflow.pyfunc.load_model(info.model_uri).predict(X)) == len(X)
with mlflow.start_run() as run:
    table = X.assign(label=y)
    result = mlflow.models.evaluate(info.model_uri, table, targets="label", model_type="classifier", evaluator_config={"log_explainer": False})
assert result.metrics["accuracy_score"] > 0.9
assert "confusion_matrix.png" in [file.path for file in client.list_artifacts(run.info.run_id)]
assert client.get_run(run.info.run_id).inputs.dataset_inputs
assert "accuracy_score" in {metric.key for metric in client.get_logged_model(info.model_id).metrics}

# A search in a grid: its best trials are runs below it.
mlflow.sklearn.autolog(max_tuning_runs=2, log_models=False)
with mlflow.start_run() as run:
    GridSearchCV(RandomForestClassifier(random_state=0), {"n_estimators": [3, 5], "max_depth": [2, 3]}, cv=2).fit(X, y)
mlflow.sklearn.autolog(disable=True)
children = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'")
assert len(children) == 2 and client.get_parent_run(children.run_id[0]).info.run_id == run.info.run_id

# Whatever can be logged as a file.
with mlflow.start_run() as run:
    mlflow.log_table({"q": ["a", "b"], "n": [1, 2]}, "tables/t.json")
    mlflow.log_table(pd.DataFrame({"q": ["c"], "n": [3]}), "tables/t.json")
    mlflow.log_dict({"a": [1]}, "d.yaml")
    for step in range(2):
        mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), key="dog", step=step)
    mlflow.log_metric("later", 1, synchronous=False).wait()
    mlflow.log_input(mlflow.data.from_pandas(X, source="https://example.com/iris.csv", name="iris"), context="training")
assert len(mlflow.load_table("tables/t.json", run_ids=[run.info.run_id])) == 3
assert len(client.list_artifacts(run.info.run_id, "images")) == 4
assert client.get_run(run.info.run_id).data.metrics == {"later": 1}
dataset = client.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset
assert type(mlflow.data.get_source(dataset)).__name__ == "HTTPDatasetSource"
try:
    import matplotlib

    matplotlib.use("Agg")
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_figure(matplotlib.figure.Figure(), "figure.png")
    mlflow.artifacts.load_image(f"{run.info.artifact_uri}/figure.png")
except ImportError:
    pass
try:
    import psutil  # noqa: F401

    with mlflow.start_run(log_system_metrics=True) as run:
        time.sleep(2.5)
    assert "system/cpu_utilization_percentage" in client.get_run(run.info.run_id).data.metrics
except ImportError:
    pass

# Registered from a run's path, and models that lie elsewhere.
assert mlflow.register_model(f"runs:/{first.info.run_id}/iris", "by run").version == "1"
assert mlflow.sklearn.load_model("models:/by run/latest").predict(X).shape == y.shape
external = mlflow.create_external_model(name="agent", model_type="agent", params={"a": "1"})
mlflow.log_model_params({"b": "2"}, external.model_id)
assert mlflow.get_logged_model(external.model_id).params == {"a": "1", "b": "2"}
agents = mlflow.search_logged_models([experiment], "model_type = 'agent'", order_by=[{"field_name": "creation_time", "ascending": False}], output_format="list")
assert [model.name for model in agents] == ["agent"]

# What is not kept: the program goes on, and what is asked for by hand is refused in words.
@mlflow.trace
def answer(question):
    with mlflow.start_span("inner") as span:
        span.set_inputs({"question": question})
    return question + 1


assert answer(1) == 2
mlflow.flush_trace_async_logging()
for words, work in [
    ("no traces", lambda: mlflow.search_traces(locations=[experiment])),
    ("no prompts", lambda: mlflow.genai.register_prompt(name="greeting", template="Hello {{name}}")),
    ("no evaluation datasets", lambda: mlflow.genai.datasets.create_dataset(name="d", experiment_id=[experiment])),
]:
    try:
        work()
        raise AssertionError(f"nothing was refused, and '{words}' was expected")
    except MlflowException as problem:
        assert words in str(problem), str(problem)
assert "greeting" not in [model.name for model in client.search_registered_models()]

# The command line.
path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
for words, expected in [
    (["experiments", "search"], "tutorials"),
    (["runs", "describe", "--run-id", first.info.run_id], first.info.run_id),
    (["runs", "list", "--experiment-id", experiment], first.info.run_id),
    (["artifacts", "download", "--artifact-uri", info.model_uri], "/"),
]:
    done = subprocess.run(["mlflow", *words], env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0 and expected in done.stdout, (words, done.stdout, done.stderr)
print("every tutorial did what it should")
