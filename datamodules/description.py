"""Which data a result is about, in plain values: what is kept beside the result, and said before it is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datamodules.keypoints import KeypointDataModule


@dataclass(frozen=True, slots=True)
class PartDescription:
    """One part of the divided data.

    Args:
        name: train, val or test.
        digest: of which windows are in it, and of the data that they are cut from.
        windows: how many.
        clips: how many it has windows of.
    """

    name: str
    digest: str
    windows: int
    clips: int


@dataclass(frozen=True, slots=True)
class DataDescription:
    """The data of a run.

    Args:
        name: of the data module's class.
        source: where it came from: a path, or what made it.
        digest: of all key points and labels.
        class_names: by class index.
        parts: those that have windows.
        counts: by name, `KeypointDataModule.summary`.
    """

    name: str
    source: str
    digest: str
    class_names: tuple[str, ...]
    parts: tuple[PartDescription, ...]
    counts: dict[str, int]

    def __str__(self) -> str:
        """Say in one line how much there is of it, and what was padded, interpolated or left out."""
        counts = self.counts
        return (
            f"{counts['frames']:,} frames; windows: {counts['windows_train']:,} train, {counts['windows_val']:,} val, "
            f"{counts['windows_test']:,} test; {counts['clips_padded']} clips padded, "
            f"{counts['joints_interpolated']:,} joints interpolated, {counts['frames_in_no_window']:,} frames in no "
            "window"
            + (f", {counts['windows_left_out']:,} training windows left out" if counts["windows_left_out"] else "")
            + (f", {counts['tracks_left_out']:,} tracks of people left out" if counts.get("tracks_left_out") else "")
        )


def describe(data: KeypointDataModule) -> DataDescription:
    """Describe a data module that was set up."""
    counts = data.summary()
    parts = tuple(
        PartDescription(part, data.part_digest(part), counts[f"windows_{part}"], counts[f"clips_{part}"])
        for part in ("train", "val", "test")
        if counts[f"windows_{part}"]
    )
    source = str(getattr(data, "path", "pose.simulator"))
    return DataDescription(type(data).__name__, source, data.digest, data.class_names, parts, counts)
