"""One Slurm for all tests of this folder."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import sweeps.launch.plan
from sweeps.config import schema
from tests.conftest import ROOT
from tests.sweeps.launch.slurm.cluster import Cluster, why_not

APP = (ROOT / "tests/programs/app.py").read_text()
CONF = """
defaults: [_self_, {override hydra/launcher: slurm}, {override hydra/job_logging: stdout}]
seed: 0
what: ok
num_threads: null
output_dir: ???
tracking: {uri: "sqlite:///${output_dir}/mlflow.db", experiment: slurm}
sweep: {name: null, max_retries: 0, fail_fast: false, retry_failed: true}
hydra:
  run: {dir: "${output_dir}"}
  sweep: {dir: "${output_dir}/sweeps/${sweep.name}", subdir: "."}
  output_subdir: null
"""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Slurm that runs, and that every process started from here on talks to."""
    if reason := why_not():
        pytest.skip(reason)
    cluster = Cluster(tmp_path_factory.mktemp("slurm"))
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = cluster.env["SLURM_CONF"]
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()
        os.environ.pop("SLURM_CONF")
        if before is not None:
            os.environ["SLURM_CONF"] = before


class Sweep:
    """A sweep as it is started, and what it leaves."""

    def __init__(self, process, store, name):
        self.process, self.store, self.name = process, store, name

    def end(self):
        self.status, self.out, self.err = self.process.communicate()
        return self

    def children(self):
        return sweeps.launch.plan.children_of(self.store, self.parent().info.run_id)

    def statuses(self):
        """The status of each job's run, by what is told of it."""
        return {run.data.params["what"]: run.info.status for run in self.children()}

    def parent(self):
        [experiment] = self.store.client.search_experiments(filter_string="name = 'slurm'")
        runs = self.store.client.search_runs([experiment.experiment_id], f"tags.sweep = '{self.name}'")
        [parent] = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        return parent

    def said(self, number):
        """What a job, from 1, wrote in its log."""
        file = self.store.output_dir / "sweeps" / self.name / f"{number}.log"
        return file.read_text() if file.exists() else ""

    def wait_for(self, pattern, count=1, timeout=60):
        """Wait until so many logs hold a line."""
        folder = self.store.output_dir / "sweeps" / self.name
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if sum(bool(re.search(pattern, log.read_text(), re.MULTILINE)) for log in folder.glob("*.log")) >= count:
                return
            time.sleep(0.1)
        raise TimeoutError([log.read_text() for log in folder.glob("*.log")])


@pytest.fixture(scope="session")
def start_sweep(cluster, fork_python, store, outputs, tmp_path_factory):
    """Start the command of a sweep on the tests' Slurm."""
    conf = tmp_path_factory.mktemp("slurm_conf")
    (conf / "app.yaml").write_text(CONF)
    launcher = conf / "hydra" / "launcher"
    launcher.mkdir(parents=True)
    for name in ("slurm", "slurm_gpu", "local"):
        (launcher / f"{name}.yaml").write_text((ROOT / f"conf/hydra/launcher/{name}.yaml").read_text())

    def start(name, *overrides):
        on_slurm = [] if "hydra/launcher=local" in overrides else ["hydra.launcher.mem_gb=1"]
        words = ["-m", f"output_dir={outputs}", f"sweep.name={name}", *on_slurm, *overrides]
        return Sweep(fork_python(APP, Path(__file__).parent, "slurm_app", conf, *words), store, name)

    return start


def compose_launcher(*overrides: str) -> dict[str, object]:
    """What Hydra hands to the launcher of a command, as it stands in conf/."""
    schema.register()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("train", [*overrides, "output_dir=x"], return_hydra_config=True)
    resolved = OmegaConf.to_container(config.hydra.launcher, resolve=True)
    return {key: value for key, value in resolved.items() if key != "_target_"}
