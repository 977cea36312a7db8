"""AP is COCO's own: real annotations, disturbed by a known amount."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest

from pose.evaluation.annotations import Annotations, Picture, read_annotations
from pose.evaluation.average_precision import COLUMNS, average_precision
from pose.evaluation.results import Results, nobody
from pose.oks import get_sigmas
from tests.pose.evaluation.scenes import COCO, entry, found, needs_coco, scene, write
from tests.pose.people import standing

SIGMAS = np.array(get_sigmas("coco17"))


def theirs(annotations: Annotations, results: Results) -> dict[str, float]:
    """COCOeval on the file itself, read by pycocotools, with what was found as a file of results would have it."""
    from pycocotools import coco
    from pycocotools.cocoeval import COCOeval

    ids = {image["file_name"]: image["id"] for image in json.loads(annotations.path.read_text())["images"]}
    detections = [
        {
            "image_id": ids[picture.name],
            "category_id": 1,
            "keypoints": np.nan_to_num(np.column_stack([pose, np.ones(17)])).ravel().tolist(),
            "score": float(rank),
        }
        for picture, poses, ranks in zip(annotations.pictures, results.poses, results.ranks, strict=True)
        for pose, rank in zip(poses.keypoints.astype(float), ranks, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO(str(annotations.path))
        evaluation = COCOeval(truth, truth.loadRes(detections), "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return dict(zip(COLUMNS, (value if value >= 0 else np.nan for value in evaluation.stats), strict=False))


def shifted_to(oks: float):
    """Moves every joint so far that the person's OKS is this: each joint's own exp(-d^2 / (2 s^2 k^2))."""

    def change(keypoints: np.ndarray, picture: Picture) -> np.ndarray:
        areas = picture.people.areas[picture.people.evaluated]
        distances = np.sqrt(-2 * np.log(oks) * areas[:, None]) * 2 * SIGMAS
        return keypoints + distances[..., None] * np.array([0.6, 0.8])

    return change


@needs_coco
@pytest.mark.parametrize("pixels", [0.0, 1.0, 4.0, 10.0, 30.0])
@pytest.mark.parametrize("seed", range(3))
def test_real_annotations_disturbed_are_scored_as_pycocotools_scores_them(pixels: float, seed: int) -> None:
    annotations = read_annotations(COCO / "test_coco.json")
    draw = np.random.default_rng(seed)
    results = found(annotations, lambda keypoints, _: keypoints + draw.normal(0, pixels, keypoints.shape))
    ours = average_precision(annotations.pictures, results)
    assert ours == pytest.approx(theirs(annotations, results), nan_ok=True, abs=1e-12)
    low, high = {0: (1, 1), 1: (0.95, 1), 4: (0.5, 0.99), 10: (0.1, 0.8), 30: (0, 0.4)}[pixels]
    assert low - 1e-9 <= ours["AP"] <= high + 1e-9


@needs_coco
@pytest.mark.parametrize("oks", [0.97, 0.93, 0.88, 0.76, 0.74, 0.62, 0.51, 0.49, 0.2])
def test_real_annotations_at_a_known_oks_pass_exactly_the_thresholds_below_it(oks: float) -> None:
    """Everybody's OKS is the same, so AP is 1 at each of 0.5, 0.55, ..., 0.95 up to it, and 0 above."""
    annotations = read_annotations(COCO / "test_coco.json")
    ours = average_precision(annotations.pictures, found(annotations, shifted_to(oks)))
    passed = [threshold <= oks for threshold in np.arange(0.5, 0.951, 0.05)]
    assert ours["AP"] == pytest.approx(np.mean(passed))
    assert (ours["AP50"], ours["AP75"]) == (float(oks >= 0.5), float(oks >= 0.75))


@needs_coco
def test_real_people_whom_nobody_found_lower_the_recall(tmp_path: Path) -> None:
    annotations = read_annotations(COCO / "test_coco.json")
    results = found(annotations)
    fewer = Results("fewer", [results.poses[0], *(nobody() for _ in results.poses[1:])], [results.ranks[0], *[[]] * 3])
    ours = average_precision(annotations.pictures, fewer)
    assert ours == pytest.approx(theirs(annotations, fewer), nan_ok=True)
    assert 0 < ours["AP"] < 0.5


def test_nobody_found_at_all_is_no_precision_at_all(tmp_path: Path) -> None:
    annotations = scene(tmp_path)
    nothing = Results("nothing", [nobody()] * 3, [np.empty(0)] * 3)
    ours = average_precision(annotations.pictures, nothing)
    assert ours == pytest.approx({"AP": 0, "AP50": 0, "AP75": 0, "AP_medium": float("nan"), "AP_large": 0}, nan_ok=True)
    one_far_away = found(annotations, lambda keypoints, _: keypoints[:1] + 10_000)
    assert ours == pytest.approx(average_precision(annotations.pictures, one_far_away), nan_ok=True)


def test_joints_that_were_not_found_are_not_near_the_truth(tmp_path: Path) -> None:
    annotations = scene(tmp_path)

    def forget(keypoints: np.ndarray, _: Picture) -> np.ndarray:
        keypoints[:, 11:] = np.nan
        return keypoints

    ours = average_precision(annotations.pictures, found(annotations, forget))
    assert ours["AP"] == pytest.approx(0.3)  # 11 of 17 joints: OKS 0.647


def test_a_wrong_person_counts_by_how_sure_it_was(tmp_path: Path) -> None:
    """Right and wrong, the wrong one first: precision 1/2 at full recall, as the area under the interpolated curve."""
    person = standing(100, 50, 200)
    annotations = read_annotations(write(tmp_path / "a.json", {"0.jpg": [entry(person)]}))
    results = found(annotations, lambda keypoints, _: np.concatenate([keypoints + 1000, keypoints]))
    assert average_precision(annotations.pictures, results)["AP"] == pytest.approx(0.5)
    sure = Results("sure", results.poses, [ranks[::-1] for ranks in results.ranks])
    assert average_precision(annotations.pictures, sure)["AP"] == pytest.approx(1)


def test_crowds_and_people_without_joints_need_not_be_found(tmp_path: Path) -> None:
    person = standing(100, 50, 200)
    crowd = entry(standing(600, 50, 200), iscrowd=1)
    unknown = entry(standing(300, 50, 200), 0)
    annotations = read_annotations(write(tmp_path / "a.json", {"0.jpg": [entry(person), crowd, unknown]}))
    assert average_precision(annotations.pictures, found(annotations))["AP"] == pytest.approx(1)
