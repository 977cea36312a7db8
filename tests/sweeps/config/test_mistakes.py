"""Every mistake is one line that says what to type; status 1; nothing written. The same in a run and in a sweep."""

import os
import pickle
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

import train
from sweeps.entrypoint import entrypoint
from tests.sweeps.config.mistakes import (
    IN_A_SEARCH,
    IN_A_SWEEP,
    MISTAKES,
    PYSKL,
    SPLITS,
    SWEEPS_WITHOUT_M,
)
from tests.sweeps.config.typed import Keyboard

ROOT = Path(__file__).resolve().parents[3]
OWN_PRESETS = {
    "key": "# @package _global_\noptimizer:\n  lrr: 1\n",
    "value": "# @package _global_\noptimizer:\n  lr: abc\n",
    "option": "# @package _global_\ndefaults:\n  - override /optimizer: adm\n",
}


@pytest.fixture
def keyboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Keyboard:
    for name in ("there.pkl", "my file.pkl"):
        (tmp_path / name).write_bytes(b"no pickle")
    write_clips(tmp_path / "clips.pkl")
    (tmp_path / "folder").mkdir()
    own = tmp_path / "own" / "experiment"
    own.mkdir(parents=True)
    for name, text in OWN_PRESETS.items():
        (own / f"{name}.yaml").write_text(text)
    return Keyboard(tmp_path, monkeypatch, capsys)


def write_clips(path: Path) -> None:
    """Write a file in PYSKL's layout: three clips of one class, one of another."""
    annotations = [
        {
            "frame_dir": f"clip{index}",
            "label": int(index == 3),
            "img_shape": (480, 640),
            "keypoint": np.full((1, 20, 17, 2), 100.0 + index, np.float16),
            "keypoint_score": np.ones((1, 20, 17), np.float16),
        }
        for index in range(4)
    ]
    path.write_bytes(
        pickle.dumps({"split": {"xsub_train": ["clip0", "clip3"], "xsub_val": ["clip1"]}, "annotations": annotations})
    )


def assert_told(keyboard: Keyboard, command: str, line: str) -> None:
    before = keyboard.written()
    ended = keyboard.type(train.main, command)
    assert ended.err == f"error: {line.replace('{root}', str(keyboard.folder))}\n"
    assert (ended.status, ended.out) == (1, "")
    assert keyboard.written() == before


@pytest.mark.parametrize("mode", ["", pytest.param("-m ", marks=pytest.mark.slow)], ids=["run", "sweep"])
@pytest.mark.parametrize("command", MISTAKES)
def test_a_mistake_is_one_line_and_leaves_nothing(keyboard: Keyboard, command: str, mode: str):
    assert_told(keyboard, mode + command, MISTAKES[command])


@pytest.mark.parametrize("command", SWEEPS_WITHOUT_M)
def test_a_sweep_without_m_says_what_to_type(keyboard: Keyboard, command: str):
    assert_told(keyboard, command, SWEEPS_WITHOUT_M[command])


@pytest.mark.parametrize("command", IN_A_SWEEP)
def test_a_mistake_of_any_job_stops_the_sweep_before_its_first(keyboard: Keyboard, command: str):
    assert_told(keyboard, f"-m {command}", IN_A_SWEEP[command])


@pytest.mark.parametrize("command", IN_A_SEARCH)
def test_a_mistake_in_a_search_is_told_before_its_first_trial(keyboard: Keyboard, command: str):
    assert_told(keyboard, f"-m hydra/sweeper=optuna {command}", IN_A_SEARCH[command])


# Lines whose advice is a whole command, not one with a word to fill in.
TO_FILL_IN = (
    "one",
    "NAME",
    "FILE",
    "VALUE",
    "KEY",
    "_ID",
    "key=",
    "python",
    "--",
    "a value",
    " or ",
    "+",
    "<",
    "path of",
)
FOLLOWED = {
    command: line.partition("; type ")[2].removeprefix("for instance ")
    for command, line in MISTAKES.items()
    if "; type " in line and not any(word in line.partition("; type ")[2] for word in TO_FILL_IN)
}


@entrypoint("train", limits=train.LIMITS)
def do_nothing(cfg: DictConfig) -> None:
    """What stands in for training."""


@pytest.mark.parametrize("command", FOLLOWED)
def test_what_a_line_says_to_type_runs(keyboard: Keyboard, command: str):
    advice = shlex.split(FOLLOWED[command].replace("{root}", str(keyboard.folder)))
    mended = {word.partition("=")[0] for word in advice}
    kept = [
        word
        for word in shlex.split(command)
        if word.partition("=")[0] not in mended and not MISTAKES[command].startswith(word) and "_target_" not in word
    ]
    ended = keyboard.type(do_nothing, shlex.join([*kept, *advice]))
    assert (ended.status, ended.err) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["", "-m "], ids=["run", "sweep"])
@pytest.mark.parametrize(
    ("command", "line"),
    [
        (PYSKL, "there.pkl is not a whole pickle: UnpicklingError"),
        (
            "datamodule=pyskl datamodule.path=clips.pkl datamodule/split=clip",
            "class 'class_1' has too few recordings to be in both parts, none is left for the test part: add data, "
            "choose another datamodule/split, or leave the class out by datamodule.classes",
        ),
        (
            f"{SPLITS} datamodule.split.test=b datamodule.path=clips.pkl",
            "datamodule.split.train=a is not a split in the data: use xsub_train or xsub_val",
        ),
    ],
)
def test_a_mistake_in_the_data_is_one_line_and_leaves_nothing(keyboard: Keyboard, command: str, line: str, mode: str):
    assert_told(keyboard, mode + command, line)


def python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
    )


def spent() -> float:
    """Seconds of processor time that the processes started so far have taken."""
    children = os.times()
    return children.children_user + children.children_system


def test_a_misspelt_key_is_told_within_1_5_seconds(tmp_path: Path):
    seconds = []
    for _ in range(3):  # the best of three, of processor time: other work on the machine is not the command's
        start = spent()
        done = python(str(ROOT / "train.py"), "optimizr=adam", cwd=tmp_path)
        seconds.append(spent() - start)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "error: optimizr=adam: no such key; type optimizer=adam\n"
    assert min(seconds) < 1.5
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["optimizr=adam"],
        ["-m", "model.num_layers=1,0"],
        ["-m", "hydra/sweeper=optuna", "model.num_layers=1,2", "hydra.sweeper.n_trials=0"],
    ],
)
def test_nothing_slow_is_imported_for_a_mistake(tmp_path: Path, arguments: list[str]):
    program = Path(__file__).with_name("slow_imports.py")
    done = python(str(program), *arguments, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert (done.returncode, done.stdout) == (1, "[]\n")
    assert done.stderr.startswith("error: ")


def test_the_traceback_of_a_mistake_is_there_for_who_asks(tmp_path: Path):
    done = python(str(ROOT / "train.py"), "optimizr=adam", cwd=tmp_path, HYDRA_FULL_ERROR="1")
    assert done.returncode == 1
    assert "ConfigAttributeError" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "sweeps.errors.ConfigError: optimizr=adam: no such key; type optimizer=adam"
    )
