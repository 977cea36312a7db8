"""Types commands at train.py in this process or another one, and looks at what they left behind."""

from __future__ import annotations

import contextlib
import io
import pickle
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from mlflow.entities import Run

import train
from sweeps.tracking.store import Store

CONF = Path(train.__file__).parent / "conf"
PARTS = ("train", "val", "test")
BASELINES = ("majority", "random_forest", "svm")  # models that are no networks
SPEEDS = {"fit_seconds", "predict_windows_per_s"}  # no two runs agree on these
# A run of two epochs in about a second.
LITTLE = (
    "trainer.accelerator=cpu trainer.max_epochs=2 datamodule.batch_size=32 "
    "model.hidden_size=8 model.num_layers=2 num_threads=1 tracking.experiment=test"
)
LITTLE_DATA = "datamodule.frames=3000"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def run_id(self) -> str:
        """Id of the single run, or of a sweep's best job, that it says."""
        return re.findall(r"^(?:Run|Best by .*, run) (\w{32})$", self.out, re.MULTILINE)[-1]


class Typist:
    """Types at train.py, or another door, with everything written to one folder and one store."""

    def __init__(self, outputs: Path, store: Store) -> None:
        self.outputs = outputs
        self.store = store

    def words(self, command: str) -> list[str]:
        """The command's words, with where to write."""
        return [*shlex.split(command), f"output_dir={self.outputs}"]

    def type(self, command: str, door: ModuleType = train) -> Ended:
        """Run a command in this process, as a shell would start it."""
        out, err, status = io.StringIO(), io.StringIO(), 0
        previous, sys.argv = sys.argv, [f"{door.__name__}.py", *self.words(command)]
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                door.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            sys.argv = previous
        return Ended(status, out.getvalue(), err.getvalue())

    def train(self, command: str) -> Done:
        """Run a command that must go well."""
        ended = self.type(command)
        assert ended.status == 0, ended.err
        return self.done(ended.run_id)

    def done(self, run_id: str) -> Done:
        """What a run left."""
        return Done(self.store, self.store.client.get_run(run_id))


@dataclass(frozen=True)
class Done:
    """A run that has ended, as it is in the store and on disk."""

    store: Store
    run: Run

    @property
    def id(self) -> str:
        return str(self.run.info.run_id)

    @property
    def status(self) -> str:
        return str(self.run.info.status)

    @property
    def folder(self) -> Path:
        return self.store.output_dir / "runs" / self.id

    def history(self) -> dict[str, list[tuple[int, float]]]:
        """Steps and values of every metric but the speeds, in the order of their steps."""
        client = self.store.client
        return {
            key: sorted((metric.step, metric.value) for metric in client.get_metric_history(self.id, key))
            for key in client.get_run(self.id).data.metrics.keys() - SPEEDS
        }

    def artifacts(self, folder: str | None = None) -> set[str]:
        """Paths of all artifacts."""
        found = self.store.client.list_artifacts(self.id, folder)
        inside = [self.artifacts(item.path) for item in found if item.is_dir]
        return {item.path for item in found if not item.is_dir}.union(*inside)

    def checkpoint(self, name: str = "last.ckpt") -> dict[str, Any]:
        """A checkpoint, read without running any code in it."""
        content: dict[str, Any] = torch.load(self.folder / name, weights_only=True)
        return content

    def model(self) -> torch.nn.Module:
        """The logged model."""
        import mlflow.pytorch

        mlflow.set_tracking_uri(self.store.uri)
        model: torch.nn.Module = mlflow.pytorch.load_model(f"runs:/{self.id}/model")
        return model

    def children(self) -> list[Done]:
        """The runs of a sweep's jobs, in the order in which they started."""
        query = f"tags.`mlflow.parentRunId` = '{self.id}'"
        found = self.store.client.search_runs([self.run.info.experiment_id], query)
        return [Done(self.store, run) for run in sorted(found, key=lambda run: run.info.start_time)]


def without_pose(monkeypatch: pytest.MonkeyPatch) -> None:
    """As before `make pose`: what it installs can neither be found nor imported."""
    for name in ("av", "cv2", "mmengine", "mmcv", "mmdet", "mmpose", "pycocotools"):
        monkeypatch.setitem(sys.modules, name, None)


def assert_same_weights(one: Done, other: Done, name: str = "last.ckpt") -> None:
    """Weights and the optimizer's memory agree to the last bit."""
    first, second = (done.checkpoint(name) for done in (one, other))
    assert first["epoch"] == second["epoch"]
    assert_same(first["state_dict"], second["state_dict"], "state_dict")
    assert_same(first["optimizer_states"], second["optimizer_states"], "optimizer_states")


def assert_same(one: Any, other: Any, where: str) -> None:
    """Nested containers of tensors and plain values agree to the last bit."""
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            assert_same(first, second, f"{where}[{index}]")
    else:
        assert one == other, where


def option_files() -> list[Path]:
    """Every file that is an option of a group, relative to conf/."""
    return sorted(path.relative_to(CONF) for path in CONF.glob("**/*.yaml") if path.parent != CONF)


def choose(option: Path, pickle_file: Path | None = None) -> str:
    """What to type for an option, with a value for each key that has none of its own.

    Args:
        option: file of a group, relative to conf/.
        pickle_file: PYSKL file for keys that ask for a path.
    """
    group, name = option.parent.as_posix(), option.stem
    filled = {"path": str(pickle_file or "keypoints.pkl"), "train": "part_train", "test": "part_test"}
    values = [f"{package}.{key}={filled[key]}" for package, key in _needed(option)]
    if group == "sweep":
        return f"+sweep={name}"
    if option.parent.name == "common":  # a base that data modules share
        return f"datamodule/common@datamodule={name}"
    return " ".join([f"{group}={name}", *values])


def _needed(option: Path) -> list[tuple[str, str]]:
    """Package and name of each key without a value, also of the files that an option builds on."""
    content = yaml.safe_load((CONF / option).read_text()) or {}
    needed = [(option.parent.as_posix().replace("/", "."), key) for key, value in content.items() if value == "???"]
    for base in content.get("defaults", []):
        if isinstance(base, str) and (CONF / option.with_name(f"{base}.yaml")).is_file():
            needed += _needed(option.with_name(f"{base}.yaml"))
        elif isinstance(base, dict) and "override /datamodule" in base:
            needed += _needed(Path("datamodule") / f"{base['override /datamodule']}.yaml")
    return needed


def write_pyskl(path: Path, clips: int = 40, frames: int = 24, joints: int = 17) -> Path:
    """Write a small PYSKL pickle: two classes that differ, one person a clip, every joint found in every frame."""
    draw = np.random.default_rng(0)
    names = [f"S{number:03}C{number % 4:03}P{number % 8:03}R001A001" for number in range(clips)]
    annotations = []
    for number, name in enumerate(names):
        label = (number // 2) % 2
        drift = np.linspace(0, 120 * label, frames)[None, :, None, None]
        keypoints = draw.normal(300, 20, (1, 1, joints, 2)) + drift + draw.normal(0, 3, (1, frames, joints, 2))
        annotations.append(
            {
                "frame_dir": name,
                "total_frames": frames,
                "img_shape": (1080, 1920),
                "original_shape": (1080, 1920),
                "label": label,
                "keypoint": keypoints.astype(np.float16),
                "keypoint_score": draw.uniform(0.5, 1, (1, frames, joints)).astype(np.float16),
            }
        )
    split = {"part_train": names[: clips * 3 // 4], "part_test": names[clips * 3 // 4 :]}
    path.write_bytes(pickle.dumps({"split": split, "annotations": annotations}))
    return path
