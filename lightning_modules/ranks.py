"""Several processes that do one job together, started from the job's own arguments and never from the command line."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

R = TypeVar("R")

# Imported once, in a process that the ranks are forked from: those of a sweep's later jobs start at once.
_PRELOADED = ["torch", "pytorch_lightning", "torchmetrics.classification", "mlflow"]


def run_ranks(function: Callable[..., R], arguments: tuple[Any, ...], world_size: int) -> R:
    """Calls `function(*arguments)` in `world_size` new processes that find each other as PyTorch's ranks.

    Lightning would start the ranks by running the command again, which under `-m` is the whole sweep. A rank that dies
    ends the others, and so does whatever is raised here meanwhile, such as Ctrl-C; none outlives this process.

    Args:
        function: a function of a module, to be found there by the new processes.
        arguments: what it gets, in every rank alike.
        world_size: how many processes, on this machine.

    Returns:
        What the function returned in rank 0.

    Raises:
        Exception: what it raised in the first rank that failed, where that can be sent between processes.
        RuntimeError: a rank died without an exception.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    _start_forkserver()
    with tempfile.TemporaryDirectory(prefix="ranks-") as folder:
        shared = (function, arguments, world_size, _free_port(), Path(folder))
        ranks = [context.Process(target=_rank, args=(rank, *shared), name=f"rank {rank}") for rank in range(world_size)]
        try:
            for rank in ranks:
                rank.start()
            failed = _first_failure(ranks)
        finally:
            _end(ranks)
        if failed is not None:
            raise _cause(Path(folder)) or RuntimeError(f"{failed.name} of {world_size} {_how(failed.exitcode)}")
        result: R = pickle.loads((Path(folder) / "result").read_bytes())  # noqa: S301  # written by rank 0, a moment ago
        return result


def _start_forkserver() -> None:
    """Starts what the ranks are forked from deaf to USR2: Slurm sends that to every process of a job."""
    if hasattr(signal, "SIGUSR2") and threading.current_thread() is threading.main_thread():
        previous = signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        try:
            forkserver.ensure_running()
        finally:
            signal.signal(signal.SIGUSR2, previous)


def _first_failure(ranks: Sequence[BaseProcess]) -> BaseProcess | None:
    """Waits until all have ended well, or one has not; gives that one."""
    going = list(ranks)
    while going:
        wait([rank.sentinel for rank in going])
        ended = [rank for rank in going if rank.exitcode is not None]
        if failed := next((rank for rank in ended if rank.exitcode), None):
            return failed
        going = [rank for rank in going if rank not in ended]
    return None


def _end(ranks: Sequence[BaseProcess]) -> None:
    """Ends those that are left. Not by SIGTERM: a rank that waits for another one in C++ would not notice it."""
    started = [rank for rank in ranks if rank.pid is not None]
    for rank in started:
        rank.kill()
    for rank in started:
        rank.join()


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"was killed by {signal.Signals(-exitcode).name}"
    return f"exited with status {exitcode}"


def _rank(
    rank: int, function: Callable[..., Any], arguments: tuple[Any, ...], size: int, port: int, folder: Path
) -> None:
    _belong_to_parent()
    os.environ.update(
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), WORLD_SIZE=str(size), LOCAL_RANK=str(rank), NODE_RANK="0",
        RANK=str(rank), GROUP_RANK="0",
    )  # fmt: skip
    try:
        result = function(*arguments)
        if rank == 0:
            _write(folder / "result", pickle.dumps(result))
    except Exception as error:
        _write(folder / f"error-{rank}", pickle.dumps(_sendable(error, f"rank {rank} of {size}")))
        raise SystemExit(1) from None  # told where the ranks were started


def _belong_to_parent() -> None:
    """Leaves it to the process that started this one to end it, and ends with it, however it ends."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"):  # Slurm sends its own to every process of a job
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _sendable(error: Exception, where: str) -> Exception:
    """The error, or where pickle cannot restore it one that says the same, with its traceback as a note."""
    told = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # made right here
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"In {where}:\n{told}")
    return error


def _write(file: Path, content: bytes) -> None:
    """Writes a file whole or not at all: the writer may be killed because another rank failed."""
    unfinished = file.with_suffix(".tmp")
    unfinished.write_bytes(content)
    unfinished.rename(file)


def _cause(folder: Path) -> BaseException | None:
    """The first error that a rank left, as it was raised there."""
    for file in sorted(folder.glob("error-?*"), key=lambda path: path.stat().st_mtime_ns):
        error = pickle.loads(file.read_bytes()) if not file.suffix else None  # noqa: S301  # written by a rank, a moment ago
        if isinstance(error, BaseException):
            return error
    return None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
