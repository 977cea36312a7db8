"""Several processes that do one job together, started from the job's own arguments and never from the command line."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from lightning_fabric.plugins.environments.lightning import find_free_network_port
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, start_processes

from lightning_modules.atomic import replace_file

R = TypeVar("R")

# Imported once, in a process that the ranks are forked from: those of a sweep's later jobs start at once.
_PRELOADED = ["torch", "pytorch_lightning", "torchmetrics.classification", "mlflow"]
# What a terminal or Slurm sends to every process of a job: it is for the process that started the ranks to act on.
_FOR_THE_PARENT = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")


def run_ranks(function: Callable[..., R], arguments: tuple[Any, ...], world_size: int) -> R:
    """Call `function(*arguments)` in `world_size` new processes that find each other as PyTorch's ranks.

    Lightning would start the ranks by running the command again, which under `-m` is the whole sweep. A rank that dies
    ends the others, and so does whatever is raised here meanwhile, such as Ctrl-C; none outlives this process.

    Args:
        function: a function of a module, which the new processes import by its name.
        arguments: what it gets, in every rank alike.
        world_size: how many processes, on this machine.

    Returns:
        What the function returned in rank 0.

    Raises:
        Exception: what it raised in the first rank that failed, where pickle can restore that.
        RuntimeError: a rank died without an exception.
    """
    logging.getLogger("torch.multiprocessing.spawn").setLevel(logging.ERROR)  # says whom it ends
    _start_forkserver()
    others = multiprocessing.active_children()
    with tempfile.TemporaryDirectory(prefix="ranks-") as name:
        folder = Path(name)
        shared = (function, arguments, world_size, find_free_network_port(), folder)
        try:
            context = start_processes(  # type: ignore[no-untyped-call]
                _run_rank, shared, world_size, join=False, start_method="forkserver"
            )
            while not context.join(grace_period=0):  # at once: a rank that waits for another in C++ hears no SIGTERM
                pass
        except ProcessRaisedException as failure:
            raise _first_error(folder) or RuntimeError(failure.msg) from None
        except ProcessExitedException as failure:
            raise _first_error(folder) or _exit_error(failure, world_size) from None
        finally:
            _kill([process for process in multiprocessing.active_children() if process not in others])
        result: R = pickle.loads((folder / "result").read_bytes())  # noqa: S301  # written by rank 0, a moment ago
        return result


def _start_forkserver() -> None:
    """Start the server that the ranks are forked from, deaf to USR2 as a rank is from its first moment."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(_PRELOADED)
    if hasattr(signal, "SIGUSR2") and threading.current_thread() is threading.main_thread():
        previous = signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        try:
            forkserver.ensure_running()
        finally:
            signal.signal(signal.SIGUSR2, previous)


def _run_rank(
    rank: int, function: Callable[..., Any], arguments: tuple[Any, ...], size: int, port: int, folder: Path
) -> None:
    for name in _FOR_THE_PARENT:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    os.environ.update(
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), WORLD_SIZE=str(size), LOCAL_RANK=str(rank), NODE_RANK="0",
        RANK=str(rank), GROUP_RANK="0",
    )  # fmt: skip
    try:
        result = function(*arguments)
        if rank == 0:
            (folder / "result").write_bytes(pickle.dumps(result))
    except Exception as error:
        with replace_file(folder / f"error-{rank}") as file:  # this rank may be killed because another failed
            pickle.dump(_picklable(error, f"In rank {rank} of {size}:\n{traceback.format_exc()}"), file)
        raise


def _kill(processes: Sequence[BaseProcess]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.join()


def _exit_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _picklable(error: Exception, note: str) -> Exception:
    """Return the error, or a RuntimeError that says the same where pickle cannot restore it, with a note."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # made right here
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(note)
    return error


def _first_error(folder: Path) -> Exception | None:
    """Return the error that a rank wrote first: those of the others follow from it."""
    files = sorted(folder.glob("error-*"), key=lambda file: file.stat().st_mtime_ns)
    error: Exception | None = pickle.loads(files[0].read_bytes()) if files else None  # noqa: S301  # written by a rank
    return error


def _exit_error(failure: ProcessExitedException, world_size: int) -> RuntimeError:
    how = f"was killed by {failure.signal_name}" if failure.signal_name else f"exited with status {failure.exit_code}"
    return RuntimeError(f"rank {failure.error_index} of {world_size} {how}")
