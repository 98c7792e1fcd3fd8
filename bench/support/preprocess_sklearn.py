# scikit-learn's side of preprocessing.ts: the same steps over the same Parquet file, to a float32 matrix. Argument: Parquet file.
import json
import sys
import time

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, RobustScaler, StandardScaler, TargetEncoder

began, began_cpu = time.perf_counter(), time.process_time()
frame = pd.read_parquet(sys.argv[1], columns=[*"abcdefgh", "t5", "t60", "t2000", "label"], filters=[("at", "<", pd.Timestamp("2026-01-01"))])
label = frame.pop("label").to_numpy()
median = SimpleImputer(strategy="median")
bins = KBinsDiscretizer(10, encode="ordinal", strategy="quantile", quantile_method="linear", subsample=None)
steps = ColumnTransformer(
    [
        ("standard", StandardScaler(), list("abcd")),
        ("robust", make_pipeline(median, RobustScaler()), list("efg")),
        ("bins", make_pipeline(SimpleImputer(strategy="median"), bins), ["h"]),
        ("hot", OneHotEncoder(sparse_output=False, dtype=np.float32), ["t5", "t60"]),
        ("target", TargetEncoder(cv=5, random_state=0), ["t2000"]),
    ]
)
matrix = steps.fit_transform(frame, label).astype(np.float32)
took = {"seconds": time.perf_counter() - began, "cpuSeconds": time.process_time() - began_cpu}
print(json.dumps({"rows": len(matrix), "sums": [float(sum) for sum in matrix.sum(axis=0, dtype=float)], "engine": sklearn.__version__, **took}))
