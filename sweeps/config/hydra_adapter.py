"""All of Hydra and OmegaConf that is used here and is no public interface of theirs.

`tests/sweeps/config/test_hydra_adapter.py` holds each name to what it is in the versions that were tested, and says on
another one what has changed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import IConfigRepository
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.hydra import Hydra
from hydra._internal.utils import _run_hydra, create_config_search_path, get_args_parser, run_and_report
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from omegaconf import DictConfig, Node

__all__ = ["ConfigLoaderImpl", "Hydra", "IConfigRepository", "create_config_search_path", "run_and_report"]

TESTED = {"hydra-core": "1.3.8", "omegaconf": "2.3.1"}
BASIC_SWEEPER = f"{BasicSweeper.__module__}.{BasicSweeper.__qualname__}"
PLUGINS = "hydra._internal.core_plugins."  # Hydra's own launchers, sweepers and help
show = _run_hydra  # what a command with --help, --cfg or --info asks for


def make_loader(folder: Path) -> ConfigLoaderImpl:
    """Make a loader of a folder of config files."""
    return ConfigLoaderImpl(create_config_search_path(str(folder)))


def repository_of(loader: ConfigLoaderImpl, config_name: str, search_path: Sequence[str]) -> IConfigRepository:
    """Return the files that a loader finds, with those of some `hydra.searchpath=` overrides."""
    return loader._parse_overrides_and_create_caching_repo(config_name, list(search_path))[1]


def make_parser() -> tuple[argparse.ArgumentParser, list[str]]:
    """Make Hydra's parser of flags, which raises rather than exit, and list the flags."""
    parser = get_args_parser()
    parser.exit_on_error = False
    return parser, [name for action in parser._actions for name in action.option_strings]


def split_grid(overrides: Sequence[Override]) -> list[list[str]]:
    """List the overrides of each job of a sweep over all combinations."""
    return BasicSweeper.split_arguments(list(overrides), None)[0]


def sweep_of(override: Override) -> Any:
    """Return what an override sweeps over, as it was parsed."""
    return override._value


def error_of(result: JobReturn) -> BaseException:
    """Return the exception by which a job of Hydra's failed."""
    error: BaseException = result._return_value
    return error


def raw_node(config: DictConfig, key: str) -> Node | None:
    """Return the node of a key, an interpolation or a missing value as such; None where there is no such key."""
    node = config._get_node(key, validate_access=False)
    assert not isinstance(node, list)
    return node
