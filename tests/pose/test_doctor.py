"""What is installed of OpenMMLab is told without importing any of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pose.doctor import MENDING, NEEDS

ROOT = Path(__file__).parents[2]
GOOD = {
    "torch": "2.13.0+cpu",
    "torchvision": "0.28.0",
    "mmengine": "0.10.7",
    "mmcv": "2.1.0",
    "mmdet": "3.3.0",
    "mmpose": "1.3.2",
    "mmpretrain": "1.2.0",
    "xtcocotools": "1.14.3",
    "pycocotools": "2.0.11",
    "lap": "0.5.13",
    "av": "15.0.0",
    "setuptools": "80.10.2",
}
# Stops at any import of what is only to be looked for.
CODE = """
import runpy, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        assert name.partition('.')[0] not in {packages!r}, name

sys.meta_path.insert(0, Refuse())
sys.path[:] = [{site!r}, {root!r}, *[entry for entry in sys.path if 'site-packages' not in entry], {site_packages!r}]
runpy.run_module('pose.doctor', run_name='__main__')
"""


def install(site: Path, versions: dict[str, str], operators: bool = True) -> None:
    """Metadata as pip leaves it."""
    for package, version in versions.items():
        folder = site / f"{package}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        files = [f"{package}/__init__.py"]
        if package == "mmcv" and operators:
            files.append("mmcv/_ext.cpython-311-x86_64-linux-gnu.so")
        (folder / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def examine(site: Path, isolated: bool = True) -> subprocess.CompletedProcess[str]:
    import packaging

    site_packages = str(Path(packaging.__file__).parents[1])
    packages = {need.package for need in NEEDS} - {"setuptools"}
    code = CODE.format(packages=packages, site=str(site), root=str(ROOT), site_packages=site_packages)
    if isolated:  # `packaging` alone, so that what this environment has is not found
        only = site / "only"
        only.mkdir(parents=True, exist_ok=True)
        (only / "packaging").symlink_to(Path(packaging.__file__).parent)
        code = code.replace(repr(site_packages), repr(str(only)))
    return subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""}
    )


def test_where_all_is_there_it_says_so(tmp_path: Path) -> None:
    install(tmp_path, GOOD)
    done = examine(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = done.stdout.splitlines()
    assert {tuple(line.split()[:3]) for line in lines} == {(name, version, "ok") for name, version in GOOD.items()}
    assert last == "Everything that finding key points in videos needs is installed."


def test_in_an_empty_environment_all_is_missing(tmp_path: Path) -> None:
    done = examine(tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    *lines, last = done.stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [[need.package, "-", "missing"] for need in NEEDS]
    assert last == f"{', '.join(need.package for need in NEEDS)}: type {MENDING}"


@pytest.mark.parametrize(
    ("package", "version", "fault"),
    [
        ("mmcv", "2.2.0", "must be >=2.0,<2.2"),
        ("mmdet", "2.28.2", "must be >=3.3,<3.4"),
        ("mmpose", "0.29.0", "must be >=1.3,<1.4"),
        ("setuptools", "81.0.0", "must be <81"),
    ],
)
def test_another_version_is_told_with_the_ones_that_work(
    tmp_path: Path, package: str, version: str, fault: str
) -> None:
    install(tmp_path, {**GOOD, package: version})
    done = examine(tmp_path)
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines()[:-1] if " ok " not in line]
    assert line.split()[:2] == [package, version]
    assert fault in line
    assert done.stdout.endswith(f"\n{package}: type {MENDING}\n")


def test_mmcv_without_operators_is_not_enough(tmp_path: Path) -> None:
    install(tmp_path, GOOD, operators=False)
    done = examine(tmp_path)
    assert done.returncode == 1
    assert "mmcv         2.1.0        is built without operators" in done.stdout


def test_as_it_is_typed_here_it_answers_about_this_environment() -> None:
    import torch

    done = subprocess.run([sys.executable, "-m", "pose.doctor"], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode in (0, 1)
    assert f"torch        {torch.__version__:12} ok" in done.stdout
