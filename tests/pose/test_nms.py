"""People found twice are kept once, as MMPose does it and as the paper's equation 1 says."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, hypot, tanh
from time import perf_counter

import numpy as np
import pytest

from pose.errors import DataError
from pose.interfaces import Poses
from pose.nms import NoNms, OksNms, ParametricNms, SoftOksNms
from pose.oks import box_areas, get_sigmas, oks, person_scores
from tests.pose.people import crowd, poses, standing

EVERY = [NoNms(), OksNms(), SoftOksNms(), ParametricNms()]


def in_mmpose(found: Poses) -> list[dict[str, object]]:
    """The same people as MMPose's functions take them."""
    areas, scores = box_areas(found.boxes.xyxy), person_scores(found)
    triples = np.concatenate([found.keypoints, found.scores[..., None]], axis=2).astype(np.float64)
    return [{"keypoints": triples[i], "score": scores[i], "area": areas[i]} for i in range(len(found))]


def assert_kept(found: Poses, rows: object, kept: Poses) -> None:
    np.testing.assert_array_equal(found.keypoints[np.array(rows, int)], kept.keypoints)
    np.testing.assert_array_equal(found.boxes.scores[np.array(rows, int)], kept.boxes.scores)


# OKS ------------------------------------------------------------------------------------------------------------------


def test_oks_is_that_of_pycocotools() -> None:
    """COCOeval.computeOks on the same people, of whom half of the joints are annotated."""
    from pycocotools.cocoeval import COCOeval

    draw = np.random.default_rng(0)
    truth, found = crowd(4, 1, 1), crowd(2, 3, 1)
    visible = draw.integers(0, 3, (4, 17))
    areas = box_areas(truth.boxes.xyxy) * 0.6
    measure = COCOeval(iouType="keypoints")
    measure.params.imgIds, measure.params.catIds = [1], [1]
    box = [0.0, 0.0, 1.0, 1.0]
    flat = np.concatenate([truth.keypoints, visible[..., None]], axis=2).reshape(4, -1)
    measure._gts[1, 1] = [{"keypoints": f, "bbox": box, "area": a} for f, a in zip(flat, areas, strict=True)]
    scored = np.concatenate([found.keypoints, found.scores[..., None]], axis=2).reshape(6, -1)
    measure._dts[1, 1] = [{"keypoints": f, "score": 1 - i / 10} for i, f in enumerate(scored)]
    theirs = measure.computeOks(1, 1)
    sigmas = np.array(get_sigmas("coco17"))
    ours = oks(truth.keypoints, found.keypoints, areas[:, None], sigmas, visible[:, None] > 0)
    np.testing.assert_allclose(ours.T, theirs, rtol=1e-6)


def test_sigmas_are_those_of_pycocotools_and_of_mmpose() -> None:
    from mmengine import Config
    from mmpose import __file__ as mmpose_file
    from pycocotools.cocoeval import Params

    np.testing.assert_allclose(get_sigmas("coco17"), Params("keypoints").kpt_oks_sigmas)
    halpe = Config.fromfile(mmpose_file.replace("__init__.py", ".mim/configs/_base_/datasets/halpe26.py")).dataset_info
    names = [halpe.keypoint_info[i].name for i in range(26)]
    from pose.skeletons import get_skeleton

    ours = dict(zip(get_skeleton("halpe26").joints, get_sigmas("halpe26"), strict=True))
    assert [ours[name] for name in names] == halpe.sigmas


def test_joints_that_are_not_numbers_do_not_count() -> None:
    pose = standing(0, 0, 100)[None]
    part = pose.copy()
    part[0, 5:] = np.nan
    sigmas = np.array(get_sigmas("coco17"))
    assert oks(pose, part, np.array([[1000.0]]), sigmas) == 1
    assert oks(pose, part * np.nan, np.array([[1000.0]]), sigmas) == 0


def test_a_layout_without_known_sigmas_is_refused() -> None:
    with pytest.raises(DataError, match="use coco17"):
        get_sigmas("custom-17")


# As MMPose does it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_oks_is_that_of_mmpose(threshold: float, seed: int) -> None:
    from mmpose.evaluation.functional.nms import oks_nms

    found = crowd(4, 4, seed)
    assert_kept(found, oks_nms(in_mmpose(found), threshold), OksNms(threshold).keep(found))


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_soft_oks_is_that_of_mmpose(threshold: float, seed: int) -> None:
    from mmpose.evaluation.functional.nms import soft_oks_nms

    found = crowd(4, 4, seed)
    expected = soft_oks_nms(in_mmpose(found), threshold, max_dets=9)
    assert_kept(found, expected, SoftOksNms(threshold, max_people=9, min_score=0).keep(found))


def test_soft_oks_drops_whose_score_was_lowered_too_far() -> None:
    pose = standing(100, 100, 200)
    found = poses([pose, pose, pose + np.array([500, 0])], 1.0, [0.9, 0.8, 0.7])
    assert_kept(found, [0, 2, 1], SoftOksNms(threshold=1.0, min_score=0.2).keep(found))  # 0.8 / e is 0.29
    assert_kept(found, [0, 2], SoftOksNms(threshold=1.0, min_score=0.3).keep(found))


# As equation 1 says ---------------------------------------------------------------------------------------------------


def equation_1(found: Poses, i: int, j: int, options: ParametricNms) -> float:
    """Similarity of pose i, which may go, to pose j, joint by joint."""
    x1, y1, x2, y2 = found.boxes.xyxy[i].astype(float)
    width, height = options.box_fraction * (x2 - x1), options.box_fraction * (y2 - y1)
    unit = max(width, height) if options.unit == "box" else 1.0
    matching = close = 0.0
    for n in range(17):
        (xi, yi), (xj, yj) = found.keypoints[i, n].astype(float), found.keypoints[j, n].astype(float)
        if abs(xi - xj) <= width / 2 and abs(yi - yj) <= height / 2:
            c_i, c_j = float(found.scores[i, n]), float(found.scores[j, n])
            matching += tanh(c_i / options.sigma1) * tanh(c_j / options.sigma1)
        close += exp(-((hypot(xi - xj, yi - yj) / unit) ** 2) / options.sigma2)
    return matching + options.weight * close


def eliminate(found: Poses, options: ParametricNms) -> list[int]:
    """The surest is the reference, all that are similar to it go, and again with those who are left."""
    scores = person_scores(found)
    left, kept = list(range(len(found))), []
    while left:
        reference = max(left, key=lambda i: scores[i])
        kept.append(reference)
        left = [i for i in left if i != reference and equation_1(found, i, reference, options) < options.eta]
    return kept


SETTINGS = [
    ParametricNms(),
    ParametricNms(sigma1=0.3, sigma2=20.0, weight=2.0, eta=15.0, box_fraction=0.2, unit="pixels"),
]


@pytest.mark.parametrize("options", SETTINGS, ids=["box", "pixels"])
@pytest.mark.parametrize("seed", range(5))
def test_parametric_is_equation_1(options: ParametricNms, seed: int) -> None:
    found = crowd(4, 4, seed)
    expected = [[equation_1(found, i, j, options) for j in range(16)] for i in range(16)]
    similar = [options.similarity(found, np.arange(16), j) for j in range(16)]
    np.testing.assert_allclose(np.transpose(similar), expected, rtol=1e-9)
    kept = eliminate(found, options)
    assert 1 < len(kept) < 16
    assert_kept(found, kept, options.keep(found))


@pytest.mark.parametrize("size", [60, 600])
def test_parametric_knows_people_found_twice_at_any_size(size: float) -> None:
    draw = np.random.default_rng(0)
    people = [standing(1000 * i, 0, size) for i in range(3)]
    again = [one + draw.normal(0, size / 100, (17, 2)) for one in people]
    found = poses(np.array(people + again), 0.9, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    assert_kept(found, [0, 1, 2], ParametricNms().keep(found))


def test_parametric_refuses_a_unit_that_there_is_not() -> None:
    with pytest.raises(DataError, match="use box or pixels"):
        ParametricNms(unit="metres")  # type: ignore[arg-type]


# All of them ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nms", EVERY, ids=lambda nms: nms.identity["name"])
def test_nobody_and_one_person_pass(nms: NoNms | OksNms) -> None:
    assert len(nms.keep(poses(np.empty((0, 17, 2))))) == 0
    one = poses(standing(5, 5, 80)[None], 0.01, 0.01)
    assert_kept(one, [0], nms.keep(one))


@pytest.mark.parametrize("nms", [OksNms(0.99), SoftOksNms(0.99), ParametricNms()], ids=lambda nms: nms.identity["name"])
def test_joints_that_were_not_found_do_no_harm(nms: OksNms) -> None:
    keypoints = np.array([standing(50, 50, 100), standing(300, 50, 100)])
    keypoints[:, 9:] = np.nan
    found = poses(keypoints, 0.9, [0.8, 0.9])
    assert_kept(found, [1, 0], nms.keep(found))


@pytest.mark.parametrize("nms", [OksNms(), SoftOksNms()], ids=lambda nms: nms.identity["name"])
def test_another_layout_is_refused(nms: OksNms) -> None:
    found = poses(standing(5, 5, 80)[None])
    other = Poses(found.keypoints[:, :16], found.scores[:, :16], found.boxes)
    with pytest.raises(DataError, match=r"set `nms\.skeleton`"):
        nms.keep(other)


@pytest.mark.parametrize("nms", EVERY, ids=lambda nms: nms.identity["name"])
def test_a_thousand_people_where_there_is_nobody_take_a_moment(nms: NoNms | OksNms) -> None:
    draw = np.random.default_rng(0)
    found = poses(draw.uniform(0, 1000, (1000, 17, 2)), draw.uniform(0, 1, (1000, 17)), draw.uniform(0, 1, 1000))
    begun = perf_counter()
    assert len(nms.keep(found)) > 1
    assert perf_counter() - begun < 10


def test_identities_tell_settings_apart() -> None:
    makers: list[Callable[[float], OksNms | SoftOksNms | ParametricNms]] = [OksNms, SoftOksNms, ParametricNms]
    identities = [make(value).identity for make in makers for value in (0.5, 0.6)]
    assert len({repr(sorted(identity.items())) for identity in identities}) == 6
