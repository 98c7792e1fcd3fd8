# Logs models with MLflow's own client, registers them, and asks the server for predictions: by columns, as MLflow's scoring server is asked, and by
# tensors. Every answer is held against the library that trained the model.

import json, sys, urllib.parse, urllib.request
import mlflow, numpy as np, pandas as pd, xgboost as xgb
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skl2onnx import to_onnx

url = sys.argv[1]
client = MlflowClient()


def post(path, body, expected=200):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read()
    assert status == expected, (path, status, text)
    return json.loads(text)


rng = np.random.default_rng(7)
rows = 200
frame = pd.DataFrame({
    "distance": rng.normal(900, 300, rows),
    "delay": rng.normal(5, 20, rows),
    "carrier": rng.choice(["UA", "AA", "grüß", ""], rows),
})
label = np.where(frame["delay"] + rng.normal(0, 5, rows) > 5, "late", "on time")

# scikit-learn as ONNX, with its signature.
prepared = ColumnTransformer([("n", StandardScaler(), ["distance", "delay"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["carrier"])])
pipeline = make_pipeline(prepared, LogisticRegression()).fit(frame, label)
typed = frame.astype({"distance": np.float32, "delay": np.float32})
with mlflow.start_run():
    mlflow.onnx.log_model(
        to_onnx(pipeline, typed[:1]),
        name="model",
        signature=infer_signature(typed, pipeline.predict(frame)),
        registered_model_name="sklearn as onnx",
    )
    mlflow.sklearn.log_model(pipeline, name="pickled", registered_model_name="pickled", serialization_format="cloudpickle")
for name in ["sklearn as onnx", "pickled"]:
    client.set_registered_model_alias(name, "champion", 1)
some = json.loads(typed[:20].to_json(orient="records"))
answer = post("/api/v1/models/sklearn%20as%20onnx/invocations", {"dataframe_records": some})["predictions"]
assert [one["output_label"] for one in answer] == pipeline.predict(typed[:20]).tolist()
np.testing.assert_allclose([[one["output_probability"][c] for c in pipeline.classes_] for one in answer], pipeline.predict_proba(typed[:20]), atol=1e-4)
split = json.loads(typed[:20].to_json(orient="split"))
assert post("/api/v1/models/sklearn%20as%20onnx/invocations", {"dataframe_split": {"columns": split["columns"], "data": split["data"]}})["predictions"] == answer
refused = post("/api/v1/models/pickled/predict", {"row": some[0]}, 422)
assert refused["error"]["code"] == "MODEL_NOT_SERVABLE", refused

# XGBoost in its own formats.
numbers = pd.DataFrame(rng.normal(size=(rows, 4)).astype(np.float32), columns=["a", "b", "c", "d"])
numbers.loc[::7, "b"] = np.nan
booster = xgb.train({"objective": "binary:logistic", "max_depth": 3}, xgb.DMatrix(numbers, (numbers["a"] > 0).astype(int)), 10)
expected = booster.predict(xgb.DMatrix(numbers[:20]))
records = json.loads(numbers[:20].to_json(orient="records"))
for place, model_format in enumerate(["ubj", "json"]):
    with mlflow.start_run():
        mlflow.xgboost.log_model(booster, name="model", model_format=model_format, registered_model_name="trees",
                                 signature=infer_signature(numbers, expected))
    client.set_registered_model_alias("trees", "champion", place + 1)
    given = post("/api/v1/models/trees/invocations", {"instances": records})["predictions"]
    np.testing.assert_allclose(given, expected, atol=1e-6)
    given = post("/api/v1/models/trees/predict", {"rows": [{"row": row} for row in records]})["predictions"]
    assert {one["version"] for one in given} == {place + 1}
with mlflow.start_run():
    sk = xgb.XGBClassifier(n_estimators=5, max_depth=2).fit(numbers, (numbers["a"] > 0).astype(int))
    mlflow.xgboost.log_model(sk, name="model", registered_model_name="classifier")
client.set_registered_model_alias("classifier", "champion", 1)
given = post("/api/v1/models/classifier/invocations", {"instances": records})["predictions"]
np.testing.assert_allclose(given, sk.predict_proba(numbers[:20])[:, 1], atol=1e-6)

tensor = {"inputs": [{"name": "input", "datatype": "FP32", "shape": [20, 4], "data": [None if np.isnan(x) else float(x) for x in numbers[:20].to_numpy().ravel()]}]}
np.testing.assert_allclose(post("/v2/models/trees/infer", tensor)["outputs"][0]["data"], expected, atol=1e-6)


# Asked in each of MLflow's forms, every answer is what mlflow.pyfunc gives for what its own scoring server makes of the same body.
from io import StringIO
from mlflow.pyfunc.scoring_server import infer_and_parse_data, parse_csv_input, predictions_to_json
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier


def same(ours, theirs, path=""):
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


def compare(name, body, csv=False):
    model = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    schema = model.metadata.get_input_schema()
    data = parse_csv_input(StringIO(body), schema) if csv else infer_and_parse_data(json.loads(json.dumps(body)), schema)
    out = StringIO()
    predictions_to_json(model.predict(data), out)
    path = f"/api/v1/models/{urllib.parse.quote(name)}/invocations"
    if csv:
        request = urllib.request.Request(url + path, body.encode(), {"content-type": "text/csv"})
        with urllib.request.urlopen(request) as answer:
            ours = json.loads(answer.read())
    else:
        ours = post(path, body)
    same(ours, json.loads(out.getvalue()), f"{name} {list(body)[:1] if not csv else 'csv'}")


def logged(name, model, signature, log=mlflow.onnx.log_model):
    with mlflow.start_run():
        log(model, name="model", signature=signature, registered_model_name=name)
    client.set_registered_model_alias(name, "champion", 1)


def split_of(frame, **more):
    made = json.loads(frame.to_json(orient="split"))
    return {"dataframe_split": {"columns": made["columns"], "data": made["data"], **more}}


X = rng.normal(size=(rows, 3)).astype(np.float32)
y = X @ np.array([1, -2, 0.5], dtype=np.float32)
classes = np.where(y > 0.7, 1, np.where(y < -0.7, -1, 0))
some_x = X[:5].tolist()
line = to_onnx(LinearRegression().fit(X, y), X[:1])
onnx_classes = to_onnx(LogisticRegression(max_iter=500).fit(X, classes), X[:1])
plain = to_onnx(LogisticRegression(max_iter=500).fit(X, classes), X[:1], options={"zipmap": False})
columns = pd.DataFrame(X, columns=["a", "b", "c"])
head = columns[:5]

# A signature of a tensor: bare lists, by name, and tables.
logged("tensor", line, infer_signature(X, y.reshape(-1, 1)))
logged("tensor classes", onnx_classes, infer_signature(X, classes))
logged("plain classes", plain, infer_signature(X, classes))
logged("named tensor", plain, infer_signature({"X": X}, classes))
logged("no signature", plain, None)
for name in ["tensor", "tensor classes", "plain classes", "named tensor", "no signature"]:
    compare(name, {"inputs": some_x})
    compare(name, {"instances": some_x})
    compare(name, {"inputs": {"X": some_x}} if name != "tensor classes" and name != "tensor" and name != "plain classes" else {"inputs": some_x[:1]})
compare("named tensor", {"instances": [{"X": x} for x in some_x]})
compare("no signature", {"instances": [{"X": x} for x in some_x]})
compare("tensor", split_of(head))
compare("named tensor", {"dataframe_split": {"columns": ["X"], "data": [[x] for x in some_x]}})

# A signature of columns over one matrix: rows.
logged("columns", line, infer_signature(columns, y))
logged("column classes", onnx_classes, infer_signature(columns, classes))
for name in ["columns", "column classes"]:
    compare(name, split_of(head))
    compare(name, split_of(head.assign(more=1.0)))
    compare(name, {"dataframe_records": head.to_dict(orient="records")})
    compare(name, {"instances": head.to_dict(orient="records")})
    compare(name, {"inputs": head.to_dict(orient="list")})
    compare(name, {"inputs": head.to_dict(orient="records")})
    compare(name, head.to_csv(index=False), csv=True)
    compare(name, head.to_csv(), csv=True)
compare("sklearn as onnx", {"dataframe_records": some})
compare("sklearn as onnx", {"inputs": typed[:5].to_dict(orient="list")})
compare("trees", {"dataframe_records": records})
compare("trees", split_of(numbers[:20]))
compare("trees", numbers[:20].to_csv(index=False), csv=True)

# Bare, as `mlflow models serve` is asked: with several models the question is which.
refused = post("/invocations", {"inputs": some_x}, 400)
assert "--invocations" in refused["error"]["message"], refused
print("every prediction is the library's own")
