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

from sweeps.runtime.loggers import logger_level

if TYPE_CHECKING:
    import torch
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.models import Model, ModelSignature

_LOADER = Path(__file__).with_name("recognizer_pyfunc.py")
_DESCRIPTION = "MLmodel"  # file of a saved model
CREATION_TAG = "create_token"  # of a run or a model: finds what a request has made whose answer was lost
_TOLERANCE = 1e-5  # between the module and its export, in probability


@contextlib.contextmanager
def saved_recognizer(
    run_id: str,
    model: torch.nn.Module,
    example_inputs: tuple[torch.Tensor, torch.Tensor],
    metadata: Mapping[str, Any],
) -> Iterator[Path]:
    """Save a recognizer as a model of the run, with flavors ``pytorch`` and ``python_function``, for the block.

    Args:
        run_id: of the run that made it.
        model: called with key points ``[B, T, V, C]`` and scores ``[B, T, V]``, float32, it returns probabilities
            ``[B, K]``; it is not changed, and is exported from the CPU in eval mode.
        example_inputs: key points and scores as the model takes them, any B above 0; only B is free afterwards.
        metadata: JSON-like; ``class_names`` (K of them), ``skeleton``, ``fps`` and ``sequence_length``.

    Yields:
        The model's folder; `send_model` puts it into the store.

    Raises:
        ValueError: the export does not compute what the module does, at one batch size or another.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        logger_level(logging.ERROR, "torch", "mlflow"),  # torch.export reports its own workings
        warnings.catch_warnings(action="ignore"),
    ):
        path = Path(folder) / "model"
        # all that can fail comes before the model is in the store, so that none stays there incomplete
        saved = _save(path, run_id, model, example_inputs, metadata)
        saved.save(str(path / _DESCRIPTION))
        yield path


def send_model(
    client: MlflowClient, run_id: str, saved: Path, name: str, *, token: str | None = None, is_retry: bool = False
) -> None:
    """Put a saved model into the store, as one of the run; its URI is ``runs:/<run id>/<name>``.

    Args:
        client: MLflow's own.
        run_id: of the run that made it.
        saved: its folder.
        name: the model's.
        token: kept as the model's tag, which identifies it where an answer was lost. Without one, a try that fails
            deletes the model.
        is_retry: an earlier try may have created the model, and is continued.
    """
    experiment = client.get_run(run_id).info.experiment_id  # a resumed run may be in another than the store's

    def existing() -> list[LoggedModel]:
        if not (is_retry and token):
            return []
        return list(client.search_logged_models([experiment], f"tags.{CREATION_TAG} = '{token}'"))

    if models := existing():
        logged = models[0]
    else:
        tags = {CREATION_TAG: token} if token else None
        logged = client.create_logged_model(experiment, name, source_run_id=run_id, tags=tags)
    try:
        _send_content(client, run_id, saved, logged, is_retry=bool(models))
    except BaseException:
        if token is None:
            client.delete_logged_model(logged.model_id)
        raise
    for other in existing():
        if other.model_id != logged.model_id:  # of a request that was carried out late
            client.delete_logged_model(other.model_id)


def _send_content(client: MlflowClient, run_id: str, saved: Path, logged: LoggedModel, *, is_retry: bool) -> None:
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    description = Model.load(str(saved / _DESCRIPTION))
    description.model_id = description.model_uuid = logged.model_id
    description.artifact_path = logged.artifact_location
    description.save(str(saved / _DESCRIPTION))
    client.log_model_artifacts(logged.model_id, str(saved))
    client.finalize_logged_model(logged.model_id, "READY")
    outputs = client.get_run(run_id).outputs if is_retry else None
    if outputs is None or logged.model_id not in {output.model_id for output in outputs.model_outputs}:
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])


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
            signature=_signature(on_cpu, first, second),
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


def _signature(model: torch.nn.Module, keypoints: torch.Tensor, scores: torch.Tensor) -> ModelSignature:
    from mlflow.models import infer_signature

    inputs = {"keypoints": keypoints.numpy(), "scores": scores.numpy()}
    return infer_signature(inputs, model(keypoints, scores).numpy())


def _requirements() -> list[str]:
    """Return what loading needs. MLflow would find out by loading the model in another process, in half a minute."""
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
