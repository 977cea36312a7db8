"""The keys and groups that a command line may use, looked up only once something is misspelt."""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import cached_property
from typing import Any

from hydra.core.default_element import GroupDefault
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from sweeps.config.hydra_adapter import ConfigLoaderImpl, IConfigRepository, repository_of
from sweeps.config.limits import Limits
from sweeps.config.messages import choice_of, nearest
from sweeps.errors import ConfigError


class ConfigCatalog:
    """The options and keys of conf/, as seen from one root.

    Args:
        loader: Hydra's loader of conf/.
        config_name: The root: "train".
        program: What starts it, for the lines: "python train.py".
        search_path: Overrides of hydra.searchpath, which adds folders to conf/.
        limits: What the rooms say about their arguments.

    Attributes:
        chosen: Group overrides that were typed (`optimizer=sgd`): they decide which keys there are.
        composed: What they compose to, once that is known.
    """

    def __init__(
        self, loader: ConfigLoaderImpl, config_name: str, program: str, search_path: Sequence[str], limits: Limits
    ) -> None:
        self.loader = loader
        self.config_name = config_name
        self.program = program
        self.limits = limits
        self._search_path = list(search_path)
        self.chosen: list[str] = []
        self.composed: DictConfig | None = None

    @cached_property
    def repository(self) -> IConfigRepository:
        """The files of conf/ and of what was added to its search path."""
        return repository_of(self.loader, self.config_name, self._search_path)

    def is_group(self, name: str) -> bool:
        """Return whether conf/ or Hydra has a group of this name."""
        return name not in ("", "hydra") and self.repository.group_exists(name)

    def chooses(self, override: Override) -> bool:
        """Return whether an override chooses options of a group. A dict does not, it sets keys: GROUP={KEY: VALUE}."""
        return self.is_group(override.key_or_group) and not isinstance(override.value(), dict)

    def is_chosen_by_default(self, group: str) -> bool:
        """Return whether the root's defaults list has the group: then `+` is wrong, else it is needed."""
        return "/" in group or group in self._defaults

    def options(self, group: str) -> list[str]:
        """List the options of a group."""
        return self.repository.get_group_options(group, ObjectType.CONFIG)

    @cached_property
    def groups(self) -> list[str]:
        """All groups of conf/ that have options to choose from, Hydra's own left out."""
        return [group for group in self._groups_under("") if group.split("/")[0] != "hydra" and self.options(group)]

    @cached_property
    def keys(self) -> dict[str, Any]:
        """All keys with their values, under the groups chosen; under the default ones where those do not compose."""
        return {key: value for key, value in keys_of(self._compose()).items() if not key.startswith("hydra.")}

    @cached_property
    def hydra_keys(self) -> dict[str, Any]:
        """Hydra's own keys, and the names of what holds them."""
        hydra = self._compose().hydra
        keys = keys_of(hydra) | {str(name): None for name in hydra}
        return {f"hydra.{key}": value for key, value in keys.items() if not key.startswith("runtime.")}

    def no_such_option(self, line: str, group: str, value: str) -> ConfigError:
        """Word the mistake of an option that a group does not have."""
        return ConfigError(f"{line}: no such option; type {self.option_like(group, value)}")

    def option_like(self, group: str, value: str) -> str:
        """Write what to type for the option nearest to a value, or for any where none is near."""
        options = self.options(group)
        near = value if value in options else nearest(value, options)
        plus = "" if self.is_chosen_by_default(group) else "+"
        return f"{plus}{group}={near}" if near else choice_of(plus + group, options)

    def no_such_key(self, line: str, key: str, value: str) -> ConfigError:
        """Word the mistake of a key that does not exist.

        Args:
            line: What was typed.
            key: Its key.
            value: Its value, as it was typed.
        """
        dotted = key.replace("/", ".")
        if dotted in self.keys:
            return ConfigError(f"{line}: {dotted} is a key, not a group; type {dotted}={value}")
        inside = next((name for name in self.keys if name.startswith(f"{dotted}.")), None)
        if inside is not None:
            return ConfigError(f"{line}: {dotted} holds other keys; type one of them, as {inside}={value}")
        others = self._options_with(key)
        if others:
            group, first = others[0]
            choice = f"{group}={first}" if len(others) == 1 else choice_of(group, [option for _, option in others])
            joint = "" if len(others) == 1 else " and"
            return ConfigError(f"{line}: no such key as things are chosen; type {choice}{joint} {key}={value}")
        # A dot is for keys, a slash for groups; a bare word may be either.
        near = self.nearest(key, [*([] if "." in key else self.groups), *self.keys])
        if near is None:
            return ConfigError(f"{line}: no such key; {self.program} --help lists them")
        advice = self.option_like(near, value) if near in self.groups else f"{near}={value}"
        return ConfigError(f"{line}: no such key; type {advice}")

    def nearest(self, word: str, known: Sequence[str]) -> str | None:
        """Find the key or group that a word most likely means; other frameworks' words are known."""
        meant = self.limits.synonyms.get(word)
        return meant if meant in known else nearest(word, known)

    def _compose(self) -> DictConfig:
        if self.composed is not None:
            return self.composed
        for overrides in (self.chosen, []):
            try:
                return self.loader.load_configuration(self.config_name, list(overrides), RunMode.RUN)
            except (HydraException, ValueError):
                continue
        return OmegaConf.create()

    @cached_property
    def _defaults(self) -> set[str]:
        loaded = self.repository.load_config(self.config_name)
        entries = (loaded.defaults_list or []) if loaded else []
        return {str(entry.group) for entry in entries if isinstance(entry, GroupDefault)}

    def _groups_under(self, parent: str) -> list[str]:
        names = self.repository.get_group_options(parent, ObjectType.GROUP)
        groups = [f"{parent}/{name}" if parent else name for name in names]
        return [name for group in groups for name in (group, *self._groups_under(group))]

    def _options_with(self, key: str) -> list[tuple[str, str]]:
        """Find the options, with their group, that have a key which the chosen one has not."""
        parts = key.split(".")
        for end in range(len(parts) - 1, 0, -1):
            group, rest = "/".join(parts[:end]), ".".join(parts[end:])
            if self.is_group(group):
                loaded = {option: self.repository.load_config(f"{group}/{option}") for option in self.options(group)}
                if having := [(group, name) for name, file in loaded.items() if file and rest in keys_of(file.config)]:
                    return having
        return []


def keys_of(cfg: object) -> dict[str, Any]:
    """List the values of a config by dotted key, interpolations as they are written."""
    return flatten(OmegaConf.to_container(cfg, resolve=False))


def flatten(node: object, stop: Container[str] = (), key: str = "") -> dict[str, Any]:
    """List the values of nested dicts by dotted key; a dict at a key of `stop` counts as a value."""
    if not isinstance(node, dict) or key in stop:
        return {key: node}
    flat: dict[str, Any] = {}
    for name, value in node.items():
        flat |= flatten(value, stop, f"{key}.{name}" if key else str(name))
    return flat
