"""Paths of model configurations: in the wheels of MMDet and MMPose, in this package, or a user's file."""

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

    Example:
        >>> config = ConfigFile("mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py")
        >>> config.library, config.file
        ('mmdet', 'rtmdet/rtmdet_tiny_8xb32-300e_coco.py')
    """

    name: str

    @property
    def library(self) -> str:
        """`mmpose`, `mmdet`, `pose`, or "" for a path."""
        library, separator, _ = self.name.partition(_SEPARATOR)
        return library if separator else ""

    @property
    def file(self) -> str:
        """The part of the name behind the library."""
        return self.name.rpartition(_SEPARATOR)[2]

    @property
    def path(self) -> Path:
        """Its path.

        Raises:
            DataError: it is not there, or is no .py file.
        """
        path = find_file(self.name)
        if not path.is_file() or path.suffix != ".py":
            raise DataError(f"no configuration {self.name}: use mmpose::FILE, mmdet::FILE or a path to a .py file")
        return path

    @property
    def identity(self) -> str:
        """The library's name for it, or the hash of a file, which can change.

        Files that it inherits from by `_base_` are part of the hash, modules that it imports are not.

        Raises:
            DataError: it is not there, or is not understood.
        """
        if self.library in ("mmpose", "mmdet"):
            return self.name
        digest = hashlib.sha256()
        for _, content in _with_bases(self.path):
            digest.update(content)
        return f"sha256 {digest.hexdigest()}"


def find_file(name: str) -> Path:
    """Return the path that `LIBRARY::FILE`, or a path, stands for, whether or not it exists.

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
    """Return the folder of configs and metafiles in a wheel of OpenMMLab. Imports nothing of it.

    Raises:
        DataError: the library is not installed.
    """
    spec = find_spec(library)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"{library} is not installed: type make pose")
    return Path(spec.submodule_search_locations[0]) / ".mim"


def _with_bases(path: Path, heirs: tuple[Path, ...] = ()) -> list[tuple[Path, bytes]]:
    """Return the file and those that it inherits from by a path, each with its content, in a fixed order.

    Args:
        path: of the file.
        heirs: those that inherit from it, the first one first.

    Raises:
        DataError: one cannot be read or understood, or inherits from itself.
    """
    if path.resolve() in heirs:
        raise DataError(f"{path} inherits from itself by _base_: take that out")
    if path.suffix != ".py":
        raise DataError(f"{path} is no configuration: it must be a .py file")
    try:
        content = path.read_bytes()
    except OSError as error:
        of = f", a _base_ of {heirs[-1]}," if heirs else ""
        raise DataError(f"{path}{of} cannot be read ({error.strerror}): correct the path or put it there") from error
    files = [path.parent / base for base in _bases(content, path) if _SEPARATOR not in base]
    heirs = (*heirs, path.resolve())
    return [(path, content), *(inherited for file in files for inherited in _with_bases(file, heirs))]


def _bases(content: bytes, path: Path) -> list[str]:
    """Return what a configuration inherits from, as MMEngine reads it: by one `_base_ = ...` that is not indented.

    Raises:
        DataError: it is no Python, or has its bases in another way: a change of theirs would not be seen.
    """
    try:
        tree = ast.parse(content)
    except SyntaxError as error:
        raise DataError(f"{path} is no Python: line {error.lineno or 1}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise DataError(f"{path} is no Python: {error}") from error
    plain = [node for node in tree.body if isinstance(node, ast.Assign) and _is_base(node.targets[0])]
    if len(plain) < sum(map(_is_base, ast.walk(tree))) or len(plain) > 1:
        raise DataError(f'{path}: write _base_ only once, not indented, as _base_ = ["FILE.py"]')
    if any(isinstance(node, ast.Name | ast.alias) and "read_base" in _names(node) for node in ast.walk(tree)):
        raise DataError(f'{path}: bases by read_base() are not understood here: write _base_ = ["FILE.py"]')
    if not plain:
        return []
    try:
        value = ast.literal_eval(plain[0].value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        value = None
    bases = [value] if isinstance(value, str) else value
    if not isinstance(bases, list) or not all(isinstance(base, str) for base in bases):
        raise DataError(f'{path}: _base_ must be written out, as _base_ = ["FILE.py"], and not be computed')
    return bases


def _is_base(node: ast.AST) -> bool:
    """Return whether it is the name `_base_` where that is assigned."""
    return isinstance(node, ast.Name) and node.id == "_base_" and isinstance(node.ctx, ast.Store)


def _names(node: ast.Name | ast.alias) -> tuple[str, ...]:
    return (node.id,) if isinstance(node, ast.Name) else (node.name,)
