"""What is installed of OpenMMLab is told without importing any of it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from pose import doctor
from pose.doctor import MENDING, NEEDS
from pose.errors import DataError

ROOT = Path(__file__).parents[2]
PINS = dict(
    line.split("==")
    for name in ("pose", "openmmlab", "openmmlab-built")
    for line in (ROOT / f"requirements/{name}.txt").read_text().splitlines()
    if "==" in line
)
GOOD = {**PINS, "torch": "2.13.0+cpu", "setuptools": "80.10.2"}
PROGRAM = Path(__file__).parent / "programs/doctor.py"


def install(site: Path, versions: dict[str, str], operators: bool = True) -> None:
    """Metadata as pip leaves it."""
    for package, version in versions.items():
        folder = site / f"{package.replace('-', '_')}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        files = [f"{package}/__init__.py"]
        if package == "mmcv" and operators:
            files.append("mmcv/_ext.cpython-311-x86_64-linux-gnu.so")
        (folder / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def examine(site: Path, isolated: bool = True) -> subprocess.CompletedProcess[str]:
    import packaging

    site_packages = str(Path(packaging.__file__).parents[1])
    packages = {need.module or need.package for need in NEEDS} - {"setuptools"}
    if isolated:  # `packaging` alone, so that what this environment has is not found
        only = site / "only"
        if not only.exists():
            only.mkdir(parents=True)
            (only / "packaging").symlink_to(Path(packaging.__file__).parent)
        site_packages = str(only)
    words = [str(site), str(ROOT), site_packages, *packages]
    return subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM.read_text(), *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
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
    named = [line.split()[0] for line in lines]
    assert [line.split()[:3] for line in lines] == [[name, "-", "missing"] for name in named]
    assert named[: len(NEEDS)] == [need.package for need in NEEDS]
    assert set(named) == GOOD.keys()
    assert last == f"{', '.join(named)}: type {MENDING}"


@pytest.mark.parametrize(
    "package",
    ["munkres", "json-tricks", "shapely", "addict", "yapf", "termcolor", "terminaltables", "einops", "mat4py"],
)
def test_what_openmmlab_needs_is_missed(tmp_path: Path, package: str) -> None:
    install(tmp_path, {name: version for name, version in GOOD.items() if name != package})
    done = examine(tmp_path)
    assert done.returncode == 1
    assert done.stdout.endswith(f"\n{package}: type {MENDING}\n")


def test_any_build_of_opencv_will_do(tmp_path: Path) -> None:
    others = {name: version for name, version in GOOD.items() if name != "opencv-python-headless"}
    install(tmp_path, others)
    assert "opencv-python-headless -            missing" in examine(tmp_path).stdout
    install(tmp_path, {"opencv-python": "4.12.0"})
    assert examine(tmp_path).returncode == 0


def test_where_make_pose_was_done_make_is_told_to_do_it_again(tmp_path: Path) -> None:
    (tmp_path / ".setup-pose").touch()
    assert examine(tmp_path).stdout.endswith(": type make -B pose\n")


@pytest.mark.parametrize(
    ("package", "version", "fault"),
    [
        ("mmcv", "2.2.0", "must be >=2.0,<2.2"),
        ("mmdet", "2.28.2", "must be >=3.3,<3.4"),
        ("mmpose", "0.29.0", "must be >=1.3,<1.4"),
        ("setuptools", "81.0.0", "must be <81"),
        ("av", "15.0.0", f"is not {PINS['av']}, which was tested"),
        ("mmcv", "2.0.1", f"is not {PINS['mmcv']}, which was tested"),
        ("yapf", "0.40.0", f"is not {PINS['yapf']}, which was tested"),
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
    assert "mmcv                   2.1.0        is built without operators" in done.stdout
    assert done.stdout.endswith("\nmmcv: type make clean pose\n")


@pytest.mark.parametrize(
    ("torch_cuda", "gpu", "operators", "fault"),
    [
        ('"13.0"', True, b"libc10.so libtorch_cpu.so", "has no CUDA operators"),
        ('"13.0"', True, b"libc10.so libtorch_cuda.so", ""),
        ('"13.0"', False, b"libc10.so libtorch_cpu.so", ""),  # torch's default build, on a machine without a GPU
        ("None", True, b"libc10.so libtorch_cpu.so", ""),
    ],
)
def test_operators_for_the_cpu_are_not_enough_for_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torch_cuda: str, gpu: bool, operators: bytes, fault: str
) -> None:
    install(tmp_path, GOOD)
    for path, content in {
        "torch/version.py": f"debug = False\ncuda: Optional[str] = {torch_cuda}\nhip = None\n".encode(),
        "mmcv/_ext.cpython-311-x86_64-linux-gnu.so": b"\x7fELF" + operators,
        "gpu": b"",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    monkeypatch.setattr(doctor, "GPU_FILES", (tmp_path / ("gpu" if gpu else "none"),))
    found = {dist.name: dist for dist in metadata.distributions(path=[str(tmp_path)])}
    (finding,) = doctor.examine([need for need in NEEDS if need.package == "mmcv"], found.__getitem__)
    assert finding.fault == fault
    if fault:
        assert doctor.report([finding]).endswith("\nmmcv: type make clean pose ACCELERATOR=cuda")


def test_the_operators_here_are_told_apart_by_what_they_are_linked_against() -> None:
    pytest.importorskip("mmcv")
    from mmcv.ops import get_compiling_cuda_version

    mmcv = metadata.distribution("mmcv")
    (library,) = (Path(str(mmcv.locate_file(path))) for path in mmcv.files or () if path.name.startswith("_ext"))
    assert (b"libtorch_cuda" in library.read_bytes()) == (get_compiling_cuda_version() != "not available")


def test_what_is_not_installed_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"av", "mmpose"}
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name in missing else object())
    with pytest.raises(DataError, match=r"^mmpose, av are not installed: type make pose$"):
        doctor.check_installed()
    with pytest.raises(DataError, match=r"^av is not installed: type make pose$"):
        doctor.check_installed(networks=False)
    missing.clear()
    doctor.check_installed()


def test_without_the_files_of_a_checkout_the_bounds_are_known(tmp_path: Path) -> None:
    assert doctor.all_needs(tmp_path) == list(NEEDS)


def test_as_it_is_typed_here_it_answers_about_this_environment() -> None:
    import torch

    done = subprocess.run([sys.executable, "-m", "pose.doctor"], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode in (0, 1)
    assert f"torch                  {torch.__version__:12} ok" in done.stdout
