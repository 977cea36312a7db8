"""`make`: sets up once what is needed, from any folder, and says plainly when it cannot."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Stands in for Python: answers the version check, makes a .venv with itself inside and notes what pip is asked for.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
  *version_info*) echo "${FAKE_VERSION:-3.11}" ;;
  "-m venv"*) echo "$*" >> log
    case "$*" in *--clear*) rm -rf .venv ;; esac
    mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  "-m pip"*) for last; do :; done; echo "pip $last" >> log; [ ! -e offline ] ;;
  -c*) [ ! -e cpu_build ] ;;
  *) echo "$*" >> log ;;
esac
"""


POSE = [f"pip requirements/{name}.txt" for name in ("pose", "openmmlab-built", "openmmlab")]
POSE.append("requirements/repair_torchvision.py")


class Checkout:
    """A copy of what `make` reads, in a folder with a space in its name, with a stand-in for Python."""

    def __init__(self, tmp_path: Path):
        self.root = tmp_path / "a checkout"
        self.elsewhere = tmp_path
        self.python = tmp_path / "fake-python"
        self.python.write_text(FAKE_PYTHON)
        self.python.chmod(self.python.stat().st_mode | stat.S_IXUSR)
        self.root.mkdir()
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root)
        shutil.copytree(ROOT / "requirements", self.root / "requirements")
        self.keep_wheels("cpu", "cuda")

    def keep_wheels(self, *accelerators: str) -> None:
        """As if OpenMMLab had been built already, for the one version that the stand-in names."""
        for accelerator in accelerators:
            folder = self.root / f".wheels/3.11-{accelerator}"
            folder.mkdir(parents=True)
            (folder / "complete").touch()

    def make(self, *arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        # `make test` hands its own flags and variables down through the environment; they are not for this make.
        ours = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES", "ACCELERATOR", "PYTHON", "ARGS"}
        clean = {key: value for key, value in os.environ.items() if key not in ours}
        return subprocess.run(
            ["make", *arguments],
            cwd=cwd or self.root,
            env=clean | {"PYTHON": str(self.python)} | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def log(self) -> list[str]:
        """What Python was asked since the last call."""
        path = self.root / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_sweep_is_the_default_and_needs_only_the_runtime(checkout: Checkout):
    assert checkout.make("ARGS=trainer.max_epochs=2").returncode == 0
    assert checkout.log() == [
        "-m venv .venv",
        "pip requirements/cpu.txt",
        "train.py -m optimizer=adam,rmsprop trainer.max_epochs=2",
    ]


def test_nothing_is_set_up_twice(checkout: Checkout):
    checkout.make("setup")
    checkout.log()
    checkout.make("test")
    assert checkout.log() == ["pip requirements/test.txt", *POSE, "-m pytest"]
    checkout.make("sweep", "test-fast")
    assert checkout.log() == [
        "train.py -m optimizer=adam,rmsprop",
        "-m pytest -n auto --maxprocesses 4 -m not slow and not soak",
    ]


@pytest.mark.parametrize("changed", ["requirements/runtime.txt", "requirements/cpu.txt", "pyproject.toml"])
def test_a_changed_requirement_is_installed(checkout: Checkout, changed: str):
    checkout.make("setup-test")
    checkout.log()
    later = (checkout.root / ".venv/.setup-test").stat().st_mtime + 10
    os.utime(checkout.root / changed, (later, later))
    checkout.make("setup-test")
    assert [line for line in checkout.log() if line.startswith("pip")] == [
        "pip requirements/cpu.txt",
        "pip requirements/test.txt",
    ]


def test_pose_is_set_up_once_and_again_when_its_pins_change(checkout: Checkout):
    checkout.make("pose")
    assert checkout.log() == ["-m venv .venv", "pip requirements/cpu.txt", *POSE]
    checkout.make("pose")
    assert checkout.log() == []
    checkout.make("-B", "pose")  # as pose.doctor says where a package is gone since
    assert checkout.log()[-len(POSE) :] == POSE
    later = (checkout.root / ".venv/.setup-pose").stat().st_mtime + 10
    os.utime(checkout.root / "requirements/openmmlab-built.txt", (later, later))
    checkout.make("pose")
    assert checkout.log() == POSE


def test_the_site_is_built_with_what_it_needs_and_no_more(checkout: Checkout):
    assert checkout.make("docs").returncode == 0
    build = "-m sphinx --builder html --fresh-env --write-all --fail-on-warning --keep-going --quiet docs outputs/site"
    assert checkout.log() == ["-m venv .venv", "pip requirements/cpu.txt", "pip requirements/docs.txt", build]
    checkout.make("docs")
    assert checkout.log() == [build]


def test_a_build_of_mmcv_that_failed_says_why_and_is_no_success(checkout: Checkout):
    shutil.rmtree(checkout.root / ".wheels")
    (checkout.root / "offline").touch()
    (checkout.root / ".venv/bin").mkdir(parents=True)
    for stamp in (".accelerator", ".setup-run"):
        (checkout.root / ".venv" / stamp).write_text("cpu\n")
    shutil.copy(checkout.python, checkout.root / ".venv/bin/python")
    done = subprocess.run(
        ["requirements/build_wheels.sh", ".venv/bin/python", ".wheels", "cpu"],
        cwd=checkout.root,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "building xtcocotools==" in done.stderr and "failed" in done.stderr
    assert not (checkout.root / ".wheels/3.11-cpu/complete").exists()


def test_a_set_up_that_failed_is_done_again(checkout: Checkout):
    (checkout.root / "offline").touch()
    assert checkout.make("setup").returncode != 0
    (checkout.root / "offline").unlink()
    checkout.log()
    assert checkout.make("setup").returncode == 0
    assert "pip requirements/cpu.txt" in checkout.log()


def test_the_accelerator_is_remembered_and_a_change_starts_afresh(checkout: Checkout):
    checkout.make("setup", "ACCELERATOR=cuda")
    assert checkout.log() == ["-m venv .venv", "pip requirements/cuda.txt"]
    checkout.make("setup")
    assert checkout.log() == []
    checkout.make("setup", "ACCELERATOR=cpu")
    assert checkout.log() == ["-m venv --clear .venv", "pip requirements/cpu.txt"]
    checkout.make("setup")
    assert checkout.log() == []


def test_an_unknown_accelerator_is_refused(checkout: Checkout):
    result = checkout.make("setup", "ACCELERATOR=gpu")
    assert result.returncode != 0
    assert "ACCELERATOR=gpu is unknown: say cpu or cuda" in result.stderr
    assert checkout.log() == []


def test_clean_then_setup_in_one_command(checkout: Checkout):
    checkout.make("setup")
    checkout.log()
    checkout.make("clean", "setup")
    assert checkout.log() == ["-m venv .venv", "pip requirements/cpu.txt"]


def test_make_works_from_another_folder(checkout: Checkout):
    for arguments in (["-C", "a checkout"], ["-f", "a checkout/Makefile"]):
        result = checkout.make("-n", *arguments, "sweep", cwd=checkout.elsewhere)
        assert result.returncode == 0, result.stderr
        assert ".venv/bin/python train.py -m optimizer=adam,rmsprop" in result.stdout
    assert checkout.log() == []
    assert checkout.make("-f", "a checkout/Makefile", "setup", "ARGS=x", cwd=checkout.elsewhere).returncode == 0
    assert (checkout.root / ".venv/.setup-run").exists()


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.10"])
def test_an_old_python_gives_one_clear_line(checkout: Checkout, version: str):
    result = checkout.make("setup", FAKE_VERSION=version)
    assert result.returncode != 0
    assert f"Python 3.11 or newer is needed and '{checkout.python}' is {version}" in result.stderr
    assert len([line for line in result.stderr.splitlines() if not line.startswith("make")]) == 1
    assert checkout.log() == []


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.14", "3.20"])
def test_a_newer_python_will_do(checkout: Checkout, version: str):
    assert checkout.make("setup", FAKE_VERSION=version).returncode == 0


def test_a_missing_python_gives_a_clear_line(checkout: Checkout):
    result = checkout.make("setup", PYTHON="no-such-python")
    assert result.returncode != 0
    assert "Python 3.11 or newer is needed and 'no-such-python' does not run" in result.stderr


def test_a_cpu_build_on_a_gpu_machine_is_no_success(checkout: Checkout):
    (checkout.root / "cpu_build").touch()
    assert checkout.make("setup", "ACCELERATOR=cuda").returncode != 0
    assert not (checkout.root / ".venv/.setup-run").exists()


def test_help_names_every_target(checkout: Checkout):
    shown = checkout.make("help").stdout
    for target in ("sweep", "test", "test-fast", "soak", "setup", "pose", "lint", "docs", "clean", "help"):
        assert any(line.split()[:1] == [target] for line in shown.splitlines()), target
