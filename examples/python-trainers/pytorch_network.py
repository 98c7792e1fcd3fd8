"""A small network of PyTorch: `trainer: python({ script: "pytorch_network.py", parameters: { epochs: 20, width: 32 } })`.

Missing values and scales are dealt with inside the network, so that they are part of the saved model.
Needs: pip install pyarrow torch onnx onnxscript
"""

import numpy as np
import torch
from slipway_job import job

torch.manual_seed(job.seed)
torch.set_num_threads(job.threads)
torch.use_deterministic_algorithms(True)


class Network(torch.nn.Module):
    def __init__(self, X, width):
        super().__init__()
        mean = np.nan_to_num(np.nanmean(X, axis=0))
        deviation = np.nan_to_num(np.nanstd(X, axis=0))
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(np.where(deviation > 0, deviation, 1), dtype=torch.float32))
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(2 * X.shape[1], width), torch.nn.ReLU(), torch.nn.Linear(width, 1)
        )

    def forward(self, x):
        missing = torch.isnan(x)
        filled = torch.where(missing, self.mean, x)
        scaled = (filled - self.mean) / self.scale
        return torch.sigmoid(self.layers(torch.cat([scaled, missing.to(x.dtype)], dim=1)))


X, y = job.matrix("train")
model = Network(X, int(job.parameters.get("width", 32)))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss = torch.nn.BCELoss()
inputs, labels = torch.tensor(X), torch.tensor(y, dtype=torch.float32).reshape(-1, 1)
validate = job.matrix("validate")
for epoch in range(int(job.parameters.get("epochs", 20))):
    for batch in torch.randperm(len(inputs)).split(256):
        optimizer.zero_grad()
        loss(model(inputs[batch]), labels[batch]).backward()
        optimizer.step()
    if validate is not None:
        with torch.no_grad():
            expected = torch.tensor(validate[1], dtype=torch.float32).reshape(-1, 1)
            job.step(epoch + 1, {"validate-logloss": loss(model(torch.tensor(validate[0])), expected).item()})

model.eval()
exported = torch.onnx.export(
    model,
    (inputs[:2],),
    dynamo=True,
    verbose=False,
    input_names=["input"],
    output_names=["probability"],
    dynamic_shapes=({0: torch.export.Dim("rows")},),
)
with torch.no_grad():
    job.save_onnx(exported.model_proto, scores=model(torch.tensor(job.sample())).numpy())
