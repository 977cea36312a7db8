"""A job as it is handed to another process, and what that process does with it."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from sweeps.config.hydra_adapter import error_of
from sweeps.config.limits import NO_LIMITS, Limits
from sweeps.errors import ConfigError
from sweeps.launch.locks import Claim
from sweeps.tracking.lifecycle import one_line

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction


@dataclass(frozen=True)
class TaskReference:
    """Where another process finds the function that a job calls.

    The function itself cannot be sent: in the process that was started with it, it is in `__main__`, under the name of
    the door that wraps it.
    """

    module: str
    file: str
    name: str

    @classmethod
    def of(cls, task: TaskFunction) -> TaskReference:
        """Refer to a function at the top of a module or a script."""
        return cls(task.__module__, str(Path(inspect.getfile(task)).resolve()), task.__name__)

    def load(self) -> TaskFunction:
        """Find the function, imported from its file if need be; of a door what it wraps."""
        folder, name = str(Path(self.file).parent), self.module
        if name == "__main__":
            name = Path(self.file).stem
        if folder not in sys.path:
            sys.path.insert(0, folder)
        module = importlib.import_module(name)
        task: TaskFunction = inspect.unwrap(getattr(module, self.name))
        return task


@dataclass(frozen=True)
class Order:
    """All that a process needs to do a job.

    Args:
        task: the function.
        context: Hydra's, of the multirun.
        singletons: Hydra's, such as its config store.
        config: the job's, with Hydra's own part.
        claim: says who works on it.
    """

    task: TaskReference
    context: HydraContext
    singletons: dict[Any, Any]
    config: DictConfig
    claim: Claim


@dataclass(frozen=True)
class Outcome:
    """How a job ended: with a value, or an error that was told in the job's own output already."""

    value: Any = None
    error: str | None = None


def carry_out(order: Order) -> Outcome:
    """Do a job in this process, as Hydra would.

    Returns:
        What the task returned; or, of an exception or `sys.exit`, one line that says why. An interrupt goes on up.
    """
    from hydra.core.singleton import Singleton
    from hydra.core.utils import JobStatus, run_job, setup_globals

    from sweeps.config import schema
    from sweeps.runtime.signals import was_interrupted

    setup_globals()
    Singleton.set_state(order.singletons)
    schema.register()
    task = order.task.load()
    try:
        with order.claim.held():
            result = run_job(
                hydra_context=order.context,
                task_function=task,
                config=order.config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
            )
    except SystemExit as error:
        if was_interrupted(error):
            raise
        return Outcome(error=f"it exited with status {error.code}")
    if result.status is JobStatus.COMPLETED:
        return Outcome(value=result.return_value)
    return Outcome(error=told(error_of(result), task))


def told(error: BaseException, task: Callable[..., Any]) -> str:
    """Say in one line why a job failed; a traceback first, on stderr, where the user is not the one to mend it.

    Exceptions of the classes in ``task.told``, and ConfigError, are the user's.
    """
    expected: tuple[type[BaseException], ...] = (ConfigError, *getattr(task, "told", ()))
    if isinstance(error, expected):
        limits: Limits = getattr(task, "limits", NO_LIMITS)
        line = " ".join(limits.in_keys(str(error)).split())
        print(f"error: {line}", file=sys.stderr, flush=True)
        return line
    traceback.print_exception(error)
    return one_line(error)
