"""Train while the server is killed before the second call of a method, and this process after the third.

METHOD SERVER_PID WORDS...; the method is one of `TrackedRun`.
"""

import os
import signal
import sys

import train
from sweeps.tracking.run import TrackedRun

name, server = sys.argv[1], int(sys.argv[2])
sys.argv[1:3] = []
real, calls = getattr(TrackedRun, name), iter(range(1, 1000))


def wrapper(*args, **kwargs):
    call = next(calls)
    if call == 2:
        os.kill(server, signal.SIGKILL)
    real(*args, **kwargs)
    if call == 3:
        os.kill(os.getpid(), signal.SIGKILL)


setattr(TrackedRun, name, wrapper)
train.main()
