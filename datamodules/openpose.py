"""Folders of frames as OpenPose and tf-pose-estimation write them."""

from __future__ import annotations

from datamodules.people import PeopleDataModule
from pose.readers.base import PeopleSource


class OpenPoseDataModule(PeopleDataModule):
    """Windows of OpenPose's folders."""

    def reader(self) -> type[PeopleSource]:
        """Return what reads OpenPose's files."""
        from pose.readers.openpose import OpenPoseSource

        return OpenPoseSource
