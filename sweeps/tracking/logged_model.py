"""The trained recognizer as an MLflow model that loads where only torch and mlflow are installed.

What a user types, in any environment with the two::

    import mlflow, torch

    recognizer = mlflow.pytorch.load_model("models:/m-...")  # or "runs:/<run id>/model"
    probabilities = recognizer(keypoints, scores)  # [B, T, V, C], [B, T, V] float32 -> [B, K]

    model = mlflow.pyfunc.load_model("models:/m-...")  # the same with numpy arrays
    probabilities = model.predict({"keypoints": keypoints, "scores": scores})
    model.metadata.metadata["class_names"]  # what the K columns stand for

``mlflow.set_tracking_uri(...)`` first, as for any model by that name; a path to the model's folder needs none.
The graph is saved by torch.export (``.pt2``): no pickle, and no code but the short loader that pyfunc calls.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from mlflow.models import Model, ModelSignature

    from sweeps.tracking.store import Store

_LOADER = Path(__file__).with_name("recognizer_pyfunc.py")
_TOLERANCE = 1e-5  # between the module and its export, in probability


def log_recognizer(
    store: Store,
    run_id: str,
    model: torch.nn.Module,
    example_inputs: tuple[torch.Tensor, torch.Tensor],
    metadata: Mapping[str, Any],
    name: str = "model",
) -> str:
    """Log a recognizer as a model of the run, with flavors ``pytorch`` and ``python_function``.

    Args:
        store: where.
        run_id: of the run that made it.
        model: called with key points ``[B, T, V, C]`` and scores ``[B, T, V]``, float32, it returns probabilities
            ``[B, K]``; it is not changed, and is exported from the CPU in eval mode.
        example_inputs: key points and scores as the model takes them, any B above 0; only B is free afterwards.
        metadata: JSON-like; ``class_names`` (K of them), ``skeleton``, ``fps`` and ``sequence_length``.
        name: the model's; ``runs:/<run id>/<name>`` finds it too.

    Returns:
        The model's id; its URI is ``models:/<id>``.

    Raises:
        ValueError: the export does not compute what the module does, at one batch size or another.
    """
    from mlflow.entities import LoggedModelOutput

    with tempfile.TemporaryDirectory() as folder, _silent():
        path = Path(folder) / "model"
        # all that can fail comes before the store is told, so that no failed model is left there
        saved = _save(path, run_id, model, example_inputs, metadata)
        client = store.client
        experiment = client.get_run(run_id).info.experiment_id  # a resumed run may be in another than the store's
        logged = client.create_logged_model(experiment, name, source_run_id=run_id)
        try:
            saved.model_id = saved.model_uuid = logged.model_id
            saved.artifact_path = logged.artifact_location
            saved.save(str(path / "MLmodel"))
            client.log_model_artifacts(logged.model_id, str(path))
            client.finalize_logged_model(logged.model_id, "READY")
            client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
        except BaseException:
            client.delete_logged_model(logged.model_id)
            raise
    return str(logged.model_id)


def _save(
    path: Path,
    run_id: str,
    model: torch.nn.Module,
    example_inputs: tuple[torch.Tensor, torch.Tensor],
    metadata: Mapping[str, Any],
) -> Model:
    import mlflow.pyfunc
    import mlflow.pytorch
    import torch
    from mlflow.models import Model

    on_cpu = copy.deepcopy(model).cpu().eval()
    # torch.export takes a dimension of size 1 for a constant
    first, second = (tensor.detach().cpu()[:1].repeat_interleave(2, 0) for tensor in example_inputs)
    saved = Model(run_id=run_id)
    with torch.no_grad():
        mlflow.pytorch.save_model(
            on_cpu,
            str(path),
            mlflow_model=saved,
            signature=_signature(first, second, len(metadata["class_names"])),
            input_example=(first, second),
            serialization_format="pt2",
            pip_requirements=_requirements(),
            metadata=dict(metadata),
            code_paths=[str(_LOADER)],
        )
        _check_export(path / "data" / "model.pt2", on_cpu, first, second)
    mlflow.pyfunc.add_to_model(
        saved, _LOADER.stem, data="data", code="code", conda_env="conda.yaml", python_env="python_env.yaml"
    )
    return saved


def _signature(keypoints: torch.Tensor, scores: torch.Tensor, num_classes: int) -> ModelSignature:
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    kind = np.dtype("float32")
    named = {"keypoints": keypoints, "scores": scores}
    inputs: list[ColSpec | TensorSpec] = [
        TensorSpec(kind, (-1, *tensor.shape[1:]), name) for name, tensor in named.items()
    ]
    return ModelSignature(Schema(inputs), Schema([TensorSpec(kind, (-1, num_classes))]))


def _requirements() -> list[str]:
    """Name what loading takes. MLflow would find out by loading the model in another process, in half a minute."""
    import mlflow
    import torch

    # a local version such as +cpu cannot be installed from an index
    return [f"torch=={torch.__version__.partition('+')[0]}", f"mlflow=={mlflow.__version__}"]


def _check_export(file: Path, model: torch.nn.Module, keypoints: torch.Tensor, scores: torch.Tensor) -> None:
    import torch

    exported = torch.export.load(file).module()
    for batch in (1, 5):
        draw = torch.Generator().manual_seed(batch)
        inputs = [torch.rand(batch, *tensor.shape[1:], generator=draw) for tensor in (keypoints, scores)]
        difference = (exported(*inputs) - model(*inputs)).abs().max().item()
        if not difference <= _TOLERANCE:
            raise ValueError(f"the exported model is off by {difference:.2g} at batch size {batch}")


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep what torch.export says about its own workings off the terminal."""
    loggers = [logging.getLogger(name) for name in ("torch", "mlflow")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
