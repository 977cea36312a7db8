"""Error rates of the simulated pose estimator."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pose.errors import DataError


@dataclass(frozen=True, slots=True)
class EstimatorErrors:
    """Errors that an estimator adds to the truth.

    The kinds of error are those of Ronchi & Perona, Benchmarking and error diagnosis in multi-instance pose
    estimation (ICCV 2017): jitter, inversion (left for right) and miss. Rates are of the order they and makers of
    single-person estimators report on clear pictures; none was fitted to any classifier.

    Args:
        jitter: pixels, standard deviation of x and of y for a visible average joint at 5 m. Joints differ as COCO's
            own per-joint constants do (noses are found more precisely than hips).
        jitter_growth: exponent with which jitter grows with distance / 5 m; 0 for no growth.
        jitter_memory: correlation of the jitter of one frame with the next frame's, 0 up to 0.9.
        occluded_jitter: factor on the jitter of a joint that a part of the body hides, 1 or more.
        score: mean score of a visible joint at 5 m, 0..1.
        score_spread: standard deviation of scores.
        score_falloff: score lost per metre of distance beyond 5 m (and gained before).
        occluded_score: mean score of a hidden joint, 0..1.
        swap_rate: part of the frames in which left and right arms, and apart from them left and right legs, are
            swapped.
        swap_length: mean number of frames for which a swap lasts, 1 or more.
        missed_joint_rate: part of the visible joints that are missed.
        missed_occluded_rate: part of the hidden joints that are missed.
        missed_joint_length: mean number of frames for which a joint is missed, 1 or more.
        missed_frame_rate: part of the frames in which the person is missed entirely.
        missed_frame_length: mean number of frames for which that lasts, 1 or more.

    Raises:
        DataError: a value is out of its range.

    Example:
        >>> EstimatorErrors(jitter=4.0).jitter, EstimatorErrors.none().swap_rate
        (4.0, 0.0)
        >>> EstimatorErrors(score=2)
        Traceback (most recent call last):
        pose.errors.DataError: simulated estimator: score is 2, expected 0 to 1
    """

    jitter: float = 2.5
    jitter_growth: float = 1.0
    jitter_memory: float = 0.6
    occluded_jitter: float = 3.0
    score: float = 0.9
    score_spread: float = 0.05
    score_falloff: float = 0.01
    occluded_score: float = 0.45
    swap_rate: float = 0.01
    swap_length: float = 3.0
    missed_joint_rate: float = 0.005
    missed_occluded_rate: float = 0.05
    missed_joint_length: float = 3.0
    missed_frame_rate: float = 0.005
    missed_frame_length: float = 2.0

    def __post_init__(self) -> None:
        for field in fields(self):
            low, high = _limits(field.name)
            value = getattr(self, field.name)
            if not low <= value <= high:
                raise DataError(f"simulated estimator: {field.name} is {value}, expected {low:g} to {high:g}")

    @classmethod
    def none(cls) -> EstimatorErrors:
        """Return the rates of a perfect estimator: hidden joints too are where they are, with score 1."""
        return cls(
            jitter=0.0,
            score=1.0,
            score_spread=0.0,
            score_falloff=0.0,
            occluded_score=1.0,
            swap_rate=0.0,
            missed_joint_rate=0.0,
            missed_occluded_rate=0.0,
            missed_frame_rate=0.0,
        )


def _limits(name: str) -> tuple[float, float]:
    if name.endswith("_rate"):
        return 0.0, 0.5
    if name.endswith("_length") or name == "occluded_jitter":
        return 1.0, 100.0
    if name == "jitter_memory":
        return 0.0, 0.9
    if name in ("score", "occluded_score", "score_spread", "score_falloff"):
        return 0.0, 1.0
    return 0.0, 100.0
