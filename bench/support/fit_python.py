# Python's side of train.ts: from a training set's Parquet file to a model's file as one would write it, with the least memory that the
# library offers (QuantileDMatrix). Arguments: Parquet file, model file, rounds, threads, parameters as JSON. Prints one JSON document.
import json
import sys

import pandas as pd
import xgboost as xgb

parquet, model_file, rounds, threads, parameters = sys.argv[1:]
frame = pd.read_parquet(parquet)
frame = frame[frame["label"].notna()]
cut, end = pd.Timestamp("2013-09-01"), pd.Timestamp("2013-10-01")
is_train = (frame["t"] < cut) & (frame["label_known_at"] < cut)
is_validate = (frame["t"] >= cut) & (frame["t"] < end)
label = frame["label"].astype("float32")
frame = frame.drop(columns=["key", "t", "label", "label_known_at"])
for name in ["carrier", "origin", "dest"]:
    frame[name] = pd.Categorical(frame[name], categories=sorted(frame.loc[is_train, name].unique()))
bins = {"max_bin": json.loads(parameters).get("max_bin", 256), "enable_categorical": True, "nthread": int(threads)}
train = xgb.QuantileDMatrix(frame[is_train], label[is_train], **bins)
validate = xgb.QuantileDMatrix(frame[is_validate], label[is_validate], ref=train, **bins)
del frame, label
result = {}
booster = xgb.train(
    {**json.loads(parameters), "nthread": int(threads), "seed": 0},
    train,
    int(rounds),
    evals=[(train, "train"), (validate, "validate")],
    evals_result=result,
    verbose_eval=False,
)
booster.save_model(model_file)
print(json.dumps({"logLoss": result["validate"]["logloss"][-1], "engine": xgb.__version__, "rows": train.num_row()}))
