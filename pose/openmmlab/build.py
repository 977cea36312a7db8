"""Networks of MMDet and MMPose from configuration and weights, both libraries in one process."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pose.errors import DataError
from pose.openmmlab.mmpretrain_shim import import_mmpretrain, without_mmpretrain
from pose.weights.choice import Weights
from pose.weights.config_files import ConfigFile


def read_config(file: ConfigFile) -> Any:
    """Read the `mmengine.Config`, without what would fetch a backbone's weights.

    Raises:
        DataError: it is not there or cannot be read.
    """
    path = file.path
    with _quiet():
        from mmengine.config import Config

        try:
            config = Config.fromfile(str(path))
        # The file is run as Python, and can fail in any way.
        except Exception as error:
            raise DataError(f"{file.name} cannot be read: {type(error).__name__}: {error}".splitlines()[0]) from error
    if "model" not in config or "test_dataloader" not in config:
        raise DataError(f"{file.name} has no model or no test_dataloader: give a whole configuration")
    try:
        config.test_dataloader.dataset.pipeline  # noqa: B018 (only whether it is there)
    except (AttributeError, KeyError) as error:
        raise DataError(f"{file.name} has no test_dataloader.dataset.pipeline: give a whole configuration") from error
    _drop_pretrained(config.model)
    return config


def build_network(config: Any, scope: str, weights: Weights, device: Any) -> Any:
    """Build a network, ready to predict.

    Args:
        config: as `read_config` returns it.
        scope: `mmdet` or `mmpose`: whose names the configuration uses where it does not say.
        weights: random ones are drawn under their seed, the same in every process; the others are loaded.
        device: the `torch.device`.

    Returns:
        An `nn.Module` in channels_last.

    Raises:
        DataError: the configuration names what is not there, or the weights are another network's.
    """
    import torch
    from mmengine.model.utils import revert_sync_batchnorm

    _expect_warnings()
    with _quiet(), torch.no_grad(), torch.random.fork_rng(devices=[]), in_scope(scope):
        torch.manual_seed(weights.seed or 0)
        network = _build(config, scope)
        state = weights.load()
        if state is None:
            _draw(network)
        else:
            _load(network, state, weights)
        network = revert_sync_batchnorm(network)
    network.eval()  # not chained: HRNet's returns None
    network.requires_grad_(False)
    network.to(device=device, memory_format=torch.channels_last)
    for part in network.modules():
        if "DeformConv" in type(part).__name__:  # mmcv's operators read channels first
            part.to(memory_format=torch.contiguous_format)
            part.register_forward_pre_hook(_channels_first)
    return network


@contextmanager
def in_scope(scope: str) -> Iterator[None]:
    """Look up names in registries in `scope` first; the scope of before is restored, for the other library."""
    _register()
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope(scope):
        yield


@cache
def _register() -> None:
    """Import the libraries' modules, which enters them into the registries."""
    with without_mmpretrain():
        for library in ("mmdet.models", "mmpose.codecs", "mmpose.datasets", "mmpose.models"):
            importlib.import_module(library)


def _channels_first(_: Any, inputs: Any) -> Any:
    return tuple(tensor.contiguous() for tensor in inputs)


def _build(config: Any, scope: str) -> Any:
    from mmengine.registry import MODELS

    if "mmpretrain." in str(config.model):
        import_mmpretrain()
    try:
        return MODELS.build({**config.model, "_scope_": scope})
    except (KeyError, TypeError, ValueError, AssertionError, ImportError) as error:
        raise DataError(f"the configuration's model cannot be built: {error}".splitlines()[0]) from error


def _draw(network: Any) -> None:
    """Initialise heads so that almost nothing is found; keep PyTorch's initialisation elsewhere, for inputs of about 1.

    MMEngine's own way through all of a network takes seconds, since it compares every parameter before and after.
    """
    import torch

    for name, part in network.named_children():
        if name.endswith("head"):
            part.init_weights()
    preprocessor = network.data_preprocessor
    if not preprocessor._enable_normalize or preprocessor.std.max() <= 1:  # the network sees 0..255
        first = next(part for part in network.modules() if isinstance(part, torch.nn.Conv2d))
        first.weight.div_(255)


def _load(network: Any, state: Any, weights: Weights) -> None:
    if not hasattr(state, "_metadata"):
        # The libraries translate old names by the version that a file says it has. Ours say none and are new.
        state._metadata = network.state_dict()._metadata
    try:
        missing = network.load_state_dict(state, strict=False).missing_keys
        missing = [name for name in missing if not name.endswith("num_batches_tracked")]  # only training counts
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise DataError(f"{weights.name} are the weights of another network: {reason}") from error
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise DataError(f"{weights.name} are the weights of another network: {missing[0]}{more} is not there")


def _drop_pretrained(node: Any) -> None:
    """Remove what would fetch a part's weights over the network, wherever it stands in the model."""
    if isinstance(node, dict):
        initial = node.get("init_cfg")
        if isinstance(initial, dict) and initial.get("type") == "Pretrained":
            del node["init_cfg"]
        for child in node.values():
            _drop_pretrained(child)
    elif isinstance(node, list | tuple):
        for child in node:
            _drop_pretrained(child)


@cache
def _expect_warnings() -> None:
    """Ignore the libraries' warnings about old calls of torch, also while they predict."""
    warnings.filterwarnings("ignore", module=r"(mmcv|mmdet|mmengine|mmpose|mmpretrain)\b")
    warnings.filterwarnings("ignore", message="torch.meshgrid")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the libraries, which log every initialised parameter and warn of each other's old calls."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
