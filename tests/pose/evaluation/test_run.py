"""Real networks, with random weights, look at every annotated picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pose.errors import DataError
from pose.evaluation.annotations import Annotations, Picture, read_annotations
from pose.evaluation.images import ImageLocation
from pose.evaluation.run import AnnotatedBoxes, run_estimator, warm_up
from pose.extraction.components import PoseComponents
from pose.interfaces import Boxes, Image
from pose.nms import NoNms
from pose.trackers.single_person import BestPerson
from pose.whole_frame import WholeFrameDetector
from tests.pose.evaluation.scenes import entry, write, write_image
from tests.pose.people import standing

CONFIG = "mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py"


@pytest.fixture(scope="module")
def estimator() -> Any:
    from pose.openmmlab.top_down import MMPoseTopDown

    return MMPoseTopDown(CONFIG, weights="random", flip_test=False, device="cpu")


@pytest.fixture
def annotations(tmp_path: Path) -> Annotations:
    """None, one and two people in pictures of two sizes, and a crowd that nobody need find."""
    counts = {"0.png": 1, "1.png": 0, "2.png": 2, "3.png": 1}
    people = {
        name: [entry(standing(40 + 70 * row, 10, 90)) for row in range(count)]
        + [entry(standing(40, 10, 90), iscrowd=1)]
        for name, count in counts.items()
    }
    for number, name in enumerate(people):
        write_image(tmp_path / name, 60 * number, (200, 120) if number < 2 else (160, 140))
    return read_annotations(write(tmp_path / "a.json", people))


def places(annotations: Annotations) -> list[ImageLocation]:
    return [ImageLocation(annotations.path.parent / picture.name) for picture in annotations.pictures]


@pytest.mark.slow
def test_annotated_boxes_go_to_their_own_pictures(annotations: Annotations, estimator: Any) -> None:
    def parts(pictures: Sequence[Picture]) -> PoseComponents:
        return PoseComponents(
            AnnotatedBoxes(pictures), estimator, NoNms(), BestPerson(), people_per_batch=3, frames_per_batch=2
        )

    warm_up(parts, annotations.pictures, places(annotations))
    done: list[int] = []
    results = run_estimator("ours", parts, annotations.pictures, places(annotations), done.append)
    assert sum(done) == 4
    assert [len(poses) for poses in results.poses] == [1, 0, 2, 1]
    assert (results.people, len(results.ranks)) == (4, 4)
    for picture, poses in zip(annotations.pictures, results.poses, strict=True):
        np.testing.assert_allclose(poses.boxes.xyxy, picture.people.boxes[picture.people.evaluated], rtol=1e-6)
    assert 0 < results.seconds < 60
    assert results.speeds["frames_per_s"] == pytest.approx(results.speeds["people_per_s"])


def test_an_estimator_of_other_joints_is_refused_before_it_is_built(annotations: Annotations) -> None:
    from pose.openmmlab.top_down import MMPoseTopDown

    of_mpii = MMPoseTopDown(CONFIG, weights="random", skeleton="aihub16", device="cpu")

    def parts(pictures: Sequence[Picture]) -> PoseComponents:
        return PoseComponents(AnnotatedBoxes(pictures), of_mpii, NoNms(), BestPerson())

    with pytest.raises(DataError, match="aihub16 has no nose"):
        warm_up(parts, annotations.pictures, places(annotations))


class Nobody(WholeFrameDetector):
    """Finds nobody, as a detector may in the first picture."""

    def detect(self, images: Sequence[Image]) -> list[Boxes]:
        return [Boxes(np.empty((0, 4), np.float32), np.empty(0, np.float32)) for _ in images]


@pytest.mark.parametrize("weights", ["random", "/nowhere/weights.pth"])
def test_warming_up_builds_the_estimator_also_where_nobody_is_found(annotations: Annotations, weights: str) -> None:
    from pose.openmmlab.top_down import MMPoseTopDown

    cold = MMPoseTopDown(CONFIG, weights=weights, flip_test=False, device="cpu")

    def parts(_: Sequence[Picture]) -> PoseComponents:
        return PoseComponents(Nobody(), cold, NoNms(), BestPerson())

    with nullcontext() if weights == "random" else pytest.raises(DataError, match=weights):
        warm_up(parts, annotations.pictures, places(annotations))
    assert ("module" in vars(cold.network)) == (weights == "random")


@pytest.mark.slow
def test_a_detector_of_its_own_is_used_where_boxes_are_not_annotated(annotations: Annotations, estimator: Any) -> None:
    def parts(_: Sequence[Picture]) -> PoseComponents:
        return PoseComponents(WholeFrameDetector(), estimator, NoNms(), BestPerson())

    results = run_estimator("ours", parts, annotations.pictures, places(annotations), lambda _: None)
    assert [poses.boxes.xyxy.tolist() for poses in results.poses] == [[[0, 0, 200, 120]]] * 2 + [[[0, 0, 160, 140]]] * 2
    assert all(0 <= rank <= 1 for ranks in results.ranks for rank in ranks)
