"""The kinds of `weights` of an option: official, random, or a file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pose.errors import DataError
from pose.weights.config_files import ConfigFile, find_file
from pose.weights.files import read_weights
from pose.weights.official import OfficialWeights

_RANDOM = re.compile(r"random(?::(\d+))?")


@dataclass(frozen=True, slots=True)
class RandomWeights:
    """Weights of the network's own initialisation: for tests of everything but accuracy."""

    seed: int

    @property
    def name(self) -> str:
        """Their name, with the seed."""
        return f"random:{self.seed}"

    @property
    def identity(self) -> str:
        """Their identity, with the seed."""
        return f"random, seed {self.seed}"

    def load(self) -> None:
        """Return None: they are initialised where the network is built."""


@dataclass(frozen=True)
class FileWeights:
    """A file of the user's, .safetensors or .pth.

    Args:
        name: the path, or `pose::FILE` for one in this package.
    """

    name: str
    seed: None = None

    @cached_property
    def identity(self) -> str:
        """The hash of the complete file.

        Raises:
            DataError: it is not there.
        """
        try:
            with find_file(self.name).open("rb") as file:
                return f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}"
        except OSError as error:
            raise DataError(
                f"weights={self.name} cannot be read ({error.strerror}): use official, random or a file"
            ) from error

    def load(self) -> Any:
        """Read the tensors.

        Raises:
            DataError: the file cannot be read, or wants to run something.
        """
        return read_weights(find_file(self.name))


Weights = RandomWeights | FileWeights | OfficialWeights
"""Weights that are not read until they are loaded.

`name` is what a user types, `identity` distinguishes them from others without a path, `seed` is that of random ones and
None for others, and `load` returns the tensors by name as of `nn.Module.state_dict`, or None where they are to be
initialised.
"""


def choose_weights(weights: str, config: ConfigFile, cache: str | None) -> Weights:
    """Return the weights that `weights` stands for.

    Args:
        weights: `official`, `random`, `random:SEED`, or a file.
        config: the network's configuration, to which official weights belong.
        cache: folder for official weights; None for the user's own.

    Raises:
        DataError: there are no official weights for this configuration.

    Example:
        >>> choose_weights("random:3", ConfigFile("mmdet::x.py"), cache=None).identity
        'random, seed 3'
    """
    match = _RANDOM.fullmatch(weights)
    if match:
        return RandomWeights(int(match[1] or 0))
    if weights == "official":
        return OfficialWeights.of(config, Path(cache).expanduser() if cache else None)
    return FileWeights(weights)
