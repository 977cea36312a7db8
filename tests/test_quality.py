"""The code is as pyproject.toml says it must be, and the lock files hold what it asks for."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def run(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, command[1:]))}\n{done.stdout}{done.stderr}", pytrace=False)


def read_lock(name: str) -> dict[str, str]:
    """Package -> version, with what the file includes."""
    pins: dict[str, str] = {}
    for line in (ROOT / "requirements" / name).read_text().splitlines():
        if line.startswith("-r "):
            pins |= read_lock(line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            package, version = line.split("==")
            pins[canonicalize_name(package)] = version
    return pins


def test_ruff_finds_nothing():
    run(sys.executable, "-m", "ruff", "check", ".")


def test_every_file_is_formatted():
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


@pytest.mark.slow
def test_types_hold():
    run(sys.executable, "-m", "mypy")


def test_rooms_import_only_what_the_design_allows():
    run(Path(sys.executable).parent / "lint-imports", "--no-cache")


def test_few_files_lie_flat_in_sweeps():
    flat = sorted(path.name for path in (ROOT / "sweeps").glob("*.py") if path.name != "__init__.py")
    assert len(flat) <= 4, f"{', '.join(flat)}: a new file goes into one of the rooms"


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.py")), ids=lambda path: path.name)
def test_a_door_is_read_at_a_sitting(path: Path):
    assert len(path.read_text().splitlines()) <= 120, f"{path.name}: move what it does into the rooms"


def test_hydra_plugins_stay_thin():
    for path in (ROOT / "hydra_plugins").rglob("*.py"):
        assert len(path.read_text().splitlines()) < 60, f"{path.relative_to(ROOT)}: move what it does into sweeps/"


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_holds_exact_versions_and_no_address(path: Path):
    for line in path.read_text().splitlines():
        if not line.startswith(("#", "-r ")):
            assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.]+", line), line
    assert "://" not in path.read_text()


@pytest.mark.parametrize("lock", ["cpu.txt", "cuda.txt"])
def test_every_dependency_is_pinned_within_its_bounds(lock: str):
    everything = read_lock(lock) | read_lock("test.txt") | read_lock("pose.txt")
    wanted = [(line, read_lock(lock)) for line in PROJECT["dependencies"]]
    wanted += [(line, everything) for lines in PROJECT["optional-dependencies"].values() for line in lines]
    for line, pins in wanted:
        requirement = Requirement(line)
        version = pins.get(canonicalize_name(requirement.name))
        assert version is not None, f"{line}: not in {lock}"
        assert version in requirement.specifier, f"{line}: {version} is pinned"


def test_cpu_and_cuda_differ_in_the_build_of_torch_only():
    assert read_lock("cpu.txt") == read_lock("cuda.txt")


@pytest.mark.parametrize("locks", [("cpu.txt",), ("cpu.txt", "test.txt")], ids="+".join)
def test_what_is_pinned_needs_nothing_that_is_not(locks: tuple[str, ...]):
    pins = {name: version for lock in locks for name, version in read_lock(lock).items()}
    for name, pinned in pins.items():
        try:
            installed = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed: this is not the environment of `make setup`")
        if installed.version.partition("+")[0] != pinned:
            pytest.skip(f"{name} is {installed.version}, not {pinned}: this is not the environment of `make setup`")
        for line in installed.requires or ():
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            if name == "torch" and re.match(r"nvidia|cuda|triton", requirement.name):
                continue  # the CUDA build's own, left to pip: see cuda.txt
            version = pins.get(canonicalize_name(requirement.name))
            assert version is not None, f"{name} needs {line}"
            assert requirement.specifier.contains(version, prereleases=True), f"{name} needs {line}, not {version}"
