"""Settings that nothing has a use for: refused, rather than read and ignored.

What a room says under UNUSED is (argument, test, names, text): where the test holds for the argument's value, or the
class of a group's option, nothing uses what the names stand for. The text may speak of `{option}`, which is the option
as it was typed, or of `{this}`, which is the group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from sweeps.config.limits import Limits
from sweeps.errors import ConfigError


class ComposedJob(NamedTuple):
    """One job of a command.

    Attributes:
        config: What it comes to, without Hydra's own part.
        overrides: What was typed for it, or set by the preset of a sweep.
    """

    config: DictConfig
    overrides: list[str]


def check_unused(jobs: Sequence[ComposedJob], limits: Limits) -> None:
    """Refuse overrides that no job has a use for.

    Where some jobs have, what all jobs share may be meant for those.

    Raises:
        ConfigError: No job uses an override, or it makes two jobs the same.
    """
    for statement in _Unused.all_of(limits):
        statement.refuse(jobs)


def unused_keys(config: DictConfig, limits: Limits) -> list[str]:
    """List the keys and groups that nothing in a config has a use for."""
    return [key for one in _Unused.all_of(limits) if one.is_met(config) for key in one.keys]


class _Unused(NamedTuple):
    """One of the rooms' statements about what is not used."""

    limits: Limits
    argument: str
    test: Callable[[Any], bool]
    names: Sequence[str]
    text: str

    @classmethod
    def all_of(cls, limits: Limits) -> list[_Unused]:
        return [cls(limits, *statement) for statement in limits.stated("UNUSED")]

    @property
    def keys(self) -> list[str]:
        return [key for name in self.names for key in self.limits.keys_of(name)]

    def is_met(self, config: DictConfig) -> bool:
        values = self._values(config)
        return bool(values) and all(map(self.test, values))

    def refuse(self, jobs: Sequence[ComposedJob]) -> None:
        idle = [job for job in jobs if self.is_met(job.config)]
        count = sum(len(self._values(job.config)) for job in jobs)
        this = f"this {self._typed}" if count == 1 else f"each {self._typed} here"
        seen: dict[tuple[str, ...], list[str]] = {}
        for job in idle:
            unused = [line for line in job.overrides if self._is_unused(line)]
            option = self._option(job)
            if unused and len(idle) == len(jobs):
                raise ConfigError(f"{unused[0]}: {self.limits.in_keys(self.text.format(option=option, this=this))}")
            used = tuple(line for line in job.overrides if line not in unused)
            twice = [line for line in unused if line not in seen.setdefault(used, unused)]
            if twice and "{option}" in self.text:
                raise ConfigError(
                    f"{twice[0]}: {option} does not use it, its jobs would be the same twice; "
                    f"type two commands, one without {option} and one with it alone"
                )

    @property
    def _typed(self) -> str:
        return self.limits.key_of(self.argument)

    def _values(self, config: DictConfig) -> list[Any]:
        """List what the test is about: the classes of a group, or the value of an argument."""
        for key in self.limits.keys_of(self.argument):
            if key in self.limits.classes:
                return list(self.limits.classes[key](config))
            value = OmegaConf.select(config, key)
            if value is not None:
                return [value.get("_target_", "") if isinstance(value, DictConfig) else value]
        return []

    def _option(self, job: ComposedJob) -> str:
        """Return how the option was chosen; its class where it was not typed, but taken from another run."""
        typed = [line for line in job.overrides if line.startswith(f"{self._typed}=")]
        return typed[-1] if typed else str(self._values(job.config)[0]).rpartition(".")[2]

    def _is_unused(self, line: str) -> bool:
        key, _, value = line.lstrip("+").partition("=")
        key = key.replace("/", ".")
        return value not in self._true_anyway(key) and any(f"{key}.".startswith(f"{own}.") for own in self.keys)

    def _true_anyway(self, key: str) -> Sequence[str]:
        return next(
            (values for name, values in self.limits.named("TRUE_ANYWAY") if key in self.limits.keys_of(name)), ()
        )
