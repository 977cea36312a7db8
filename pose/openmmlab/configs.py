"""Where a model's configuration is: in the wheels of MMDet and MMPose, in this package, or a file of the user's."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pose.errors import DataError

_PACKAGE = Path(__file__).parents[1]
_SEPARATOR = "::"


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration by the name that a user gives it.

    Args:
        name: `mmpose::FILE` or `mmdet::FILE`, below the configs in that library's wheel; `pose::FILE`, below this
            package; or a path. Such a file is Python and is run: it is to be trusted like a program.
    """

    name: str

    @property
    def library(self) -> str:
        """`mmpose`, `mmdet`, `pose`, or "" for a path."""
        library, separator, _ = self.name.partition(_SEPARATOR)
        return library if separator else ""

    @property
    def file(self) -> str:
        """What stands behind the library."""
        return self.name.rpartition(_SEPARATOR)[2]

    @property
    def path(self) -> Path:
        """Where it lies.

        Raises:
            DataError: it is not there.
        """
        path = find_file(self.name)
        if not path.is_file():
            raise DataError(f"no configuration {self.name}: use mmpose::FILE, mmdet::FILE or a path to a .py file")
        return path

    @property
    def identity(self) -> str:
        """What tells it from others: the library's name for it, or the hash of a file, which can change."""
        if self.library in ("mmpose", "mmdet"):
            return self.name
        digest = hashlib.sha256()
        for path in _with_bases(self.path):
            digest.update(path.read_bytes())
        return f"sha256 {digest.hexdigest()}"


def find_file(name: str) -> Path:
    """The path that `LIBRARY::FILE`, or a path, stands for; whether there is a file is not looked at.

    Raises:
        DataError: the library is not known or not installed.
    """
    library, separator, file = name.partition(_SEPARATOR)
    if not separator:
        return Path(name)
    if library == "pose":
        return _PACKAGE / file
    if library not in ("mmpose", "mmdet"):
        raise DataError(f"{name}: in front of {_SEPARATOR} stands mmpose, mmdet or pose")
    return library_folder(library) / "configs" / file


def library_folder(library: str) -> Path:
    """What a wheel of OpenMMLab carries beside its modules: configs and metafiles. Imports nothing of it.

    Raises:
        DataError: the library is not installed.
    """
    spec = find_spec(library)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"{library} is not installed: type make pose")
    return Path(spec.submodule_search_locations[0]) / ".mim"


def _with_bases(path: Path) -> list[Path]:
    """The file and those that it inherits from by a relative path, in a fixed order."""
    bases: list[str] = []
    for statement in ast.parse(path.read_bytes()).body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "_base_":
            value = ast.literal_eval(statement.value)
            bases = [value] if isinstance(value, str) else list(value)
    files = [path.parent / base for base in bases if _SEPARATOR not in base]
    return [path, *(inherited for file in files for inherited in _with_bases(file))]
