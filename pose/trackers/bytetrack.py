"""ByteTrack (Zhang et al., ECCV 2022) by MMDet's own code: boxes, a Kalman filter, and also the boxes of low score."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from pose.errors import DataError
from pose.interfaces import Boxes, Ints, Poses, Settings
from pose.trackers.association import gap_in_frames


@dataclass(frozen=True, slots=True)
class ByteTracking(Settings):
    """The settings of MMDet's ByteTracker.

    Args:
        max_gap: seconds that a person may be unseen, alone or among others; after more it counts as another.
        high_score: 0..1 of a box that is matched first, and that begins a person where it matches none.
        low_score: 0..1 of a box that may still go on with a person; boxes below it are nobody's.
        new_score: 0..1 of a box that begins a person where nobody is known.
        min_overlap: intersection over union with where the person is expected, weighted by the score, for the first.
        min_overlap_low: the same for boxes of low score, not weighted.
        min_overlap_new: the same, weighted, for people seen in fewer than `confirm` frames.
        confirm: frames in a row that make a person known; one who begins later than the first frame and is missed
            before gets another number.
    """

    kind = "bytetrack"
    max_gap: float = 1.0
    high_score: float = 0.5
    low_score: float = 0.1
    new_score: float = 0.5
    min_overlap: float = 0.1
    min_overlap_low: float = 0.5
    min_overlap_new: float = 0.3
    confirm: int = 3

    def __post_init__(self) -> None:
        """Check the scores.

        Raises:
            DataError: the low score is not the lower one.
        """
        if not self.low_score < self.high_score:
            raise DataError(
                f"`tracker.low_score`={self.low_score}: set it below high_score, which is {self.high_score}"
            )

    def start(self, fps: float) -> ByteTracker:
        """Return a fresh tracker.

        Raises:
            DataError: MMDet or lap is not installed.
        """
        return ByteTracker(self, fps)


class ByteTracker:
    """The tracker of one video. Frames that are skipped count as frames without anybody."""

    def __init__(self, options: ByteTracking, fps: float) -> None:
        self.identity = options.identity
        self._next = 0  # the frame that is expected
        self._confirm = options.confirm
        self._tracker = _build(options, gap_in_frames(options.max_gap, fps))

    def follow(self, frame: int, poses: Poses) -> Ints:
        """Return the track number of each person in a frame, `[N]`; -1 where a box's score is too low."""
        self._skip_frames(frame)
        found = self._track(frame, poses.boxes)
        self._next = frame + 1
        for track in self._tracker.tracks.values():  # MMDet keeps every frame of a person, and reads the last ones
            for item in self._tracker.memo_items:
                del track[item][: -self._confirm]
        return _in_box_order(poses.boxes, found)

    def _skip_frames(self, frame: int) -> None:
        """Run the frames up to this one without boxes, so that everybody ages and moves on, until all are forgotten."""
        nobody = Boxes(np.empty((0, 4), np.float32), np.empty(0, np.float32))
        for missed in range(self._next, frame):
            if self._tracker.empty:
                return
            self._track(missed, nobody)

    def _track(self, frame: int, boxes: Boxes) -> Any:
        """Run MMDet's tracker on a frame, predicting first where there are no boxes, which MMDet forgets to do."""
        if not len(boxes):
            self._predict(frame)
        return self._tracker.track(_sample(frame, boxes))

    def _predict(self, frame: int) -> None:
        """Move everybody on by one frame, in the way that MMDet itself has where there are boxes."""
        for number in self._tracker.confirmed_ids:
            track = self._tracker.tracks[number]
            if track.frame_ids[-1] != frame - 1:  # lost before: the height stays, whose speed is the eighth
                track.mean[7] = 0
            track.mean, track.covariance = self._tracker.kf.predict(track.mean, track.covariance)


def _build(options: ByteTracking, max_gap: int) -> Any:
    missing = [package for package in ("mmdet", "lap") if find_spec(package) is None]
    if missing:
        raise DataError(f"`tracker`=bytetrack needs {missing[0]}: type make pose, or use `tracker`=oks")
    from mmdet.models.trackers import ByteTracker as Mmdets

    return Mmdets(
        motion={"type": "mmdet.KalmanFilter"},
        obj_score_thrs={"high": options.high_score, "low": options.low_score},
        init_track_thr=options.new_score,
        weight_iou_with_det_scores=True,
        match_iou_thrs={
            "high": options.min_overlap,
            "low": options.min_overlap_low,
            "tentative": options.min_overlap_new,
        },
        num_tentatives=options.confirm,
        num_frames_retain=max_gap + 1,
    )


def _sample(frame: int, boxes: Boxes) -> Any:
    """Return a frame's boxes as MMDet's trackers take them."""
    import torch
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData

    sample = DetDataSample(metainfo={"frame_id": frame})
    sample.pred_instances = InstanceData(
        bboxes=torch.tensor(np.asarray(boxes.xyxy, np.float32).reshape(-1, 4)),
        labels=torch.zeros(len(boxes), dtype=torch.long),
        scores=torch.tensor(np.asarray(boxes.scores, np.float32)),
    )
    return sample


def _in_box_order(boxes: Boxes, found: Any) -> Ints:
    """Return the numbers in the order of the boxes, which MMDet returns unchanged, but sorted and fewer."""
    rows = np.concatenate([found.bboxes.numpy(), found.scores.numpy()[:, None]], axis=1)
    numbers: dict[bytes, list[int]] = {}
    for row, number in zip(rows, found.instances_id.tolist(), strict=True):
        numbers.setdefault(row.tobytes(), []).append(number)
    ids = np.full(len(boxes), -1)
    asked = np.concatenate([boxes.xyxy, boxes.scores[:, None]], axis=1).astype(np.float32)
    for index, row in enumerate(asked):
        waiting = numbers.get(row.tobytes())
        if waiting:
            ids[index] = waiting.pop(0)
    return ids
