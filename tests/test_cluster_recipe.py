"""docs/cluster.md: what it says to type, typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from tests.servers import INITDB, free_port

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r'^```sh title="(?P<title>[^"]+)"\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
ORDER = ["settings", "database", "server", "a first try", "report", "stop the server", "stop the database"]
OF_DATABASE = ("database", "stop the database")  # PostgreSQL refuses root


class Typed:
    """Types boxes of the page, in a home of its own and at ports that are free."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.boxes = {box["title"]: box["text"] for box in BLOCK.finditer((ROOT / "docs/cluster.md").read_text())}
        self.port = free_port()
        settings = self.boxes["settings"]
        assert "PGPORT=5432 PORT=5000" in settings
        self.settings = settings.replace("5432", str(free_port())).replace("5000", str(self.port))

    def type(self, title: str) -> str:
        script = f"set -euo pipefail\n{self.settings}\n{self.boxes[title]}"
        other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        user = other if title in OF_DATABASE and os.getuid() == 0 else []
        environment = {
            "HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
        log = self.home / f"{title}.log"
        with log.open("w") as file:  # a file, not a pipe, which what goes on in the background would hold open
            command = [*user, "bash", "-c", script]
            cwd = self.home if title in OF_DATABASE else ROOT
            done = subprocess.run(command, cwd=cwd, env=environment, stdout=file, stderr=file, check=False, timeout=300)
        assert done.returncode == 0, log.read_text()
        return log.read_text()


@pytest.fixture
def typed() -> Iterator[Typed]:
    with tempfile.TemporaryDirectory() as folder:  # not pytest's, which the user postgres cannot get at
        if os.getuid() == 0:
            subprocess.run(["chown", "postgres", folder], check=True)
        yield Typed(Path(folder))


def test_the_page_has_the_boxes_that_are_typed(typed: Typed) -> None:
    assert list(typed.boxes) == ORDER


@pytest.mark.slow
@pytest.mark.skipif(not INITDB, reason="needs PostgreSQL: make setup-services")
def test_the_recipe_for_a_cluster_ends_in_a_tracked_sweep_and_its_report(typed: Typed) -> None:
    try:
        typed.type("database")
        typed.type("server")
        shown = typed.type("a first try")
        assert f"http://127.0.0.1:{typed.port}/#/compare-runs" in shown
        typed.type("report")
        client = mlflow.MlflowClient(f"http://127.0.0.1:{typed.port}")
        experiment = client.get_experiment_by_name("debug")
        assert experiment.artifact_location.startswith("mlflow-artifacts:/")
        runs = client.search_runs([experiment.experiment_id])
        assert [run.info.status for run in runs] == ["FINISHED"] * 3
        [parent] = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        assert "report/report.html" in {entry.path for entry in client.list_artifacts(parent.info.run_id, "report")}
        assert (typed.home / "tracking" / "artifacts").is_dir()
    finally:
        for title in ("stop the server", "stop the database"):
            typed.type(title)
