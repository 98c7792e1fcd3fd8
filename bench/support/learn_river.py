# River's side of online-learner.ts: FILE COLUMNS ALGORITHM. The time is that of the loop alone: each row, a dict already, is answered and learnt from.
import json
import math
import sys
import time

import pyarrow.parquet as pq
from river import linear_model, optim

file, columns, algorithm = sys.argv[1], int(sys.argv[2]), sys.argv[3]
table = pq.read_table(file).sort_by("range")
names = [f"x{i}" for i in range(columns)]
rows = table.select(names).to_pylist()
labels = table["label"].to_pylist()
for row in rows:
    # The intercept is a feature, so that its rate adapts as in Slipway.
    row["intercept"] = 1.0
optimizer = optim.FTRLProximal(alpha=0.05, beta=1.0, l1=0.0, l2=0.0) if algorithm == "ftrl" else optim.AdaGrad(lr=0.1)
model = linear_model.LogisticRegression(optimizer, intercept_lr=0)
answers = []
start = time.process_time()
for row, label in zip(rows, labels):
    answers.append(model.predict_proba_one(row)[True])
    model.learn_one(row, label)
seconds = time.process_time() - start
loss = -sum(math.log(min(max(p if label else 1 - p, 1e-15), 1)) for p, label in zip(answers, labels)) / len(labels)
print(json.dumps({"loss": loss, "cpuSeconds": seconds}))
