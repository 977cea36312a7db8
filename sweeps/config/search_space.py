"""One key that a search may set, read from how Hydra's sweeps are typed: an interval, a range or choices."""

from __future__ import annotations

import decimal
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from sweeps.config.hydra_adapter import sweep_of
from sweeps.errors import ConfigError

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

_DIGITS = 6  # of a number from an interval, as it is handed to a job
_DIGITS_OF_STEPS = 12  # of one from a range, whose steps are sums of binary fractions
_DECADES = 1e-4  # what stands for the lower end of a logarithm that was typed as 0


@dataclass(frozen=True)
class Numbers:
    """Numbers of one key, both ends among them.

    Args:
        key: what is set.
        low: the smallest.
        high: the largest.
        step: between two of them; None for all numbers between.
        log: drawn evenly over magnitudes.
        whole: only whole ones.
    """

    key: str
    low: float
    high: float
    step: float | None = None
    log: bool = False
    whole: bool = False

    def suggest(self, trial: BaseTrial) -> str:
        """Have the study choose; gives the override."""
        if self.whole:
            step = int(self.step or 1)
            return f"{self.key}={trial.suggest_int(self.key, int(self.low), int(self.high), step=step, log=self.log)}"
        return self.line(trial.suggest_float(self.key, self.low, self.high, step=self.step, log=self.log))

    def line(self, value: float) -> str:
        """Write the override of a value: six digits, since more of them say nothing, but never beyond the ends."""
        if self.whole:
            return f"{self.key}={int(value)}"
        text = f"{value:.{_DIGITS if self.step is None else _DIGITS_OF_STEPS}g}"
        return f"{self.key}={text if self.low <= float(text) <= self.high else repr(float(value))}"

    @property
    def ends(self) -> list[str]:
        """The overrides of both ends."""
        return [self.line(self.low), self.line(self.high)]

    def describe(self) -> str:
        """Say what may be chosen."""
        steps = "" if self.step in (None, 1) else f" in steps of {self.step:g}"
        kind = "whole numbers " if self.whole else ""
        return f"{kind}{self.low:g} to {self.high:g}{steps}{' on a logarithm' if self.log else ''}"


@dataclass(frozen=True)
class Choices:
    """Values of one key, as they are written in an override, two or more."""

    key: str
    values: tuple[str, ...]

    def suggest(self, trial: BaseTrial) -> str:
        """Have the study choose; gives the override."""
        return f"{self.key}={trial.suggest_categorical(self.key, self.values)}"

    @property
    def ends(self) -> list[str]:
        """The overrides of all of them."""
        return [f"{self.key}={value}" for value in self.values]

    def describe(self) -> str:
        """Say what may be chosen."""
        return ",".join(self.values)


def read_key(override: Override) -> Numbers | Choices | str:
    """Read what an override lets a search choose; where that is one value, the override itself.

    Raises:
        ConfigError: it cannot be searched; says what to type.
    """
    key, line = override.get_key_element(), str(override.input_line)
    if not override.is_sweep_override():
        return f"{key}={override.get_value_element_as_str()}"
    sweep = sweep_of(override)
    tags = set(getattr(sweep, "tags", ()))
    if unknown := tags - {"log"}:
        raise ConfigError(f"{line}: no such tag {min(unknown)}; type tag(log,...), or leave the tag out")
    if isinstance(sweep, IntervalSweep):
        return _interval(key, line, sweep)
    if isinstance(sweep, RangeSweep):
        return _range(key, line, sweep)
    values = tuple(dict.fromkeys(override.sweep_string_iterator()))
    if tags:
        raise ConfigError(f"{line}: choices have no logarithm; type {_typed(key, 'choice', values)}")
    return f"{key}={values[0]}" if len(values) == 1 else Choices(key, values)


def _interval(key: str, line: str, sweep: IntervalSweep) -> Numbers:
    low, high, log = sweep.start, sweep.end, "log" in sweep.tags
    assert low is not None
    assert high is not None
    whole = isinstance(low, int)
    function = "int(interval" if whole else "interval"
    if low == high:
        raise ConfigError(f"{line}: is one value; type {key}={low:g}")
    if low > high:
        raise ConfigError(f"{line}: begins above its end; type {_typed(key, function, (high, low), log)}")
    if log and low <= 0:
        above = (1 if whole else high * _DECADES, high)
        advice = _typed(key, function, above, True) if high > above[0] > 0 else _typed(key, function, (low, high))
        raise ConfigError(f"{line}: a logarithm needs values above 0; type {advice}")
    return Numbers(key, low, high, None, log, whole)


def _range(key: str, line: str, sweep: RangeSweep) -> Numbers | str:
    start, stop, step = sweep.start, sweep.stop, sweep.step
    assert start is not None
    assert stop is not None
    if not step:
        raise ConfigError(f"{line}: goes no step; type {_typed(key, 'range', (start, stop))}")
    values = list(sweep.range())
    if not values:
        raise ConfigError(f"{line}: has no values; type {_typed(key, 'range', (stop, start, abs(step)))}")
    whole = all(isinstance(value, int) for value in (start, stop, step))
    if len(values) == 1:
        return f"{key}={values[0]}"
    if "log" in sweep.tags:
        function = "int(interval" if whole else "interval"
        raise ConfigError(
            f"{line}: a logarithm has no steps; type {_typed(key, function, (min(values), max(values)), True)}"
        )
    low = min(values)
    # in decimal, as they were typed: Optuna asks for a whole number of steps
    width = decimal.Decimal(str(abs(step))) * (len(values) - 1)
    high = low + int(width) if whole else float(decimal.Decimal(str(low)) + width)
    return Numbers(key, low, high, abs(step), whole=whole)


def _typed(key: str, function: str, arguments: Sequence[object], log: bool = False) -> str:
    """Write key=function(a,b), quoted for the shell."""
    inside = ",".join(f"{item:g}" if isinstance(item, float) else str(item) for item in arguments)
    call = f"{function}({inside}){')' * function.count('(')}"
    return shlex.quote(f"{key}=tag(log,{call})" if log else f"{key}={call}")


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
            ConfigError: Something cannot be searched; says what to type.
        """
        return cls(tuple({override.get_key_element(): read_key(override) for override in overrides}.values()))

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
