# Logs models with MLflow's own client and asks the server for predictions in each form that MLflow's scoring server takes: every answer must be what
# mlflow.pyfunc gives for what that scoring server makes of the same body.

import functools, json, sys, urllib.error, urllib.parse, urllib.request
from io import StringIO
import mlflow, numpy as np, pandas as pd, xgboost as xgb
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.pyfunc.scoring_server import infer_and_parse_data, parse_csv_input, predictions_to_json
from skl2onnx import to_onnx
from sklearn.linear_model import LinearRegression, LogisticRegression

url = sys.argv[1]
client = MlflowClient()
rng = np.random.default_rng(7)
rows = 200


def post(path, body, expected=200, kind="application/json"):
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"content-type": kind})
    try:
        with urllib.request.urlopen(request) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read()
    assert status == expected, (path, str(body)[:300], status, text)
    return json.loads(text)


def same(ours, theirs, path):
    if isinstance(theirs, dict):
        assert isinstance(ours, dict) and set(ours) == set(theirs), (path, ours, theirs)
        for key in theirs:
            same(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(theirs, list):
        assert isinstance(ours, list) and len(ours) == len(theirs), (path, ours, theirs)
        for place, each in enumerate(theirs):
            same(ours[place], each, f"{path}[{place}]")
    elif isinstance(theirs, float):
        assert abs(ours - theirs) <= 1e-5 * max(1, abs(theirs)), (path, ours, theirs)
    else:
        assert ours == theirs, (path, ours, theirs)


@functools.cache
def loaded(name):
    return mlflow.pyfunc.load_model(f"models:/{name}@champion")


def compare(name, body):
    model = loaded(name)
    schema = model.metadata.get_input_schema()
    is_csv = isinstance(body, str)
    data = parse_csv_input(StringIO(body), schema) if is_csv else infer_and_parse_data(json.loads(json.dumps(body)), schema)
    out = StringIO()
    predictions_to_json(model.predict(data), out)
    path = f"/api/v1/models/{urllib.parse.quote(name)}/invocations"
    ours = post(path, body, kind="text/csv" if is_csv else "application/json")
    same(ours, json.loads(out.getvalue()), f"{name} {'csv' if is_csv else list(body)}")


def logged(name, model, signature, log=mlflow.onnx.log_model, library="onnx"):
    # Named requirements spare the client a search for them in a process of its own.
    with mlflow.start_run():
        log(model, name="model", signature=signature, registered_model_name=name, pip_requirements=[library])
    client.set_registered_model_alias(name, "champion", 1)


def split_of(frame):
    made = json.loads(frame.to_json(orient="split"))
    return {"dataframe_split": {"columns": made["columns"], "data": made["data"]}}


X = rng.normal(size=(rows, 3)).astype(np.float32)
y = X @ np.array([1, -2, 0.5], dtype=np.float32)
classes = np.where(y > 0.7, 1, np.where(y < -0.7, -1, 0))
some = X[:5].tolist()
columns = pd.DataFrame(X, columns=["a", "b", "c"])
head = columns[:5]
line = to_onnx(LinearRegression().fit(X, y), X[:1])
zipped = to_onnx(LogisticRegression(max_iter=500).fit(X, classes), X[:1])
plain = to_onnx(LogisticRegression(max_iter=500).fit(X, classes), X[:1], options={"zipmap": False})

# A signature of a tensor, or none: bare lists, by name, and tables.
logged("tensor", line, infer_signature(X, y.reshape(-1, 1)))
logged("tensor classes", zipped, infer_signature(X, classes))
logged("named tensor", plain, infer_signature({"X": X}, classes))
logged("no signature", plain, None)
for name in ["tensor", "tensor classes", "named tensor", "no signature"]:
    compare(name, {"inputs": some})
    compare(name, {"instances": some})
for name in ["named tensor", "no signature"]:
    compare(name, {"inputs": {"X": some}})
    compare(name, {"instances": [{"X": x} for x in some]})
compare("tensor", split_of(head))
compare("named tensor", {"dataframe_split": {"columns": ["X"], "data": [[x] for x in some]}})

# A signature of columns over one matrix: rows.
logged("columns", line, infer_signature(columns, y))
logged("column classes", zipped, infer_signature(columns, classes))
for name in ["columns", "column classes"]:
    compare(name, split_of(head))
    compare(name, split_of(head.assign(more=1.0)))
    compare(name, {"dataframe_records": head.to_dict(orient="records")})
    compare(name, {"instances": head.to_dict(orient="records")})
    compare(name, {"inputs": head.to_dict(orient="list")})
    compare(name, {"inputs": head.to_dict(orient="records")})
    compare(name, head.to_csv(index=False))
    compare(name, head.to_csv())

# XGBoost gives bare values.
numbers = columns.copy()
numbers.loc[::7, "b"] = np.nan
label = (numbers["a"] > 0).astype(int)
booster = xgb.train({"objective": "binary:logistic", "max_depth": 3}, xgb.DMatrix(numbers, label), 10)
logged("boosted", booster, infer_signature(numbers, booster.predict(xgb.DMatrix(numbers))), mlflow.xgboost.log_model, "xgboost")
compare("boosted", split_of(numbers[:20]))
compare("boosted", {"dataframe_records": json.loads(numbers[:20].to_json(orient="records"))})
compare("boosted", {"instances": head.to_dict(orient="records")})
compare("boosted", numbers[:20].to_csv(index=False))

# Whole numbers of a signature over a model that computes in float32: the same answers, where MLflow neither cuts nor rounds.
counts = pd.DataFrame({"n": rng.integers(0, 50, rows), "big": 2**24 + 2 * rng.integers(0, 50, rows)})
few = xgb.train({"objective": "reg:squarederror", "max_depth": 3}, xgb.DMatrix(counts, counts["n"] % 7), 5)
logged("counts", few, infer_signature(counts, few.predict(xgb.DMatrix(counts))), mlflow.xgboost.log_model, "xgboost")
compare("counts", split_of(counts[:20]))
compare("counts", counts[:20].to_csv(index=False))
compare("counts", "n,big\n1e1,16777218.0\n")
for body, kind in [
    ({"dataframe_split": {"columns": ["n", "big"], "data": [[1.5, 2]]}}, "application/json"),
    ({"dataframe_split": {"columns": ["n", "big"], "data": [[1, 2**24 + 1]]}}, "application/json"),
    ("n,big\n1.5,2\n", "text/csv"),
]:
    assert "whole number" in post("/api/v1/models/counts/invocations", body, 400, kind)["error"]["message"]

assert "no word for a missing value" in post("/api/v1/models/counts/invocations", {"dataframe_split": {"columns": ["n", "big"], "data": [[1, None]]}}, 400)["error"]["message"]
assert "no word for a missing value" in post("/api/v1/models/counts/invocations", "n,big\n,2\n", 400, "text/csv")["error"]["message"]

# Classifiers of XGBoost's scikit-learn kind answer classes, regressors stop where early stopping did.
two, three, both = label, np.where(columns["a"] > 0.5, 2, label), np.stack([label, (columns["c"] > 0).astype(int)], axis=1)
for name, made, wanted in [
    ("two classes", xgb.XGBClassifier(n_estimators=5, max_depth=2), two),
    ("three classes", xgb.XGBClassifier(n_estimators=5, max_depth=2), three),
    ("softmax", xgb.XGBClassifier(n_estimators=5, max_depth=2, objective="multi:softmax"), three),
    ("hinge", xgb.XGBClassifier(n_estimators=5, max_depth=2, objective="binary:hinge"), two),
    ("several labels", xgb.XGBClassifier(n_estimators=5, max_depth=2), both),
    ("forest", xgb.XGBRFClassifier(n_estimators=5, max_depth=2), three),
    ("stopped", xgb.XGBRegressor(n_estimators=200, max_depth=4, learning_rate=1.0, early_stopping_rounds=2), numbers["a"] + 3 * rng.normal(size=rows)),
    ("stopped classes", xgb.XGBClassifier(n_estimators=200, max_depth=4, learning_rate=1.0, early_stopping_rounds=2), three),
]:
    made.fit(numbers[100:], wanted[100:], **({"eval_set": [(numbers[:100], wanted[:100])], "verbose": False} if "stopped" in name else {}))
    if "stopped" in name:
        assert made.best_iteration + 1 < made.get_booster().num_boosted_rounds()
    logged(name, made, infer_signature(numbers, made.predict(numbers)), mlflow.xgboost.log_model, "xgboost")
    compare(name, split_of(numbers[:40]))
    compare(name, numbers[:20].to_csv(index=False))
scores = post("/api/v1/models/three%20classes/predict", {"rows": [{"row": row} for row in json.loads(numbers[:5].to_json(orient="records"))]})["predictions"]
np.testing.assert_allclose([one["outputs"]["predict"] for one in scores], loaded("three classes").get_raw_model().predict_proba(numbers[:5]), atol=1e-6)

# Bare, as `mlflow models serve` is asked: with several models the question is which.
refused = post("/invocations", {"inputs": some}, 400)
assert "--invocations" in refused["error"]["message"], refused
print("every answer is MLflow's own")
