"""JSON of other tools: any fault is one line that names the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pose.errors import DataError

# No picture is that wide: TIFF and JPEG end at 65,535. Whatever is larger is not a coordinate in pixels.
LARGEST = 100_000.0


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        DataError: it cannot be read, or is not JSON from end to end.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "people.json")
        >>> _ = path.write_text('{"people": []}')
        >>> read_json(path)
        {'people': []}
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise DataError(f"{path} is nested too deeply: it holds no key points") from error
    except ValueError as error:  # of the syntax, the encoding, or a whole number of thousands of digits
        raise DataError(
            f"{path} is not whole JSON, {str(error)[:100]}: write the file again, or take it away"
        ) from error


def read_triples(
    rows: Sequence[Any], joints: Collection[int], where: Callable[[int], str]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Turn flat lists of x, y, score into arrays, all of them at once.

    A number that is missing (null or NaN) makes a missing joint, as does a score of 0 or less. A score above 1, as some
    estimators write it, counts as 1.

    Args:
        rows: for each person of each frame one list, all of the same length.
        joints: how many joints a row may have.
        where: says which row it is, for the messages.

    Returns:
        Key points `[N, V, 2]` in pixels, NaN where missing; scores `[N, V]` in 0..1, 0 where missing.

    Raises:
        DataError: a row has another length or holds something else than numbers, or a coordinate is infinite or larger
            than any picture.

    Example:
        >>> keypoints, scores = read_triples([[10, 20, 0.9, 0, 0, 0]], joints=(2,), where="row {}".format)
        >>> keypoints
        array([[[10., 20.],
                [nan, nan]]], dtype=float32)
        >>> scores
        array([[0.9, 0. ]], dtype=float32)
    """
    counts = [len(row) if isinstance(row, list) else -1 for row in rows]
    first = counts[0]
    for index, count in enumerate(counts):
        if count not in [3 * number for number in joints]:
            what = f"{count} numbers" if count >= 0 else "no list"
            expected = ", ".join(f"{3 * number} ({number} joints)" for number in joints)
            raise DataError(f"{where(index)} holds {what}, expected {expected}: x, y and score of each joint")
        if count != first:
            raise DataError(
                f"{where(index)} holds {count} numbers, others {first}: put each kind into a file of its own"
            )
    try:
        values = np.array(rows, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"{where(_find_odd(rows))} holds something else than numbers: write the file again") from None
    triples = values.reshape(len(rows), first // 3, 3)
    keypoints, scores = triples[:, :, :2], triples[:, :, 2]
    huge = np.abs(keypoints) > LARGEST
    if huge.any():
        row, joint, axis = np.argwhere(huge)[0]
        raise DataError(
            f"{where(int(row))} holds {keypoints[row, joint, axis]:g}, which is no coordinate in pixels: "
            "write the file again"
        )
    missing = np.isnan(triples).any(axis=2) | (scores <= 0)
    return (
        np.where(missing[:, :, None], np.nan, keypoints).astype(np.float32),
        np.where(missing, 0, np.minimum(scores, 1)).astype(np.float32),
    )


def _find_odd(rows: Sequence[Any]) -> int:
    """Return the first row that is not numbers only."""
    for index, row in enumerate(rows):
        if not all(value is None or (isinstance(value, int | float) and abs(value) < 1e300) for value in row):
            return index
    return 0
