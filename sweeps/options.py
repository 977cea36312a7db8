"""Options of a group that are named in a list, where a defaults list takes only one."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.object_type import ObjectType
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from sweeps import schema
from sweeps.checks import plain
from sweeps.errors import ConfigError
from sweeps.targets import check_targets
from sweeps.wording import listed, nearest


class Group:
    """A group of conf/ whose options are composed by name.

    Args:
        name: of the group, as `pose/estimator`.
        key: what the user types names in, for messages.
    """

    def __init__(self, name: str, key: str) -> None:
        schema.register()
        self.name = name
        self.key = key
        self._loader = ConfigLoaderImpl(create_config_search_path(str(schema.PROJECT_ROOT / "conf")))

    @property
    def options(self) -> Sequence[str]:
        """The names of the options."""
        return list(self._loader.get_group_options(self.name, ObjectType.CONFIG))

    def check(self, option: str) -> None:
        """Refuse a name that is no option.

        Raises:
            ConfigError: Says which there are.
        """
        if option not in self.options:
            near = nearest(option, self.options)
            advice = f"type {near}" if near else f"there are {listed(self.options, 'and')}"
            raise ConfigError(f"{self.key}: {option} is no option of {self.name}; {advice}")

    def compose(self, option: str, settings: Mapping[str, Any], root: DictConfig) -> dict[str, Any]:
        """Compose an option with some of its keys changed.

        Args:
            option: Its name.
            settings: What to set, by key.
            root: The config that its interpolations look into.

        Returns:
            Plain values, for `hydra.utils.instantiate`.

        Raises:
            ConfigError: It is no option, or has no such key, or would call what it must not.
        """
        self.check(option)
        composed = self._loader.load_configuration(None, [f"+{self.name}={option}"], RunMode.RUN)
        parts = self.name.split("/")
        own = OmegaConf.select(composed, ".".join(parts))
        for key in settings:
            if key not in own:
                near = nearest(str(key), [str(name) for name in own])
                advice = f"type {near}" if near else f"it has {listed([str(name) for name in own], 'and')}"
                raise ConfigError(f"{self.key}: {option} has no key {key}; {advice}")
        whole = copy.deepcopy(root)
        OmegaConf.set_struct(whole, False)
        with open_dict(whole):
            OmegaConf.update(whole, ".".join(parts), OmegaConf.merge(own, dict(settings)), merge=False, force_add=True)
        values: dict[str, Any] = plain(OmegaConf.select(whole, ".".join(parts)))
        check_targets(values, OmegaConf.to_container(own, resolve=False))
        return values
