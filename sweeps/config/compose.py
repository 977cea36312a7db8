"""Configs of conf/, composed as Hydra does, and words for what it refuses."""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from sweeps.config import schema
from sweeps.config.catalog import ConfigCatalog
from sweeps.config.hydra_adapter import make_loader
from sweeps.config.messages import listed, nearest, one_line
from sweeps.config.targets import check_hydra_targets, check_targets
from sweeps.config.validate import plain, wrong_value
from sweeps.errors import ConfigError

PRESETS = ("experiment", "sweep")  # groups whose options change the keys of others


class Composer:
    """Composer of the configs of many jobs: each choice of groups once, then each job's values on a copy.

    Args:
        catalog: What is in conf/.
        hydra: Overrides of Hydra's own part, the same for all jobs.
    """

    def __init__(self, catalog: ConfigCatalog, hydra: Sequence[str]) -> None:
        self.catalog = catalog
        self._hydra = list(hydra)
        self._composed: dict[tuple[str, ...], DictConfig] = {}
        self._stripped: dict[tuple[str, ...], DictConfig] = {}

    def base(self, groups: Sequence[str], mode: RunMode = RunMode.RUN) -> DictConfig:
        """Compose a choice of groups, with Hydra's own part; a sweep's own composition serves its jobs as well.

        Raises:
            ConfigError: Hydra cannot; or its part may call what it must not.
        """
        key = tuple(groups)
        if key not in self._composed:
            try:
                config = self.catalog.loader.load_configuration(self.catalog.config_name, [*groups, *self._hydra], mode)
            except (HydraException, ValueError) as error:
                raise _uncomposed(error, self.catalog, self._hydra) from error
            check_hydra_targets(OmegaConf.to_container(config.hydra, resolve=False))
            self._composed[key] = config
            self.catalog.composed = self.catalog.composed or config
        return self._composed[key]

    def compose(self, job: Sequence[Override]) -> DictConfig:
        """Compose one job's config.

        Raises:
            ConfigError: A key does not exist, or does not take the value.
        """
        groups, values = self._divided(job)
        config = copy.deepcopy(self._own(groups))
        for override in values:
            self._set(config, override)
        return config

    def default(self, job: Sequence[Override]) -> DictConfig:
        """Compose a job's choice of groups with nothing else changed, neither by values nor by presets."""
        base = self.base(self._divided(job)[0])
        chosen = {str(group): option for group, option in base.hydra.runtime.choices.items()}
        if all(chosen.get(preset) is None for preset in PRESETS):
            return self._own(self._divided(job)[0])
        groups = [
            f"{group}={option}"
            for group, option in chosen.items()
            if option is not None and group not in PRESETS and "@" not in group and not group.startswith("hydra/")
        ]
        return self._own(groups)

    def groups_for_all(self, task: Sequence[Override]) -> list[str]:
        """List the choices of groups that all jobs of a sweep share."""
        return self._divided([override for override in task if not override.is_sweep_override()])[0]

    def check_shared(self, task: Sequence[Override]) -> None:
        """Refuse values that all jobs take, but that Hydra cannot set on the options it starts the sweep from.

        Raises:
            ConfigError: Says how to give the value to the jobs alone.
        """
        groups, values = self._divided([override for override in task if not override.is_sweep_override()])
        config = copy.deepcopy(self._own(groups))
        for override in values:
            try:
                self._set(config, override)
            except ConfigError as error:
                line = f"'{override.key_or_group}=choice({override.get_value_string()})'"
                raise ConfigError(f"{override.input_line}: only some options have this key; type {line}") from error

    def _own(self, groups: Sequence[str]) -> DictConfig:
        key = tuple(groups)
        if key not in self._stripped:
            self._stripped[key] = _without_hydra(self.base(groups))
        return self._stripped[key]

    def _divided(self, job: Sequence[Override]) -> tuple[list[str], list[Override]]:
        groups, values = [], []
        for override in job:
            if self.catalog.chooses(override):
                groups.append(str(override.input_line))
            else:
                values.append(override)
        return groups, values

    def _set(self, config: DictConfig, override: Override) -> None:
        key, value = override.key_or_group, override.value()
        in_table = self.catalog.limits.in_table(key)
        try:
            OmegaConf.update(config, key, value, merge=True, force_add=override.is_add() and in_table)
        except (ConfigAttributeError, ConfigKeyError) as error:
            if in_table:
                line = str(override.input_line)
                raise ConfigError(f"{line}: adds to a table; type {shlex.quote(f'+{line}')}") from error
            if isinstance(value, dict):  # the key is one in it
                raise self.catalog.no_such_key(str(override.input_line), str(error.full_key), "VALUE") from error
            raise self.catalog.no_such_key(str(override.input_line), key, override.get_value_string()) from error
        except OmegaConfBaseException as error:
            if key not in self.catalog.keys:
                raise self.catalog.no_such_key(str(override.input_line), key, override.get_value_string()) from error
            raise wrong_value(key, value, self.catalog.keys[key], self.catalog.limits) from error


def _without_hydra(config: DictConfig) -> DictConfig:
    own = copy.deepcopy(config)
    with read_write(own), open_dict(own):
        del own["hydra"]
    return own


def _uncomposed(error: Exception, catalog: ConfigCatalog, hydra: Sequence[str]) -> ConfigError:
    """Word what Hydra refuses in its own settings, or in a config file."""
    cause = error.__cause__
    key = getattr(cause, "full_key", None)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, option = error.missing_cfg_file.rpartition("/")
        return catalog.no_such_option(f"{group}={option}", group, option) if group else _no_such_root(option, catalog)
    if key is not None and str(key).startswith("hydra."):
        line = next((text for text in hydra if text.lstrip("+").startswith(str(key))), str(key))
        if key in catalog.hydra_keys:
            return ConfigError(f"{line}: {one_line(str(cause)).split(' full_key:')[0]}")
        near = nearest(str(key), catalog.hydra_keys)
        advice = f"type {line.replace(str(key), near)}" if near else f"{catalog.program} --cfg hydra lists them"
        return ConfigError(f"{line}: no such key; {advice}")
    text = f"{error} {cause}" if isinstance(cause, OmegaConfBaseException) else str(error)
    unasked = re.match(r"Could not override '([\w/]+)'", text)
    return ConfigError((unasked and catalog.limits.unreachable(unasked[1])) or one_line(text))


def _no_such_root(name: str, catalog: ConfigCatalog) -> ConfigError:
    roots = catalog.options("")
    near = nearest(name, roots)
    return ConfigError(f"--config-name {name}: no such file in conf/{f'; type --config-name {near}' if near else ''}")


class Group:
    """A group of conf/ whose options are composed by name.

    Args:
        name: The group.
        key: The key that lists options of it, for messages.
    """

    def __init__(self, name: str, key: str) -> None:
        schema.register()
        self.name = name
        self.key = key
        self._loader = make_loader(schema.PROJECT_ROOT / "conf")

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
        config = copy.deepcopy(root)
        OmegaConf.set_struct(config, False)
        with open_dict(config):
            OmegaConf.update(config, ".".join(parts), OmegaConf.merge(own, dict(settings)), merge=False, force_add=True)
        values: dict[str, Any] = plain(OmegaConf.select(config, ".".join(parts)))
        check_targets(values, OmegaConf.to_container(own, resolve=False))
        return values
