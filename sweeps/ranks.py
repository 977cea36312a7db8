"""Several processes that do one job together, started from the job's own arguments and never from the command line."""

from __future__ import annotations

import os
import pickle
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run_ranks(function: Callable[..., Any], arguments: tuple[Any, ...], world_size: int) -> Any:
    """Calls `function(*arguments)` in `world_size` new processes that find each other as PyTorch's ranks.

    Lightning would start the ranks by running the command again, which under `-m` is the whole sweep. A rank that dies ends
    the others.

    Args:
        function: a function of a module, to be found there by the new processes.
        arguments: what it gets, in every rank alike.
        world_size: how many processes, on this machine.

    Returns:
        What the function returned in rank 0.

    Raises:
        Exception: what it raised in the first rank that failed, where that can be sent between processes.
    """
    import torch.multiprocessing as mp

    with tempfile.TemporaryDirectory(prefix="ranks-") as folder:
        # A module that is run as a command is called __main__ there and nothing here can be found under that name.
        context = mp.start_processes(
            _rank, (function, arguments, world_size, _free_port(), folder), world_size, join=False, start_method="spawn"
        )
        try:
            while not context.join(timeout=1):
                pass
        except BaseException as error:
            for process in context.processes:
                process.terminate()
            for process in context.processes:
                process.join()
            raise _cause(Path(folder)) or error from None
        return pickle.loads((Path(folder) / "result").read_bytes())  # noqa: S301  # written by rank 0, a moment ago


def _rank(rank: int, function: Callable[..., Any], arguments: tuple[Any, ...], size: int, port: int, folder: str) -> None:
    os.environ.update(
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), WORLD_SIZE=str(size), LOCAL_RANK=str(rank), NODE_RANK="0",
        RANK=str(rank), GROUP_RANK="0",
    )  # fmt: skip
    try:
        result = function(*arguments)
    except Exception as error:
        (Path(folder) / f"error-{rank}").write_bytes(pickle.dumps(error))
        raise
    if rank == 0:
        (Path(folder) / "result").write_bytes(pickle.dumps(result))


def _cause(folder: Path) -> BaseException | None:
    """The first error that a rank left, as it was raised there."""
    for file in sorted(folder.glob("error-*"), key=lambda path: path.stat().st_mtime_ns):
        error = pickle.loads(file.read_bytes())  # noqa: S301  # written by a rank, a moment ago
        if isinstance(error, BaseException):
            return error
    return None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
