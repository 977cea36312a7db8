"""Fork a process for each line of standard input, with what takes long to import imported already."""

import importlib
import json
import os
import sys
from multiprocessing import forkserver

from sweeps.launch.local.pool import start_forkserver

SLOW_IMPORTS = (
    *("torch", "pytorch_lightning", "torchmetrics.classification", "hydra.main"),
    *("matplotlib.backends.backend_agg", "matplotlib.figure", "psutil", "filelock", "rich.table"),
    *("mlflow.store.tracking.sqlalchemy_store", "mlflow.store.artifact.local_artifact_repo"),
)
for module in SLOW_IMPORTS:
    importlib.import_module(module)

start_forkserver()  # one for all: what is forked here would each start its own
for line in sys.stdin:
    order = json.loads(line)
    if "wait" in order:
        print(os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1]), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        forkserver.ensure_running = forkserver._forkserver.ensure_running = lambda: None
        for number, name in enumerate((os.devnull, order["out"], order["err"])):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.argv = ["app.py", *order["arguments"]]
        exec(compile(order["code"], "<app.py>", "exec"), {"__name__": "__main__"})
        sys.exit()
    print(pid, flush=True)
