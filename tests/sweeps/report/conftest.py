"""Sweeps whose numbers are known, in the real store, and the door of report.py in this process."""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow.entities import Metric, Param, RunTag

import report
from sweeps.tracking.predictions import PREDICTIONS_FILE, prediction_frame
from sweeps.tracking.store import Store
from sweeps.tracking.sweep_runs import RequestedJob, write_grid
from tests.helpers import Ended

CLASSES = ["carrying", "falling down", "lying down"]
PARAMS = {
    "datamodule._target_": "datamodules.synthetic.SyntheticDataModule",
    "datamodule.split.protocol": "subject",
    "datamodule.sequence_length": "9",
    "datamodule.abnormal_classes": '["falling down", "lying down"]',
    "model.num_layers": "3",
    "model.hidden_size": "128",
    "optimizer.lr": "0.001",
    "trainer.max_epochs": "4",
}
TAGS = {
    "data_digest": "d1",
    "git_commit": "c1",
    "git_dirty": "false",
    "data.windows_train": "400",
    "data.windows_test": "100",
}


@dataclass
class MadeSweep:
    """A parent run and its children, written as train.py writes them."""

    store: Store
    name: str
    parent_id: str

    def job(
        self,
        typed: Sequence[str],
        accuracy: float,
        *,
        status: str = "FINISHED",
        curve: Sequence[float] = (0.4, 0.6, 0.7, 0.8),
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        predicts: bool = False,
    ) -> str:
        client = self.store.client
        own = {"mlflow.parentRunId": self.parent_id, "overrides": json.dumps(list(typed)), **TAGS, **(tags or {})}
        run_id: str = client.create_run(self.store.experiment_id, tags=own).info.run_id
        optimizer = {"adam": "torch.optim.Adam", "rmsprop": "torch.optim.RMSprop"}
        chosen = next((word.partition("=")[2] for word in typed if word.startswith("optimizer=")), "adam")
        given = {**PARAMS, "optimizer._target_": optimizer[chosen], **(params or {})}
        values = {
            "test/accuracy": accuracy,
            "test/recall/carrying": accuracy - 0.05,
            "test/recall/falling_down": accuracy,
            "test/recall/lying_down": accuracy + 0.02,
            **(metrics or {}),
        }
        rows = [Metric(key, value, 1, len(curve)) for key, value in values.items()]
        rows += [Metric(f"{part}/accuracy", v, 1, i + 1) for part in ("train", "val") for i, v in enumerate(curve)]
        rows += [Metric(f"{part}/loss", 1 - v, 1, i + 1) for part in ("train", "val") for i, v in enumerate(curve)]
        client.log_batch(run_id, rows, [Param(*pair) for pair in given.items()], [RunTag("cell", str(sorted(typed)))])
        if predicts:
            self._predict(run_id, accuracy)
        client.set_terminated(run_id, status)
        return run_id

    def _predict(self, run_id: str, accuracy: float) -> None:
        """100 windows of 20 recordings, right in the first ones, as many as the accuracy says."""
        target = np.arange(100) % 3
        probabilities = np.zeros((100, 3))
        right = np.arange(100) < round(100 * accuracy)
        probabilities[np.arange(100), np.where(right, target, (target + 1) % 3)] = 1
        recordings = [f"r{window // 5}" for window in range(100)]
        frame = prediction_frame(recordings, recordings, target, probabilities, CLASSES)
        path = self.store.output_dir / PREDICTIONS_FILE
        frame.to_parquet(path)
        self.store.client.log_artifact(run_id, str(path))

    def grid(self, jobs: Sequence[Sequence[str]]) -> None:
        write_grid(self.store.client, self.parent_id, 0, [RequestedJob("", list(job)) for job in jobs])

    def files(self) -> set[str]:
        return {entry.path for entry in self.store.client.list_artifacts(self.parent_id, "report")}


@pytest.fixture(scope="session")
def make_sweep(store: Store) -> Callable[[str], MadeSweep]:
    def make(name: str) -> MadeSweep:
        run = store.client.create_run(store.experiment_id, tags={"sweep": name}, run_name=name)
        store.client.set_terminated(run.info.run_id)
        return MadeSweep(store, name, run.info.run_id)

    return make


@pytest.fixture
def type_report(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Ended]:
    """Run report.py in this process, as a shell would start it."""

    def typed(command: str, output_dir: Any = outputs) -> Ended:
        out, err, status = io.StringIO(), io.StringIO(), 0
        words = [*shlex.split(command), f"output_dir={output_dir}"]
        monkeypatch.setattr(sys, "argv", ["report.py", *words])
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                report.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        return Ended(status, out.getvalue(), err.getvalue())

    return typed
