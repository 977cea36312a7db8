"""Loads a logged recognizer for ``mlflow.pyfunc``. A copy travels with each model, so this imports nothing of ours."""

from __future__ import annotations

import mlflow.pytorch
import numpy as np
import torch


class Recognizer:
    """Predicts class probabilities from numpy arrays."""

    def __init__(self, module: torch.nn.Module) -> None:
        """Call `module` with two tensors."""
        self.module = module

    def predict(self, inputs: dict[str, np.ndarray], params: object = None) -> np.ndarray:
        """Give probabilities ``[B, K]``.

        Args:
            inputs: ``keypoints`` ``[B, T, V, C]`` and ``scores`` ``[B, T, V]``, float32.
            params: mlflow's, of which there are none.
        """
        keypoints, scores = (torch.from_numpy(np.ascontiguousarray(inputs[key])) for key in ("keypoints", "scores"))
        with torch.inference_mode():
            probabilities: np.ndarray = self.module(keypoints, scores).numpy()
        return probabilities


def _load_pyfunc(path: str, model_config: object = None) -> Recognizer:  # noqa: ARG001
    """Load the exported graph in the folder `path`; mlflow calls this by name."""
    return Recognizer(mlflow.pytorch._load_model(path))
