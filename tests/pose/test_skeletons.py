"""Layouts of joints against the orders that the tools document."""

from __future__ import annotations

import pytest

from pose.errors import DataError
from pose.skeletons import NAMES, get_skeleton, guess_skeleton

layouts = pytest.mark.parametrize("name", NAMES)


@pytest.mark.parametrize(
    ("name", "joints"), [("coco17", 17), ("alphapose18", 18), ("openpose18", 18), ("body25", 25), ("aihub16", 16)]
)
def test_a_layout_has_the_number_of_joints_in_its_name(name: str, joints: int) -> None:
    assert get_skeleton(name).num_joints == joints == len(set(get_skeleton(name).joints))


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("coco17", {"nose": 0, "left_eye": 1, "left_shoulder": 5, "right_hip": 12, "right_ankle": 16}),
        ("alphapose18", {"nose": 0, "right_ankle": 16, "neck": 17}),
        ("openpose18", {"neck": 1, "right_shoulder": 2, "left_wrist": 7, "right_hip": 8, "left_ear": 17}),
        ("body25", {"neck": 1, "mid_hip": 8, "left_ankle": 14, "left_ear": 18, "left_big_toe": 19, "right_heel": 24}),
        ("aihub16", {"right_ankle": 0, "pelvis": 6, "head_top": 9, "right_wrist": 10, "left_wrist": 15}),
    ],
)
def test_joints_stand_where_the_tool_puts_them(name: str, places: dict[str, int]) -> None:
    assert {joint: get_skeleton(name).joints.index(joint) for joint in places} == places


@layouts
def test_mirroring_twice_gives_every_joint_back_and_swaps_sides(name: str) -> None:
    skeleton = get_skeleton(name)
    assert [skeleton.mirror[i] for i in skeleton.mirror] == list(range(skeleton.num_joints))
    for joint, image in zip(skeleton.joints, skeleton.mirror, strict=True):
        sided = joint.startswith(("left_", "right_"))
        assert (skeleton.joints[image] != joint) == sided
        assert skeleton.joints[image].removeprefix("left_").removeprefix("right_") == joint.split("_", sided)[-1]


@layouts
def test_every_joint_hangs_on_the_body_and_the_drawing_is_symmetric(name: str) -> None:
    skeleton = get_skeleton(name)
    edges = {frozenset(edge) for edge in skeleton.edges}
    assert edges == {frozenset(skeleton.mirror[joint] for joint in edge) for edge in edges}
    assert set().union(*edges) == set(range(skeleton.num_joints))
    assert all(len(edge) == 2 for edge in edges)


def test_joints_are_found_by_name_where_the_layout_has_them() -> None:
    assert get_skeleton("aihub16").find("left_shoulder", "nose", "right_hip") == (13, 2)


def test_a_custom_layout_has_as_many_joints_as_it_says() -> None:
    skeleton = get_skeleton("custom-5")
    assert (skeleton.num_joints, skeleton.edges, skeleton.mirror) == (5, (), (0, 1, 2, 3, 4))


@pytest.mark.parametrize("name", ["custom-0", "custom-", "custom--3", "custom", "coco", "", "other-5"])
def test_an_unknown_layout_is_refused_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(DataError, match=r"coco17.*aihub16, or custom-V"):
        get_skeleton(name)


@pytest.mark.parametrize("joints", [1, 16, 17, 18, 25, 33])
def test_a_guessed_layout_has_that_many_joints(joints: int) -> None:
    assert get_skeleton(guess_skeleton(joints)).num_joints == joints
