"""`python -m pose.doctor`: what finding key points in videos needs, what of it there is, and the line that mends it.

Reads the packages' metadata and imports none of them, so that it answers in a moment, also where one is broken.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata

from packaging.specifiers import SpecifierSet

MENDING = "make pose"


@dataclass(frozen=True, slots=True)
class Need:
    """A package that is needed.

    Args:
        package: its name on the package index.
        bounds: versions that work, as pip writes them.
        role: what it is for.
        file: start of the name of a file that must be among its own; "" for none.
    """

    package: str
    bounds: str
    role: str
    file: str = ""


# mmdet 3.3 refuses mmcv 2.2, and mmpose 1.3 takes its operators from mmcv, which some builds are without. setuptools 81
# has no pkg_resources any more, which mmengine imports.
NEEDS = (
    Need("torch", ">=2.0", "tensors"),
    Need("torchvision", "", "what mmdet and mmpose import of it"),
    Need("mmengine", ">=0.10,<1", "OpenMMLab's configs and registries"),
    Need("mmcv", ">=2.0,<2.2", "OpenMMLab's operators", file="_ext"),
    Need("mmdet", ">=3.3,<3.4", "finds people"),
    Need("mmpose", ">=1.3,<1.4", "finds their key points"),
    Need("mmpretrain", ">=1.2,<1.3", "ViTPose's backbone"),
    Need("xtcocotools", "", "COCO's measures in mmpose"),
    Need("pycocotools", "", "COCO's measures"),
    Need("lap", "", "MMDet's ByteTrack assigns boxes by it"),
    Need("av", "", "PyAV: decodes videos"),
    Need("setuptools", "<81", "pkg_resources for OpenMMLab"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one package.

    Args:
        need: what was looked for.
        version: that is installed, None where there is none.
        fault: what is wrong with it, "" for nothing.
    """

    need: Need
    version: str | None
    fault: str


def examine(
    needs: Iterable[Need] = NEEDS, find: Callable[[str], metadata.Distribution] = metadata.distribution
) -> list[Finding]:
    """Looks for each package.

    Args:
        needs: what is looked for.
        find: gives the metadata of a package by its name, or raises PackageNotFoundError.
    """
    return [_examine(need, find) for need in needs]


def _examine(need: Need, find: Callable[[str], metadata.Distribution]) -> Finding:
    try:
        distribution = find(need.package)
        version = distribution.version
    except metadata.PackageNotFoundError:
        return Finding(need, None, "missing")
    if not SpecifierSet(need.bounds).contains(version, prereleases=True):
        return Finding(need, version, f"must be {need.bounds}")
    if need.file and not any(path.name.startswith(need.file) for path in distribution.files or ()):
        return Finding(need, version, "is built without operators")
    return Finding(need, version, "")


def report(findings: Iterable[Finding]) -> str:
    """A line a package, and what to type where something is wrong."""
    findings = list(findings)
    lines = [
        f"{finding.need.package:12} {finding.version or '-':12} {finding.fault or 'ok':24} {finding.need.role}"
        for finding in findings
    ]
    wrong = [finding.need.package for finding in findings if finding.fault]
    if wrong:
        return "\n".join([*lines, f"{', '.join(wrong)}: type {MENDING}"])
    return "\n".join([*lines, "Everything that finding key points in videos needs is installed."])


def main() -> None:
    """Prints the report; exit status 1 where something is wrong."""
    findings = examine()
    print(report(findings))
    sys.exit(any(finding.fault for finding in findings))


if __name__ == "__main__":
    main()
