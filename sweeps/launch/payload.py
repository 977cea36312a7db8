"""A job as it is handed to another process, and what that process does with it."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from sweeps.config.hydra_adapter import error_of
from sweeps.config.limits import Limits
from sweeps.launch.locks import CellLock
from sweeps.launch.task import TaskReference
from sweeps.runtime.job_context import JobContext, ProgressListener
from sweeps.tracking.lifecycle import describe_error

if TYPE_CHECKING:
    from hydra.types import HydraContext


@dataclass(frozen=True)
class Payload:
    """All that a process needs to do a job.

    Args:
        task: where its function is.
        expected_errors: exceptions of it whose message is for the user.
        hydra: Hydra's context, of the multirun.
        singletons: Hydra's, such as its config store.
        config: the job's, with Hydra's own part.
        context: where the job belongs.
        lock: says who works on its cell.
    """

    task: TaskReference
    expected_errors: tuple[type[Exception], ...]
    hydra: HydraContext
    singletons: dict[Any, Any]
    config: DictConfig
    context: JobContext
    lock: CellLock


@dataclass(frozen=True)
class JobResult:
    """How a job ended: with a value, or an error that the job's own output has in full already."""

    value: Any = None
    error: str | None = None


def run_payload(payload: Payload, listener: ProgressListener) -> JobResult:
    """Do a job in this process, as Hydra would.

    Args:
        payload: the job.
        listener: hears how far it is.

    Returns:
        What the task returned; or, of an exception or `sys.exit`, one line that says why. An interrupt goes on up.
    """
    from hydra.core.singleton import Singleton
    from hydra.core.utils import JobStatus, run_job, setup_globals

    from sweeps.config import schema
    from sweeps.runtime.signals import was_interrupted

    setup_globals()
    Singleton.set_state(payload.singletons)
    schema.register()
    context = replace(payload.context, listener=listener)
    function = payload.task.load()
    try:
        with payload.lock.held():
            result = run_job(
                hydra_context=payload.hydra,
                task_function=functools.partial(_call, function, context),
                config=payload.config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
            )
    except SystemExit as error:
        if was_interrupted(error):
            raise
        return JobResult(error=f"it exited with status {error.code}")
    if result.status is JobStatus.COMPLETED:
        return JobResult(value=result.return_value)
    return JobResult(error=explain_failure(error_of(result), payload.expected_errors, payload.context.limits))


def _call(function: Any, context: JobContext, config: DictConfig) -> Any:
    return function(config, context)


def explain_failure(error: BaseException, expected_errors: Sequence[type[Exception]], limits: Limits) -> str:
    """Say in one line why a job failed; a traceback first, on stderr, where the user is not the one to mend it."""
    if isinstance(error, tuple(expected_errors)):
        line = " ".join(limits.in_keys(str(error)).split())
        print(f"error: {line}", file=sys.stderr, flush=True)
        return line
    traceback.print_exception(error)
    return describe_error(error)
