"""Pickles of other tools, read without running anything in them."""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from pose.errors import DataError

# What a pickle of arrays and plain containers needs, under the names that numpy has had over time. Everything else,
# also what looks harmless, is refused: a pickle calls whatever it names.
_ALLOWED = {
    ("collections", "OrderedDict"),
    ("_codecs", "encode"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    *(
        (f"numpy.{core}.{module}", name)
        for core in ("core", "_core")
        for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
    ),
    # Up to protocol 2 builtins have the module name of Python 2.
    *(
        (module, name)
        for module in ("builtins", "__builtin__")
        for name in ("set", "frozenset", "list", "dict", "tuple", "bytes", "bytearray", "complex")
    ),
}

_NUMBERING = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            # The name is the file's, and may hold whatever a terminal obeys.
            wanted = f"{module}.{name}"[:100].encode("unicode_escape").decode()
            raise DataError(f"wants to run {wanted}; only numpy arrays and plain containers are read")
        found = super().find_class(module, name)
        return _refuse_sizes(found) if found in (bytes, bytearray) else found


def _refuse_sizes(kind: type) -> Callable[..., Any]:
    """Wrap bytes or bytearray to refuse a size: a few bytes of a file would allocate any amount of memory.

    What else there is to make them of is refused too: numbers and arrays of numpy can be of any size as well.
    """

    def make(*arguments: Any) -> Any:
        if arguments and not isinstance(arguments[0], bytes | bytearray | str | list | tuple):
            raise DataError(f"wants {kind.__name__} of a size only; only numpy arrays and plain containers are read")
        return kind(*arguments)

    return make


def _check_memo(file: IO[bytes]) -> None:
    """Check that no memo index exceeds the number of objects: the unpickler allocates up to the largest.

    Raises:
        pickle.UnpicklingError: one does, where Python counts from 0; or the file is no pickle, or is cut.
    """
    try:
        for count, (opcode, number, _) in enumerate(pickletools.genops(file)):
            if opcode.name in _NUMBERING and (number or 0) > count:
                raise pickle.UnpicklingError(number)
    except ValueError as error:
        raise pickle.UnpicklingError(*error.args) from error
    file.seek(0)


def load_arrays(path: Path) -> Any:
    """Load a pickle of numpy arrays and plain containers.

    Raises:
        DataError: the file cannot be read, is not a pickle, or names anything else.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "data.pkl")
        >>> _ = path.write_bytes(pickle.dumps({"label": 3}))
        >>> load_arrays(path)
        {'label': 3}
        >>> _ = path.write_bytes(pickle.dumps(print))
        >>> load_arrays(path)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        pose.errors.DataError: ...data.pkl is not read: it wants to run builtins.print; only numpy arrays and plain ...
    """
    try:
        with path.open("rb") as file:
            _check_memo(file)
            return _ArrayUnpickler(file).load()
    except DataError as error:
        raise DataError(f"{path} is not read: it {error}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    # A cut or foreign file makes the unpickler fail in any way, none of which says more than this.
    except Exception as error:
        raise DataError(f"{path} is not a whole pickle: {type(error).__name__}") from error
