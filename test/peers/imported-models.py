# Logs models with MLflow's own client, registers them, and asks the server for predictions: by columns, as MLflow's scoring server is asked, and by
# tensors. Every answer is held against the library that trained the model.

import json, sys, urllib.request
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
assert given == sk.predict(numbers[:20]).tolist()

tensor = {"inputs": [{"name": "input", "datatype": "FP32", "shape": [20, 4], "data": [None if np.isnan(x) else float(x) for x in numbers[:20].to_numpy().ravel()]}]}
np.testing.assert_allclose(post("/v2/models/trees/infer", tensor)["outputs"][0]["data"], expected, atol=1e-6)
print("every prediction is the library's own")
