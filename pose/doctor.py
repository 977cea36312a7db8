"""`python -m pose.doctor`: what finding key points in videos needs, what of it there is, and the line that mends it.

Reads the packages' metadata and imports none of them, so that it answers in a moment, also where one is broken.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pose.errors import DataError

MENDING = "make pose"
REQUIREMENTS = Path(__file__).parents[1] / "requirements"  # beside the code in a checkout
PINNED = ("openmmlab.txt", "openmmlab-built.txt", "pose.txt")  # what `make pose` installs
GPU_FILES = tuple(map(Path, ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg")))  # the last on Windows


@dataclass(frozen=True, slots=True)
class Need:
    """A package that is required.

    Args:
        package: its name on the package index.
        bounds: versions that work, as pip writes them.
        role: what it is for.
        module: what is imported of it, where finding people begins with that; "" elsewhere.
        file: start of the name of a file that must be among its own; "" for none.
        instead: other packages that bring the same.
        pin: the version that `make pose` installs, as pip writes it; "" where that is not known.
    """

    package: str
    bounds: str
    role: str
    module: str = ""
    file: str = ""
    instead: tuple[str, ...] = ()
    pin: str = ""


# mmdet 3.3 refuses mmcv 2.2, and mmpose 1.3 takes its operators from mmcv, which some builds are without. setuptools 81
# has no pkg_resources any more, which mmengine imports.
_OTHER_OPENCV = ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")
NEEDS = (
    Need("torch", ">=2.0", "tensors"),
    Need("torchvision", "", "what mmdet and mmpose import of it"),
    Need("mmengine", ">=0.10,<1", "OpenMMLab's configs and registries", "mmengine"),
    Need("mmcv", ">=2.0,<2.2", "OpenMMLab's operators", "mmcv", file="_ext"),
    Need("mmdet", ">=3.3,<3.4", "finds people", "mmdet"),
    Need("mmpose", ">=1.3,<1.4", "finds their key points", "mmpose"),
    Need("mmpretrain", ">=1.2,<1.3", "ViTPose's backbone"),
    Need("xtcocotools", "", "COCO's measures in mmpose"),
    Need("pycocotools", "", "COCO's measures", "pycocotools"),
    Need("lap", "", "MMDet's ByteTrack assigns boxes by it"),
    Need("av", "", "PyAV: decodes videos", "av"),
    Need("opencv-python-headless", "", "reads and cuts out pictures", "cv2", instead=_OTHER_OPENCV),
    Need("setuptools", "<81", "pkg_resources for OpenMMLab"),
)
_PICTURES = ("cv2", "av", "pycocotools")


@dataclass(frozen=True, slots=True)
class Finding:
    """The state of one package.

    Args:
        need: what was looked for.
        version: that is installed, None where there is none.
        fault: what is wrong with it, "" for nothing.
        mending: what to type where that is not `make pose`.
    """

    need: Need
    version: str | None
    fault: str
    mending: str = ""


def check_installed(networks: bool = True) -> None:
    """Raise before any work begins where a later import would fail. Imports nothing.

    Args:
        networks: whether networks are to run; otherwise pictures and videos are read, and results measured.

    Raises:
        DataError: packages are not installed.
    """
    wanted = [need for need in NEEDS if need.module and (networks or need.module in _PICTURES)]
    missing = [need.package for need in wanted if find_spec(need.module) is None]
    if missing:
        raise DataError(f"{', '.join(missing)} {'are' if len(missing) > 1 else 'is'} not installed: type {MENDING}")


def all_needs(folder: Path = REQUIREMENTS) -> list[Need]:
    """Return `NEEDS` with the versions that `make pose` installs, and the other packages that it installs.

    Args:
        folder: of the files that pin them; without them, as outside of a checkout, only `NEEDS` are known.
    """
    pins = {canonicalize_name(pin.name): pin for name in PINNED for pin in _pins(folder / name)}
    known = [_pinned(need, pins.pop(canonicalize_name(need.package), None)) for need in NEEDS]
    rest = [Need(pin.name, "", "of OpenMMLab, or of its build", pin=str(pin.specifier)) for pin in pins.values()]
    return [*known, *rest]


def _pins(file: Path) -> Iterator[Requirement]:
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        text = line.partition("#")[0].strip()
        if text and not text.startswith("-"):
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement


def _pinned(need: Need, pin: Requirement | None) -> Need:
    return need if pin is None else replace(need, pin=str(pin.specifier))


def examine(
    needs: Iterable[Need], find: Callable[[str], metadata.Distribution] = metadata.distribution
) -> list[Finding]:
    """Look up each package.

    Args:
        needs: what is looked for.
        find: gives the metadata of a package by its name, or raises PackageNotFoundError.
    """
    return [_examine(need, find) for need in needs]


def _examine(need: Need, find: Callable[[str], metadata.Distribution]) -> Finding:
    distribution = _find(need.package, find)
    if distribution is None:
        others = [other for package in need.instead if (other := _find(package, find)) is not None]
        return Finding(need, others[0].version, "") if others else Finding(need, None, "missing")
    version = distribution.version
    if not SpecifierSet(need.bounds).contains(version, prereleases=True):
        return Finding(need, version, f"must be {need.bounds}")
    if need.file and not any(path.name.startswith(need.file) for path in distribution.files or ()):
        return Finding(need, version, "is built without operators", "make clean pose")  # pip takes it to be right
    if not SpecifierSet(need.pin).contains(version, prereleases=True):
        return Finding(need, version, f"is not {need.pin.removeprefix('==')}, which was tested")
    if need.package == "mmcv" and _lacks_cuda(distribution, _find("torch", find)):
        return Finding(need, version, "has no CUDA operators", "make clean pose ACCELERATOR=cuda")
    return Finding(need, version, "")


def _find(package: str, find: Callable[[str], metadata.Distribution]) -> metadata.Distribution | None:
    try:
        return find(package)
    except metadata.PackageNotFoundError:
        return None


def _lacks_cuda(mmcv: metadata.Distribution, torch: metadata.Distribution | None) -> bool:
    """Return whether mmcv was built without CUDA operators though networks would run on a GPU.

    The default build of torch is for CUDA, also where there is no GPU: there nothing is missing.
    """
    if torch is None or not any(path.exists() for path in GPU_FILES):
        return False
    version = Path(str(torch.locate_file("torch/version.py")))
    if not version.is_file() or not re.search(r"^cuda\b[^=]*= *[\"']\d", version.read_text(), re.MULTILINE):
        return False
    libraries = [Path(str(mmcv.locate_file(path))) for path in mmcv.files or () if path.name.startswith("_ext")]
    # An extension that CUDA code was compiled into is linked against torch's CUDA part and the CUDA runtime.
    return not any(b"libtorch_cuda" in path.read_bytes() for path in libraries if path.is_file())


def report(findings: Iterable[Finding], mending: str = MENDING) -> str:
    """Return a line a package, and what to type where something is wrong.

    Args:
        findings: what was found.
        mending: what to type where a finding does not say it.
    """
    findings = list(findings)
    lines = [
        f"{finding.need.package:22} {finding.version or '-':12} {finding.fault or 'ok':32} {finding.need.role}"
        for finding in findings
    ]
    wrong: dict[str, list[str]] = {}
    for finding in findings:
        if finding.fault:
            wrong.setdefault(finding.mending or mending, []).append(finding.need.package)
    if wrong:
        return "\n".join([*lines, *(f"{', '.join(packages)}: type {line}" for line, packages in wrong.items())])
    return "\n".join([*lines, "Everything that finding key points in videos needs is installed."])


def find_mending(environment: Path) -> str:
    """Return what to type; `make -B` where `make pose` ran before, since make takes it to be done still.

    Args:
        environment: the folder of the virtual environment.
    """
    return f"make -B {MENDING.removeprefix('make ')}" if (environment / ".setup-pose").exists() else MENDING


def main() -> None:
    """Print the report; exit status 1 where something is wrong."""
    findings = examine(all_needs())
    print(report(findings, find_mending(Path(sys.prefix))))
    sys.exit(any(finding.fault for finding in findings))


if __name__ == "__main__":
    main()
