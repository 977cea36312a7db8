"""Checked values of a file of annotations; a fault is one line that says where."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.io.checked_json import LARGEST

_ADVICE = "give annotations in COCO's format"
_SHOWN = 40  # letters of a value in a message


def read_id(value: Any, where: str) -> int | str:
    """Return the id of a picture, person or category.

    Raises:
        DataError: it is neither a whole number nor text.
    """
    if isinstance(value, float) and value.is_integer():  # as tables are written where some rows have no number
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _odd(value, where, "a whole number or text")
    return value


def read_text(value: Any, where: str) -> str:
    """Return a text that is not empty.

    Raises:
        DataError: it is none.
    """
    if not isinstance(value, str) or not value:
        raise _odd(value, where, "text")
    return value


def read_action(value: Any, where: str) -> str:
    """Return the name of an action, "" where there is none.

    Raises:
        DataError: it is neither text nor a whole number.
    """
    return "" if value is None or value == "" else str(read_id(value, where))


def read_flag(value: Any, where: str) -> bool:
    """Return a flag; null counts as not set.

    Raises:
        DataError: it is neither 0 nor 1.
    """
    if value not in (0, 1, None):
        raise _odd(value, where, "0 or 1")
    return bool(value)


def read_pixels(values: Any, count: int, where: str) -> npt.NDArray[np.float64]:
    """Return `count` coordinates or lengths in pixels.

    Raises:
        DataError: there are not so many, or one is no number, or larger than any picture.
    """
    if not isinstance(values, list) or len(values) != count or not all(map(_is_number, values)):
        raise _odd(values, where, f"{count} numbers")
    for value in values:
        if not abs(value) <= LARGEST:  # NaN is not either
            raise _odd(value, where, "in pixels")
    return np.array(values, np.float64)


def read_box(values: Any, where: str) -> npt.NDArray[np.float64]:
    """Return x1, y1, x2, y2 of a box that is given as x, y, width, height.

    Raises:
        DataError: it is none.
    """
    box = read_pixels(values, 4, where)
    if (box[2:] < 0).any():
        raise _odd(values, where, "x, y, width and height")
    return np.concatenate([box[:2], box[:2] + box[2:]])


def read_joints(values: Any, count: int, where: str) -> npt.NDArray[np.float64]:
    """Return `[count, 3]`: x, y in pixels, and 2 for visible, 1 for hidden, 0 for not annotated.

    Raises:
        DataError: it is something else.
    """
    triples = read_pixels(values, 3 * count, where).reshape(count, 3)
    odd = triples[~np.isin(triples[:, 2], (0, 1, 2)), 2]
    if len(odd):
        raise _odd(odd[0].item(), f"{where}: the third number of a joint", "0, 1 or 2")
    return triples


def read_area(value: Any, where: str, evaluated: bool) -> float:
    """Return a person's area in square pixels.

    Args:
        value: as it is given, or of the box.
        where: it stands.
        evaluated: whether the person is to be found; the area of others may be 0.

    Raises:
        DataError: it is none.
    """
    if not _is_number(value) or not 0 <= value <= LARGEST**2 or (evaluated and not value):
        raise _odd(value, where, "an area above 0")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _odd(value: Any, where: str, expected: str) -> DataError:
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return DataError(f"{where} is not {expected}, but {shown}: {_ADVICE}")
