"""Joints, sides and missed people are counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.errors import DataError
from pose.evaluation.annotations import JOINTS, Annotations, Picture, read_annotations
from pose.evaluation.joint_metrics import SIDES, JointCounts, Reference, choose_reference, count_joints, pair
from pose.evaluation.results import Results, nobody
from pose.skeletons import get_skeleton
from tests.pose.evaluation.scenes import entry, found, scene, write
from tests.pose.people import standing

HEAD = {"head_top": [0, 0], "neck": [0, 40]}
PCKH = Reference("head", 0.5)


def counts(annotations: Annotations, results: Results, reference: Reference = PCKH, score: float = 0.3) -> JointCounts:
    return count_joints(annotations.pictures, results, reference, score)


def test_what_is_found_exactly_is_right_everywhere(tmp_path: Path) -> None:
    annotations = scene(tmp_path, **HEAD)
    rates = counts(annotations, found(annotations)).rates()
    nothing_hidden = rates.pop("PCK_hidden")
    assert np.isnan(nothing_hidden)
    assert rates == {"PCK": 1, "swapped": 0, "missed": 0, "unfound": 0}


@pytest.mark.parametrize(("pixels", "right"), [(19.9, 1), (20.1, 0)])
def test_pckh_counts_joints_within_half_a_head(tmp_path: Path, pixels: float, right: float) -> None:
    annotations = scene(tmp_path, **HEAD)
    wrist = JOINTS.index("left_wrist")

    def move(keypoints: np.ndarray, _: Picture) -> np.ndarray:
        keypoints[:, wrist] += (0, pixels)
        return keypoints

    counted = counts(annotations, found(annotations, move))
    assert counted.pck()["left_wrist"] == right
    assert counted.pck()["right_wrist"] == 1
    assert counted.rates()["PCK"] == pytest.approx((16 + right) / 17)


def test_pck_of_torso_and_box_go_by_the_annotated_lengths(tmp_path: Path) -> None:
    annotations = scene(tmp_path, 1)
    person = annotations.pictures[0].people
    shoulder, hip = get_skeleton("coco17").find("left_shoulder", "right_hip")
    torso = np.linalg.norm(person.keypoints[0, shoulder] - person.keypoints[0, hip])
    assert Reference("torso", 0.2).radii(person)[0] == pytest.approx(0.2 * torso)
    assert Reference("box", 0.1).radii(person)[0] == pytest.approx(0.1 * 200)


def test_auto_goes_by_the_head_where_everybody_has_one(tmp_path: Path) -> None:
    assert choose_reference(scene(tmp_path, **HEAD).pictures, "auto", None).label == "PCKh@0.5"
    assert choose_reference(scene(tmp_path).pictures, "auto", None).label == "PCK@0.2 (torso)"
    assert choose_reference(scene(tmp_path).pictures, "box", 0.05).label == "PCK@0.05 (box)"
    with pytest.raises(DataError, match="use pck=box"):
        choose_reference(scene(tmp_path).pictures, "head", None)
    with pytest.raises(DataError, match="use auto, head, torso, box"):
        choose_reference(scene(tmp_path).pictures, "foot", None)


def test_heads_may_also_be_joints_of_the_category(tmp_path: Path) -> None:
    joints = [*JOINTS, "head_top", "neck"]
    person = np.concatenate([standing(100, 50, 200), [[100, 20], [100, 65]]])
    annotations = read_annotations(write(tmp_path / "a.json", {"0.jpg": [entry(person)]}, joints))
    assert annotations.pictures[0].people.heads.tolist() == [45]


def test_joints_in_another_order_and_fewer_of_them_are_told_by_their_names(tmp_path: Path) -> None:
    joints = ["right_wrist", "nose"]
    annotations = read_annotations(
        write(tmp_path / "a.json", {"0.jpg": [entry(np.array([[7.0, 8.0], [1.0, 2.0]]))]}, joints)
    )
    people = annotations.pictures[0].people
    assert people.keypoints[0, JOINTS.index("right_wrist")].tolist() == [7, 8]
    assert people.keypoints[0, 0].tolist() == [1, 2]
    assert people.visible.sum() == 4


def swap(keypoints: np.ndarray, _: Picture) -> np.ndarray:
    return keypoints[:, list(get_skeleton("coco17").mirror)]


def test_sides_that_are_exchanged_are_swaps(tmp_path: Path) -> None:
    """The eyes of the standing person are nearer to each other than the radius: exchanged they are right as well."""
    annotations = scene(tmp_path, 1, **HEAD)
    counted = counts(annotations, found(annotations, swap), Reference("head", 0.25))
    swapped = dict(zip([JOINTS[left] for left, _ in SIDES], counted.swapped.sum(axis=0), strict=True))
    assert swapped == {f"left_{name}": 0 if name == "eye" else 2 for name in NAMES}
    assert counted.rates()["swapped"] == pytest.approx(7 / 8)


NAMES = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")


def test_joints_that_are_merely_wrong_are_no_swaps(tmp_path: Path) -> None:
    annotations = scene(tmp_path, 1, **HEAD)
    counted = counts(annotations, found(annotations, lambda keypoints, _: keypoints + np.array([0, 21])))
    assert counted.rates()["swapped"] == 0
    assert counted.rates()["PCK"] == 0


def test_one_leg_on_both_sides_is_no_swap(tmp_path: Path) -> None:
    annotations = scene(tmp_path, 1, **HEAD)
    left, right = JOINTS.index("left_ankle"), JOINTS.index("right_ankle")

    def both_left(keypoints: np.ndarray, _: Picture) -> np.ndarray:
        keypoints[:, right] = keypoints[:, left]
        return keypoints

    counted = counts(annotations, found(annotations, both_left), Reference("head", 0.25))
    assert counted.swapped.sum() == 0
    assert counted.pck()["right_ankle"] == 0


def test_people_whom_nobody_found_miss_all_joints(tmp_path: Path) -> None:
    annotations = scene(tmp_path, 2, **HEAD)
    rates = counts(annotations, found(annotations, lambda keypoints, _: keypoints[:1])).rates()
    assert (rates["missed"], rates["unfound"], rates["PCK"], rates["swapped"]) == (0.5, 0.5, 0.5, 0)
    nothing = Results("nothing", [nobody()] * 2, [np.empty(0)] * 2)
    rates = counts(annotations, nothing).rates()
    assert (rates["missed"], rates["unfound"], rates["PCK"]) == (1, 1, 0)


@pytest.mark.parametrize(("score", "missed"), [(0.29, 1), (0.31, 0)])
def test_joints_that_score_too_little_are_missed_wherever_they_are(tmp_path: Path, score: float, missed: float) -> None:
    annotations = scene(tmp_path, **HEAD)
    rates = counts(annotations, found(annotations, scores=score)).rates()
    assert (rates["missed"], rates["PCK"]) == (missed, 1)


def test_hidden_joints_are_counted_beside_the_others(tmp_path: Path) -> None:
    visible = np.full(17, 2)
    visible[[9, 10]] = 1
    visible[[15, 16]] = 0
    person = entry(standing(100, 50, 200), visible, **HEAD)
    annotations = read_annotations(write(tmp_path / "a.json", {"0.jpg": [person]}))

    def move(keypoints: np.ndarray, _: Picture) -> np.ndarray:
        keypoints[:, [9, 15]] += 500
        return keypoints

    counted = counts(annotations, found(annotations, move))
    rates = counted.rates()
    assert (rates["PCK"], rates["PCK_hidden"]) == (1, 0.5)
    assert np.isnan(counted.pck()["left_wrist"])


def test_people_without_the_length_count_as_missed_only(tmp_path: Path) -> None:
    visible = np.full(17, 2)
    visible[JOINTS.index("right_hip")] = 0
    people = [entry(standing(100, 50, 200), visible), entry(standing(500, 50, 200))]
    annotations = read_annotations(write(tmp_path / "a.json", {"0.jpg": people}))
    counted = counts(annotations, found(annotations), Reference("torso", 0.2))
    assert (counted.visible.sum(), counted.measured.tolist()) == (33, [False, True])
    assert counted.rates()["PCK"] == 1
    nothing = counts(annotations, Results("nothing", [nobody()], [np.empty(0)]), Reference("torso", 0.2))
    assert nothing.rates()["missed"] == 1


def test_the_surest_takes_the_person_first(tmp_path: Path) -> None:
    """A duplicate that happens to be better does not count: nobody could have chosen it without the truth."""
    person = standing(100, 50, 200)
    annotations = read_annotations(write(tmp_path / "a.json", {"0.jpg": [entry(person)]}))
    results = found(annotations, lambda keypoints, _: np.concatenate([keypoints + 5, keypoints]))
    people = annotations.pictures[0].people
    assert pair(people, results.poses[0], results.ranks[0]).tolist() == [0]
    assert pair(people, results.poses[0], results.ranks[0][::-1]).tolist() == [1]


def test_people_beside_each_other_are_not_confused(tmp_path: Path) -> None:
    annotations = scene(tmp_path, 1)
    results = found(annotations, lambda keypoints, _: keypoints[::-1])
    assert pair(annotations.pictures[0].people, results.poses[0], results.ranks[0]).tolist() == [1, 0]


def test_actions_can_be_looked_at_one_by_one(tmp_path: Path) -> None:
    """Also where people in one picture do different things."""
    actions = [("walk", "fall"), ("fall", "fall")]
    people = {
        f"{number}.jpg": [
            entry(standing(x, 50, 200), action=action, **HEAD) for x, action in zip((100, 500), both, strict=True)
        ]
        for number, both in enumerate(actions)
    }
    annotations = read_annotations(write(tmp_path / "a.json", people))

    def move(keypoints: np.ndarray, picture: Picture) -> np.ndarray:
        moved = np.array([action == "fall" for action in picture.people.actions])
        return keypoints + moved[:, None, None] * np.array([0, 21])

    counted = counts(annotations, found(annotations, move))
    assert counted.of_action("walk").rates()["PCK"] == 1
    assert counted.of_action("fall").rates()["PCK"] == 0
    assert counted.rates()["PCK"] == 0.25
