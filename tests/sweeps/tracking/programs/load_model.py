"""Load a logged model where only torch and mlflow can be imported: URI RUN_ID INPUTS REPOSITORY."""

import sys


class OnlyTorchAndMlflow:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"sweeps", "lightning_modules", "pytorch_lightning", "hydra", "torchmetrics"}:
            raise ImportError(f"{name} is not installed here")


sys.meta_path.insert(0, OnlyTorchAndMlflow())

import json

import mlflow
import numpy as np
import torch

uri, run_id, saved, root = sys.argv[1:]
mlflow.set_tracking_uri(uri)
inputs = dict(np.load(saved))
module = mlflow.pytorch.load_model(f"runs:/{run_id}/model")
model = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
expected = {1: inputs.pop("expected_1"), 7: inputs.pop("expected_7")}
off = []
for batch, answer in expected.items():
    part = {key: value[:batch] for key, value in inputs.items()}
    off.append(np.abs(model.predict(part) - answer).max())
    with torch.no_grad():
        tensors = [torch.from_numpy(part[key]) for key in ("keypoints", "scores")]
        off.append(np.abs(module(*tensors).numpy() - answer).max())
assert root not in sys.path, sys.path
print(json.dumps({"off": float(max(off)), "count": len(off), "metadata": model.metadata.metadata}))
