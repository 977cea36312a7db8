"""Load models where nothing but torch and mlflow is installed, and compare what they say."""

import sys


class OnlyTorchAndMlflow:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"pytorch_lightning", "lightning_fabric", "torchmetrics", "hydra", "omegaconf"}:
            raise ImportError(f"{name} is not installed here")


sys.meta_path.insert(0, OnlyTorchAndMlflow())
for name in ("lightning_modules", "datamodules", "pose", "sweeps", "train", "hydra", "pytorch_lightning"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise SystemExit(f"{name} can be imported")
import json

import mlflow
import numpy as np
import torch

mlflow.set_tracking_uri(sys.argv[1])
told = []
for run_id, saved in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
    inputs = dict(np.load(saved))
    expected = inputs.pop("expected")
    module = mlflow.pytorch.load_model(f"runs:/{run_id}/model")
    pyfunc = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
    off = []
    for batch in (1, 7):
        part = {key: value[:batch] for key, value in inputs.items()}
        with torch.no_grad():
            answer = module(torch.from_numpy(part["keypoints"]), torch.from_numpy(part["scores"])).numpy()
        off += [np.abs(answer - expected[:batch]).max(), np.abs(pyfunc.predict(part) - expected[:batch]).max()]
    told.append({"off": float(max(off)), "metadata": pyfunc.metadata.metadata})
print(json.dumps(told))
