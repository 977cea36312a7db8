"""Labels of files of key points: from the folders they lie in, their names, or a manifest.

A manifest is a CSV or Parquet file with a row a video and the columns `path` (relative to the manifest; `video` means
the same) and `label`, and as wanted `subject`, `camera`, `recording`, `start` and `end`. The last two are seconds, of
which s begins with frame s x fps: a video with several actions has a row for each of them. Without a manifest the label
is the first folder below the data's own.
"""

from __future__ import annotations

import csv
import math
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pose.errors import DataError
from pose.readers.name_pattern import compile_pattern, find_names

MANIFESTS = (".csv", ".parquet")
COLUMNS = ("path", "label", "subject", "camera", "recording", "start", "end")


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of one sequence, or of a part of it.

    Args:
        label: name of the action.
        subject: who performs.
        camera: which camera.
        recording: the performance.
        start: second in which the part begins.
        end: second before which it ends.
    """

    label: str | None = None
    subject: str | None = None
    camera: str | None = None
    recording: str | None = None
    start: float = 0.0
    end: float = math.inf

    @property
    def part(self) -> str:
        """Suffix that distinguishes the parts of one sequence, "" for a complete one."""
        return "" if (self.start, self.end) == (0, math.inf) else f"@{self.start:g}-{self.end:g}"


@dataclass(frozen=True, slots=True)
class Unit:
    """A file, or a folder, to read.

    Args:
        path: where it is.
        name: the path below the data's folder, without the ending.
        rows: what a manifest says about it; none without a manifest.
    """

    path: Path
    name: str
    rows: tuple[Labels, ...] = ()


class Labelling:
    """Finds the units below a path and their labels.

    Args:
        path: a manifest (.csv or .parquet), a unit, or a folder that units lie in.
        id_pattern: preset or regular expression with groups `label`, `subject`, `camera`, `recording`.
        find: gives the units below a folder, sorted; a unit itself for its own path.
        kind: what a unit is called, for messages.

    Raises:
        DataError: the pattern is none.
    """

    def __init__(self, path: Path, id_pattern: str | None, find: Callable[[Path], list[Path]], kind: str) -> None:
        self.path = path
        self.pattern = compile_pattern(id_pattern) if id_pattern else None
        self.find = find
        self.kind = kind

    def units(self) -> Iterator[Unit]:
        """Yield every unit, in an order that does not change.

        Raises:
            DataError: there is none, it may not be read, or the manifest is wrong.
        """
        try:
            mode = self.path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError) as error:
            raise DataError(f"{self.path} is not there: name what is to be read, a folder or a file") from error
        except OSError as error:
            raise DataError(f"{self.path} cannot be read ({error.strerror}): name what may be read") from error
        if self.path.suffix.lower() in MANIFESTS and stat.S_ISREG(mode):
            yield from self._listed()
            return
        paths = self.find(self.path)
        if not paths:
            raise DataError(f"{self.path} holds no {self.kind}: name the folder that they lie in")
        folder = self.path if stat.S_ISDIR(mode) else self.path.parent
        for path in paths:
            yield Unit(path, _name(path, folder))

    def labels(self, unit: Unit, name: str) -> list[Labels]:
        """Return the labels of a unit's sequence; several where the manifest has several rows for it.

        Args:
            unit: where it is from.
            name: of the sequence: the unit's, and what its pictures' names begin with. The pattern is searched in it.

        Raises:
            DataError: nothing says which action it is, or the pattern does not match.
        """
        found = find_names(self.pattern, name, unit.path) if self.pattern else {}
        if unit.rows:
            return [_fill(row, found) for row in unit.rows]
        is_file = os.path.isfile(unit.path)  # noqa: PTH113 - raises nothing
        folders = unit.name.split("/")[:-1] if is_file else unit.name.split("/")
        label = found.get("label") or (folders[0] if folders and folders[0] != "." else None)
        if label is None:
            raise DataError(
                f"{unit.path}: nothing says which action it is: put it into a folder that is named after the action, "
                "or set `id_pattern` to a regex with a group label, or `path` to a manifest (.csv)"
            )
        return [_fill(Labels(label), found)]

    def _listed(self) -> Iterator[Unit]:
        rows: dict[str, list[Labels]] = {}
        for name, labels in _read_manifest(self.path):
            rows.setdefault(name, []).append(labels)
        for name, of_unit in rows.items():
            path = self.path.parent / name
            try:
                units = self.find(path)
            except OSError as error:
                raise DataError(
                    f"{self.path}: {name} cannot be read ({error.strerror}): allow it, or take its line away"
                ) from error
            if units != [path]:
                raise DataError(f"{self.path}: {name} is no {self.kind}: mend the column path")
            yield Unit(path, _name(path, self.path.parent), tuple(of_unit))


def _name(path: Path, folder: Path) -> str:
    relative = path.relative_to(folder) if path.is_relative_to(folder) else path
    is_folder = os.path.isdir(path)  # noqa: PTH112 - raises nothing: what cannot be looked at is no folder
    return (relative if is_folder else relative.with_suffix("")).as_posix()


def _fill(labels: Labels, found: dict[str, str | None]) -> Labels:
    """Fill in the pattern's values where the manifest has none."""
    free: dict[str, Any] = {key: text for key, text in found.items() if getattr(labels, key) is None}
    return replace(labels, **free)


def _read_manifest(path: Path) -> Iterator[tuple[str, Labels]]:
    rows = list(_read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path))
    if not rows:
        raise DataError(f"{path}: has no rows: add one for each film")
    for where, row in rows:
        named = {_ALSO.get(column, column): text for column, text in row.items()}
        yield named["path"], _read_row(named, where)


def _read_parquet(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the position of each row, and its values as text."""
    import pandas as pd
    from pyarrow import ArrowException

    try:
        table = pd.read_parquet(path, dtype_backend="numpy_nullable")  # camera 1 beside an empty cell stays 1, not 1.0
    except (OSError, ValueError, ArrowException) as error:
        raise DataError(f"{path} is no Parquet file: {str(error).splitlines()[0]}") from error
    _check_columns([str(column) for column in table.columns], path)
    for number, row in enumerate(table.to_dict("records")):
        yield (
            f"{path}, row {number}",
            {str(column): "" if pd.isna(value) else str(value) for column, value in row.items()},
        )


def _read_csv(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file, skipinitialspace=True, strict=True)
            _check_columns(lines.fieldnames or (), path)
            rows = [(lines.line_num, row) for row in lines]
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8: save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path} is no table of comma-separated values: {error}") from error
    for line, row in rows:
        where = f"{path}, line {line}"
        if None in row or None in row.values():
            raise DataError(f"{where}: has not as many values as there are columns: quote those with commas in them")
        yield where, row


def _check_columns(columns: Sequence[str], path: Path) -> None:
    known = ", ".join(COLUMNS)
    named = [_ALSO.get(column, column) for column in columns]
    for column in named:
        if column not in COLUMNS:
            near = get_close_matches(column, COLUMNS, n=1) if column.isalpha() else []
            advice = f"call it {near[0]}" if near else f"the columns are {known}, separated by commas"
            raise DataError(f"{path}: column '{column}' is not known: {advice}")
    for column in ("path", "label"):
        if column not in named:
            raise DataError(f"{path}: has no column {column}: its first line names the columns, {known}")


def _read_row(row: dict[str, str], where: str) -> Labels:
    for column in ("path", "label"):
        if not row[column].strip():
            raise DataError(f"{where}: {column} is empty: fill it in, or take the line away")
    start, end = (_seconds(row.get(column, ""), column, default, where) for column, default in _TIMES)
    if not 0 <= start < end:
        raise DataError(f"{where}: from {start:g} to {end:g} seconds there is nothing: end must be above start")
    names = {column: row.get(column, "").strip() or None for column in ("label", "subject", "camera", "recording")}
    return Labels(**names, start=start, end=end)


_ALSO = {"video": "path"}
_TIMES = (("start", 0.0), ("end", math.inf))


def _seconds(text: str, column: str, default: float, where: str) -> float:
    if not text.strip():
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds):
        raise DataError(f"{where}: {column} is '{text}': give seconds, as 12.5")
    return seconds
