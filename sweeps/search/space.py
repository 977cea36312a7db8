"""What a search may vary: all of its keys together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from hydra.core.override_parser.types import Override

from sweeps.errors import ConfigError
from sweeps.search.keys import Choices, Numbers, read_key

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

EXAMPLE = "'optimizer.lr=tag(log,interval(1e-5,1e-1))'"


@dataclass(frozen=True)
class Space:
    """All keys that a search sets.

    Args:
        keys: in the order in which they were typed: what varies, or the override of what all trials share.
    """

    keys: tuple[Numbers | Choices | str, ...]

    @classmethod
    def of(cls, overrides: Sequence[Override]) -> Space:
        """Read overrides; of two of the same key the later one counts.

        Raises:
            ConfigError: something cannot be searched, or nothing varies; says what to type.
        """
        keys = {override.get_key_element(): read_key(override) for override in overrides}
        if all(isinstance(key, str) for key in keys.values()):
            raise ConfigError(f"hydra/sweeper=optuna: nothing varies; type what does, for instance {EXAMPLE}")
        return cls(tuple(keys.values()))

    @property
    def varied(self) -> list[Numbers | Choices]:
        """What varies."""
        return [key for key in self.keys if not isinstance(key, str)]

    def suggest(self, trial: BaseTrial, before_each: Callable[[int], None]) -> list[str]:
        """Have the study choose a point.

        Args:
            trial: of the study; what it has chosen before stays.
            before_each: called with the index of each key that varies, right before its value is chosen.
        """
        lines = []
        for index, key in enumerate(self.keys):
            if isinstance(key, str):
                lines.append(key)
            else:
                before_each(index)
                lines.append(key.suggest(trial))
        return lines

    def corners(self, is_group: Callable[[str], bool]) -> Iterator[list[str]]:
        """Give points that, if all of them can be run, leave little doubt about the rest.

        Every combination of groups' options, since they decide which keys there are; with each, every end of every
        other key once.
        """
        groups = [key.key for key in self.varied if is_group(key.key)]
        lines = [[key] if isinstance(key, str) else key.ends for key in self.keys]
        names = [None if isinstance(key, str) else key.key for key in self.keys]
        for chosen in product(*(all_ if name in groups else all_[:1] for name, all_ in zip(names, lines, strict=True))):
            yield list(chosen)
            for index, (name, ends) in enumerate(zip(names, lines, strict=True)):
                if name not in groups:
                    yield from ([*chosen[:index], end, *chosen[index + 1 :]] for end in ends[1:])
