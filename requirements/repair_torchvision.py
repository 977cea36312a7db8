"""`import torchvision` beside a CPU build of torch: `make pose` runs this file, which puts itself into the environment.

The registry's torchvision is built for CUDA. Without CUDA its compiled part cannot be loaded, `import torchvision`
fails on operators that nobody declared, and with it torchmetrics and Lightning, which import it where it is installed.
MMPose and MMPretrain need its Python part only. So a start-up file (.pth) of the environment has the operators
declared, though not implemented, right before torchvision is first imported.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_NAME = "torchvision_beside_cpu_torch"
_libraries: list[Any] = []  # what is declared is gone with its library


class Declare(MetaPathFinder):
    """Finds nothing; is asked before the others, until torchvision is asked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Declare the operators where torchvision would miss them."""
        if fullname == "torchvision":
            sys.meta_path.remove(self)
            spec = PathFinder.find_spec(fullname, path)
            if spec is not None and spec.origin is not None and _is_for_cuda_only(Path(spec.origin)):
                _declare()
        return None


def _is_for_cuda_only(module: Path) -> bool:
    import torch

    return torch.version.cuda is None and "+cu" in module.with_name("version.py").read_text()


def _declare() -> None:
    import torch

    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for operator in _OPERATORS:
        library.define(operator)
    _libraries.append(library)


def install() -> None:
    """Put this file, and what has it run at start-up, into the environment."""
    packages = Path(sysconfig.get_path("purelib"))
    shutil.copyfile(__file__, packages / f"{_NAME}.py")
    (packages / f"{_NAME}.pth").write_text(f"import {_NAME}\n")


if __name__ == "__main__":
    install()
else:
    sys.meta_path.insert(0, Declare())
