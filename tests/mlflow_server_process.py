"""What `mlflow server` starts, forked from a process that has imported it, so that it is back within a second.

STORE_URI ARTIFACTS PORT; each line on stdin starts a server, whose pid is printed.
"""

import os
import signal
import sys

from mlflow.server import constants

store, artifacts, port = sys.argv[1:]
os.environ.update(
    {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        constants.BACKEND_STORE_URI_ENV_VAR: store,
        constants.ARTIFACT_ROOT_ENV_VAR: "mlflow-artifacts:/",
        constants.SERVE_ARTIFACTS_ENV_VAR: "true",
        constants.ARTIFACTS_DESTINATION_ENV_VAR: artifacts,
        "_MLFLOW_SGI_NAME": "uvicorn",
    }
)

# Only now: they read the variables.
import mlflow.server.fastapi_app  # noqa: E402
import mlflow.store.tracking.sqlalchemy_store  # noqa: E402
import uvicorn  # noqa: E402

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        uvicorn.run(mlflow.server.fastapi_app.app, host="127.0.0.1", port=int(port), log_level="error")
        os._exit(0)
    print(pid, flush=True)
