# BentoML as its guide has it: two workers, and batching on.
import os

import bentoml
import numpy
import xgboost


@bentoml.service(workers=2, traffic={"timeout": 60, "max_concurrency": 1024}, logging={"access": {"enabled": False}})
class Late:
    def __init__(self) -> None:
        self.booster = xgboost.Booster({"nthread": 1}, model_file=os.environ["MODEL"])

    @bentoml.api(batchable=True, max_batch_size=256, max_latency_ms=1000)
    def infer(self, rows: numpy.ndarray) -> numpy.ndarray:
        return self.booster.inplace_predict(rows.astype(numpy.float32))
