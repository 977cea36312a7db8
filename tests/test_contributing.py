"""CONTRIBUTING.md: what it shows works as it stands there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("conf", "pose", "datamodules", "lightning_modules", "sweeps", "hydra_plugins")
BLOCK = re.compile(r'^```\w+ title="(?P<path>[^"]+)"\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def changed_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with every file that CONTRIBUTING.md shows, none of which it had."""
    copy = tmp_path_factory.mktemp("contributing")
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("train.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    shown = list(BLOCK.finditer((ROOT / "CONTRIBUTING.md").read_text()))
    assert len(shown) == 6
    for block in shown:
        path = copy / block["path"]
        assert not path.exists()
        path.write_text(block["text"])
    return copy


def write_tracks(path: Path) -> None:
    """Two actions of four people: one moves across, one up, each in two clips of 30 frames."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(16):
        label, subject = ("across", "up")[number % 2], f"person {number // 2 % 4}"
        for frame in range(30):
            points = rng.normal(200, 20, (17, 2))
            points[:, number % 2] += 5 * frame
            named = {f"{axis}{joint}": points[joint, i] for joint in range(17) for i, axis in enumerate("xy")}
            rows.append({"clip": f"clip {number}", "label": label, "subject": subject, **named})
    pd.DataFrame(rows).to_csv(path, index=False)


@pytest.mark.slow
def test_a_network_an_optimizer_and_a_dataset_as_shown_train_together(changed_copy: Path) -> None:
    write_tracks(changed_copy / "tracks.csv")
    typed = [
        "datamodule=csv_tracks",
        "datamodule.path=tracks.csv",
        "model=gru",
        "optimizer=radam",
        "trainer.max_epochs=1",
    ]
    typed += ["datamodule.split.test_fraction=0.25", "datamodule.split.val_fraction=0.3", "tracking.log_model=never"]
    run = subprocess.run(
        [sys.executable, "train.py", *typed], cwd=changed_copy, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "accuracy" in run.stdout
    assert "480 frames" in run.stdout
