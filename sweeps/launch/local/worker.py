"""The process of one job: does it, tells the driver how far it is, and never outlives the driver."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import NoReturn

from sweeps.launch.payload import JobResult, run_payload
from sweeps.runtime.redirect import write_to
from sweeps.tracking import mlflow_internals

GRACE = 4.0  # seconds from the request to end until the end
# Installed packages only, which change less often than a session lasts: imported once, in the process that all jobs
# are forked from. This repository's own modules are read anew by every job.
PRELOADED = [
    "torch",
    "pytorch_lightning",
    "torchmetrics.classification",
    *mlflow_internals.LATE_IMPORTS,
    "hydra.core.utils",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "rich.progress",
    "rich.table",
    "hydra._internal.hydra",
    "filelock",
    "psutil",
    "pyarrow.parquet",
    "sqlalchemy.dialects.sqlite",
    "alembic.command",
    # What torch.export imports when it is called first, which is when the model is logged.
    "torch.export._trace",
    "torch.export._unlift",
    "torch._functorch.aot_autograd",
    "torch._inductor.fx_passes.post_grad",
    "torch._inductor.compiler_bisector",
    "torch.fx.experimental.validator",
    "sympy.tensor.tensor",
    "networkx",
]


def work(payload: bytes, pipe: Connection, log: str, environment: Mapping[str, str]) -> NoReturn:
    """Do a job and end this process: status 0 when it went well, 1 when it failed.

    Args:
        payload: a pickled `sweeps.launch.payload.Payload`.
        pipe: to the driver. Takes ``("progress", (done, total, text))`` and at the end ``("result", JobResult)``; its
            end means that the driver is gone.
        log: file that stdout and stderr are appended to.
        environment: variables to set.
    """
    import cloudpickle

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the driver decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_driver, args=(pipe,), daemon=True).start()
    write_to(log)
    os.environ.update(environment)
    result = run_payload(cloudpickle.loads(payload), lambda *numbers: _send(pipe, "progress", numbers))
    _send(pipe, "result", result)
    sys.exit(0 if result.error is None else 1)


def _end_with_driver(pipe: Connection) -> None:
    with contextlib.suppress(OSError, EOFError):
        pipe.recv()  # nothing is ever sent this way: it returns when the other end is closed
    end_softly()


def end_softly() -> None:
    """End this process as SIGTERM does, so that its run says KILLED, and without mercy a little later."""
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


def _send(pipe: Connection, kind: str, content: object) -> None:
    with contextlib.suppress(OSError):  # the driver is gone: `_end_with_driver` is about to end this
        try:
            pipe.send((kind, content))
        except (TypeError, AttributeError, ValueError):  # what the task returned cannot be sent
            pipe.send((kind, JobResult()))
