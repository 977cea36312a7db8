"""The simulator as a source of clips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pose.clip import Clip
from pose.errors import DataError
from pose.simulator.class_shares import Take, plan
from pose.simulator.motion.actors import NUM_ACTORS, make_actor
from pose.simulator.motion.kinematics import COCO_JOINTS
from pose.simulator.motion.rotations import Floats
from pose.simulator.scenes import ACTIONS, FPS, perform
from pose.simulator.sensing.cameras import Camera, stage_cameras
from pose.simulator.sensing.error_rates import EstimatorErrors
from pose.simulator.sensing.estimator import estimate
from pose.simulator.sensing.occlusion import Floats32


@dataclass(frozen=True, eq=False, slots=True)
class Recording:
    """The ground truth of one performance.

    Args:
        id: "r0000" and so on.
        label: the action.
        subject: "S01" to "S20".
        joints: [T, 25, 3] metres, in the order of `pose.simulator.motion.kinematics.JOINTS`: z up, floor at 0.
        cameras: those that see it.
        frames: how many of its frames each of them has.
    """

    id: str
    label: str
    subject: str
    joints: Floats
    cameras: tuple[Camera, ...]
    frames: tuple[int, ...]

    @property
    def world(self) -> Floats:
        """[T, 17, 3] metres: the joints of coco17."""
        return self.joints[:, : len(COCO_JOINTS)]


class SyntheticSource:
    """Simulated people doing the paper's six actions on its stage; nothing in it was measured.

    Args:
        frames: of key points over all clips, shared out as `pose.simulator.class_shares.plan` says; 209,598 is the
            paper's.
        views: of the twelve cameras, how many see each recording.
        seed: of everything; the same gives the same bits.
        dimensions: 2 for what an estimator sees in the cameras' pictures, 3 for the true places in metres, which
            are alike in all cameras of a recording.
        errors: what the estimator gets wrong; None for the usual. Not used with 3 dimensions.

    Raises:
        DataError: an argument is out of its range.

    Example:
        >>> source = SyntheticSource(frames=2000, views=1, seed=0)
        >>> clips = source.clips()
        >>> sum(map(len, clips)), clips[0].keypoints.shape[1:], clips[0].label
        (2000, (17, 2), 'carrying')
    """

    class_names: tuple[str, ...] = ACTIONS

    def __init__(
        self,
        frames: int = 20_960,
        views: int = 3,
        seed: int = 0,
        dimensions: int = 2,
        errors: EstimatorErrors | None = None,
    ) -> None:
        if dimensions not in (2, 3):
            raise DataError(f"dimensions is {dimensions}, expected 2 or 3")
        if seed < 0:
            raise DataError(f"seed is {seed}, expected 0 or more")
        self.dimensions = dimensions
        self.seed = seed
        self.errors = errors or EstimatorErrors()
        self.takes = plan(frames, views, seed)

    @property
    def splits(self) -> Mapping[str, frozenset[str]]:
        """Empty: no split is named."""
        return {}

    def recordings(self) -> Iterator[Recording]:
        """Yield every performance, in the order of the clips."""
        cameras = stage_cameras(self.seed)
        actors = [make_actor(self.seed, index) for index in range(NUM_ACTORS)]
        for take in self.takes:
            actor = actors[take.actor]
            joints = perform(self._rng(1, take), actor, take.action, max(take.frames))
            seen_by = tuple(cameras[index] for index in take.cameras)
            yield Recording(take.id, take.action, actor.name, joints, seen_by, take.frames)

    def clips(self) -> list[Clip]:
        """Return every clip: recording by recording, camera by camera.

        Returns:
            Clips "r0007-C03" whose key points are float32 views, one after the other, of one array [N, 17, C].
        """
        total = sum(sum(take.frames) for take in self.takes)
        points = np.empty((total, len(COCO_JOINTS), self.dimensions), dtype=np.float32)
        scores = np.ones(points.shape[:2], dtype=np.float32)
        clips: list[Clip] = []
        start = 0
        for take, recording in zip(self.takes, self.recordings(), strict=True):
            seen, sure = self._observe(take, recording)
            for view, (camera, frames) in enumerate(zip(recording.cameras, recording.frames, strict=True)):
                here = slice(start, start + frames)
                points[here], scores[here] = seen[view, :frames], sure[view, :frames]
                clips.append(_clip(recording, camera, points[here], scores[here]))
                start += frames
        return clips

    def _observe(self, take: Take, recording: Recording) -> tuple[Floats32, Floats32]:
        """Return key points [W, T, 17, C] and scores [W, T, 17]."""
        if self.dimensions == 2:
            return estimate(self._rng(4, take), recording.joints, recording.cameras, self.errors)
        shape = (len(recording.cameras), *recording.world.shape)
        return np.broadcast_to(recording.world.astype(np.float32), shape), np.ones(shape[:-1], dtype=np.float32)

    def _rng(self, purpose: int, take: Take) -> np.random.Generator:
        """Return a random generator for a recording and purpose, so that no recording depends on another."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(purpose, take.index)))


def _clip(recording: Recording, camera: Camera, points: Floats32, scores: Floats32) -> Clip:
    return Clip(
        id=f"{recording.id}-{camera.name}",
        keypoints=points,
        scores=scores,
        label=recording.label,
        recording=recording.id,
        subject=recording.subject,
        camera=camera.name,
        fps=FPS,
        image_size=camera.image_size,
        skeleton="coco17",
    )
