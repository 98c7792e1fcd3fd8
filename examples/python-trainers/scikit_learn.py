"""A pipeline of scikit-learn: `trainer: python({ script: "scikit_learn.py", parameters: { rounds: 100 } })`.

Needs: pip install pyarrow scikit-learn skl2onnx
"""

from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from slipway_job import job

X, y = job.matrix("train")
# What is filled in is learned from the training rows and saved with the model.
model = make_pipeline(
    SimpleImputer(strategy="median"),
    GradientBoostingClassifier(
        n_estimators=int(job.parameters.get("rounds", 100)),
        learning_rate=float(job.parameters.get("learning_rate", 0.1)),
        random_state=job.seed,
    ),
)
model.fit(X, y)

validate = job.matrix("validate")
if validate is not None:
    job.step(1, {"validate-logloss": log_loss(validate[1], model.predict_proba(validate[0])[:, 1])})

onnx = to_onnx(model, X[:1], options={"zipmap": False})
gains = zip(job.names, model[-1].feature_importances_)
job.save_onnx(onnx, scores=model.predict_proba(job.sample())[:, 1], importance={name: gain for name, gain in gains if gain > 0})
