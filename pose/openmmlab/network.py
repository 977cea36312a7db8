"""A network of OpenMMLab: configuration, weights, device and precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from pose.openmmlab.build import build_network, in_scope, read_config
from pose.openmmlab.devices import autocast, check_precision, choose_device, used_precision
from pose.weights.choice import choose_weights
from pose.weights.config_files import ConfigFile
from pose.weights.official import OfficialWeights


class Network:
    """A network that is built when it is first used.

    Args:
        scope: `mmdet` or `mmpose`.
        config: `mmpose::FILE` or `mmdet::FILE`, below the configs in that library's wheel; `pose::FILE`, below the
            package `pose`; or a path.
        weights: `official`, `random`, `random:SEED`, or a file.
        device: `auto`, `cpu` or `cuda`.
        precision: `auto`, `float32`, `float16` or `bfloat16`.
        cache: folder for official weights, None for the user's own.
        name: what it is called in the store; "" for the configuration's.
        adapt: changes the module once it is built.

    Raises:
        DataError: there are no official weights for the configuration, or the precision is not known.
    """

    def __init__(
        self,
        scope: str,
        config: str,
        weights: str,
        device: str,
        precision: str,
        cache: str | None,
        name: str = "",
        adapt: Callable[[Any], None] | None = None,
    ) -> None:
        self.scope = scope
        self.file = ConfigFile(config)
        self.name = name or Path(self.file.file).stem
        self.weights = choose_weights(weights, self.file, cache)
        self.device_name = device
        self.precision = check_precision(precision)
        self._adapt = adapt

    @cached_property
    def identity(self) -> Mapping[str, object]:
        """The network's part of `Model.identity`.

        The precision stands there as it was asked for: with `auto` a store that was made on a GPU is known again on a
        machine without one.
        """
        return {
            "name": self.name,
            "library": self.scope,
            "config": self.file.identity,
            "weights": self.weights.identity,
            "precision": self.precision,
        }

    @cached_property
    def config(self) -> Any:
        """The `mmengine.Config`."""
        return read_config(self.file)

    @property
    def pipeline(self) -> Any:
        """The steps by which the configuration prepares a picture for testing."""
        return self.config.test_dataloader.dataset.pipeline

    @cached_property
    def device(self) -> Any:
        """The `torch.device`."""
        return choose_device(self.device_name)

    @property
    def in_float32_on_cpu(self) -> bool:
        """Whether it runs on the CPU and in full precision."""
        return self.device.type == "cpu" and self.used_precision == "float32"

    @property
    def used_precision(self) -> str:
        """The resolved `precision`: `float32`, `float16` or `bfloat16`."""
        return used_precision(self.device, self.precision)

    @cached_property
    def module(self) -> Any:
        """The `nn.Module`, ready to predict."""
        module = build_network(self.config, self.scope, self.weights, self.device)
        if self._adapt:
            self._adapt(module)
        return module

    def fetch(self) -> None:
        """Fetch missing official weights, so that a fault is reported early.

        Raises:
            DataError: they cannot be had.
        """
        if isinstance(self.weights, OfficialWeights):
            self.weights.fetch()

    @contextmanager
    def running(self) -> Iterator[Any]:
        """Yield the module, in its scope and precision, and without gradients."""
        import torch

        module = self.module
        with torch.inference_mode(), in_scope(self.scope), autocast(self.device, self.precision):
            yield module
