"""What the jobs of a command do: a function, and what those who run it must know of it."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from omegaconf import DictConfig

from sweeps.config.limits import NO_LIMITS, Limits
from sweeps.errors import ConfigError
from sweeps.runtime.job_context import JobContext

if TYPE_CHECKING:
    from hydra.types import TaskFunction

    from sweeps.launch.job import Job

JobFunction = Callable[[DictConfig, JobContext], Any]


class Batch(Protocol):
    """Some jobs of a sweep that is open already: what a search launches at a time."""

    def run(self, configs: Sequence[DictConfig], first: int, folder: Path, run_jobs: Any) -> Sequence[Job]:
        """Run those that are not finished yet; see `sweeps.launch.sweep.OpenSweep.run`."""


@dataclass(frozen=True)
class Task:
    """What Hydra hands from the command to its sweeper and its launcher, in place of a bare function.

    Args:
        function: does a job.
        expected_errors: exceptions whose message is for the user: one line, no traceback.
        limits: what the rooms say about their arguments.
        digest_of: returns a digest of the data that a job's config names, by which a sweep knows what is done already.
        left_out: jobs that the sweep is made without, and why.
        batch: the sweep that its jobs belong to, where that is open already.
    """

    function: JobFunction
    expected_errors: tuple[type[Exception], ...] = (ConfigError,)
    limits: Limits = NO_LIMITS
    digest_of: Callable[[DictConfig], str] = field(default=lambda _: "")
    left_out: tuple[str, ...] = ()
    batch: Batch | None = None

    @classmethod
    def of(cls, function: TaskFunction | Task) -> Task:
        """Make a task of any function that Hydra was given; a task stays what it is."""
        return function if isinstance(function, Task) else cls(accept_context(function))

    @property
    def __wrapped__(self) -> JobFunction:
        """The function: Hydra names the command after where it stands."""
        return self.function

    def __call__(self, config: DictConfig) -> Any:
        """Do a job that stands for itself."""
        from hydra.core.hydra_config import HydraConfig

        overrides = tuple(HydraConfig.get().overrides.task)
        return self.function(config, self.context(overrides=overrides))

    def context(self, **own: Any) -> JobContext:
        """Return the context of one of its jobs.

        Args:
            **own: what the job alone knows.
        """
        return JobContext(left_out=self.left_out, limits=self.limits, expected_errors=self.expected_errors, **own)


def accept_context(function: Callable[..., Any]) -> JobFunction:
    """Return the function as one of a config and a context; one that asks for no context is not given any."""
    if len(inspect.signature(function).parameters) > 1:
        return function

    def without_context(config: DictConfig, _: JobContext) -> Any:
        return function(config)

    without_context.__wrapped__ = function  # type: ignore[attr-defined]  # by it TaskReference finds the function
    return without_context


@dataclass(frozen=True)
class TaskReference:
    """Where another process finds the function that a job calls.

    The function itself cannot be sent: in the process that was started with it, it is in `__main__`, under the name of
    the entry point that wraps it.
    """

    module: str
    file: str
    name: str

    @classmethod
    def of(cls, task: Task) -> TaskReference:
        """Refer to a function at the top of a module or a script."""
        function = inspect.unwrap(task.function)
        return cls(function.__module__, str(Path(inspect.getfile(function)).resolve()), function.__name__)

    def load(self) -> JobFunction:
        """Find the function, imported from its file if need be; of an entry point what it wraps."""
        folder, name = str(Path(self.file).parent), self.module
        if name == "__main__":
            name = Path(self.file).stem
        if folder not in sys.path:
            sys.path.insert(0, folder)
        return accept_context(inspect.unwrap(getattr(importlib.import_module(name), self.name)))
