"""A logged recognizer for ``mlflow.pyfunc``. A copy is saved with each model, so this imports nothing of ours."""

from __future__ import annotations

from pathlib import Path

import mlflow.pytorch
import numpy as np
import torch


class Recognizer:
    """A recognizer that takes and returns numpy arrays.

    Args:
        module: called with two tensors.
    """

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module

    def predict(self, inputs: dict[str, np.ndarray], params: object = None) -> np.ndarray:
        """Return probabilities ``[B, K]``.

        Args:
            inputs: ``keypoints`` ``[B, T, V, C]`` and ``scores`` ``[B, T, V]``, float32.
            params: mlflow's, of which there are none.
        """
        keypoints, scores = (torch.from_numpy(np.ascontiguousarray(inputs[key])) for key in ("keypoints", "scores"))
        with torch.inference_mode():
            probabilities: np.ndarray = self.module(keypoints, scores).numpy()
        return probabilities


def _load_pyfunc(data: str, model_config: object = None) -> Recognizer:  # noqa: ARG001
    """Load the model whose data folder is `data`; mlflow calls this by name."""
    return Recognizer(mlflow.pytorch.load_model(str(Path(data).parent)))
