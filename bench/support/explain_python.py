# Python's side of explain.ts: make FOLDER ROWS COLUMNS TREES EXPLAINED, or explain with the same words.
import json
import sys
import time

import numpy as np
import xgboost

what, folder = sys.argv[1:3]
rows, columns, trees, explained = map(int, sys.argv[3:7])
if what == "make":
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, columns)).astype(np.float32)
    y = (x[:, 0] * 2 + x[:, 1] * x[:, 2] + np.sin(3 * x[:, 3]) + x[:, 4] ** 2 + random.normal(size=rows) > 1).astype(int)
    model = xgboost.XGBClassifier(n_estimators=trees, max_depth=6, learning_rate=0.1, n_jobs=2)
    model.fit(x, y)
    model.get_booster().save_model(f"{folder}/model.ubj")
    x.tofile(f"{folder}/rows.f32")
    sys.exit()

import lime.lime_tabular
import shap

x = np.fromfile(f"{folder}/rows.f32", dtype=np.float32).reshape(rows, columns)
model = xgboost.XGBClassifier(n_jobs=1)
model.load_model(f"{folder}/model.ubj")
model.get_booster().set_param({"nthread": 1})
explainer = shap.TreeExplainer(model)
start = time.process_time()
values = explainer.shap_values(x, check_additivity=False)
shap_seconds = time.process_time() - start
local = lime.lime_tabular.LimeTabularExplainer(x, random_state=0)
start = time.process_time()
firsts = []
for row in range(explained):
    found = local.explain_instance(x[row], model.predict_proba, num_features=10)
    firsts.append(int(found.local_exp[1][0][0]))
lime_seconds = time.process_time() - start
print(json.dumps({"shapSeconds": shap_seconds, "limeSeconds": lime_seconds, "shap": values[:20].ravel().tolist(), "lime": firsts}))
