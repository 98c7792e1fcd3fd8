# What a team writes by hand: FastAPI with a checked body, and the booster asked in place.
import os

import numpy
import xgboost
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

booster = xgboost.Booster({"nthread": 1}, model_file=os.environ["MODEL"])
WIDTH = booster.num_features()
app = FastAPI()


class Tensor(BaseModel):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class Asked(BaseModel):
    inputs: list[Tensor]


@app.post("/v2/models/late/infer")
async def infer(asked: Asked):
    tensor = asked.inputs[0]
    rows, width = tensor.shape
    if width != WIDTH or len(tensor.data) != rows * width:
        raise HTTPException(400, "wrong shape")
    matrix = numpy.asarray(tensor.data, dtype=numpy.float32).reshape(rows, width)
    scores = booster.inplace_predict(matrix)
    return {
        "model_name": "late",
        "model_version": "1",
        "outputs": [{"name": "score", "datatype": "FP32", "shape": [rows], "data": scores.tolist()}],
    }
