"""Result files of AlphaPose."""

from __future__ import annotations

from datamodules.people import PeopleDataModule
from pose.readers.base import PeopleSource


class AlphaPoseDataModule(PeopleDataModule):
    """Windows of AlphaPose's result files."""

    def reader(self) -> type[PeopleSource]:
        """Return what reads AlphaPose's files."""
        from pose.readers.alphapose import AlphaPoseSource

        return AlphaPoseSource
