"""The simulator as a source of clips: shares, cameras, determinism, and what goes wrong when asked for nonsense."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.clip import Clip
from pose.errors import DataError
from pose.simulator import ACTIONS, PAPER_FRAMES, EstimatorErrors, SyntheticSource, class_frames, stage_cameras
from pose.simulator.class_shares import SNIPPET, plan

PAPER_SIZE = 209_598


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return SyntheticSource(frames=12_000, views=3, seed=4).clips()


def test_actions_are_the_papers_in_its_order() -> None:
    assert SyntheticSource(frames=2000).class_names == (
        "carrying",
        "falling down",
        "walking",
        "lifting",
        "standing",
        "lying down",
    )
    assert SyntheticSource(frames=2000).splits == {}


@pytest.mark.parametrize("views", [1, 3, 5, 12])
def test_the_papers_size_has_the_papers_frames_per_class_in_recordings_of_5_to_10_seconds(views: int) -> None:
    takes = plan(PAPER_SIZE, views, seed=0)
    counted: Counter[str] = Counter()
    for take in takes:
        counted[take.action] += sum(take.frames)
        assert all(149 <= frames <= 300 for frames in take.frames)
    assert counted == {
        "carrying": 44_763,
        "falling down": 41_691,
        "walking": 41_454,
        "lifting": 33_858,
        "standing": 24_400,
        "lying down": 23_432,
    }
    assert np.std([take.frames[0] for take in takes]) > 20


@given(frames=st.integers(0, 400_000))
def test_shares_add_up_and_are_within_one_frame_of_exact(frames: int) -> None:
    shares = class_frames(frames)
    assert sum(shares.values()) == frames
    for action, count in shares.items():
        assert abs(count - frames * PAPER_FRAMES[action] / PAPER_SIZE) < 1


def test_leftover_frames_go_to_the_largest_remainders() -> None:
    exact = {action: 1_003 * count / PAPER_SIZE for action, count in PAPER_FRAMES.items()}
    rounded_up = {action for action, count in class_frames(1_003).items() if count > exact[action]}
    remainders = sorted(ACTIONS, key=lambda action: exact[action] % 1)
    assert rounded_up == set(remainders[-len(rounded_up) :])
    assert 0 < len(rounded_up) < 6


@settings(deadline=None, max_examples=60)
@given(frames=st.integers(2_200, 60_000), views=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_every_plan_uses_every_frame_once_and_seats_its_cameras(frames: int, views: int, seed: int) -> None:
    takes = plan(frames, views, seed)
    counted: Counter[str] = Counter()
    for index, take in enumerate(takes):
        assert take.index == index
        assert len(set(take.cameras)) == len(take.cameras) == len(take.frames) == views
        assert set(take.cameras) <= set(range(12))
        assert SNIPPET - 1 <= min(take.frames) <= max(take.frames) <= min(take.frames) + 1 <= 301
        counted[take.action] += sum(take.frames)
    assert dict(counted) == class_frames(frames)
    per_class = Counter(take.action for take in takes)
    for action, count in class_frames(frames).items():
        assert per_class[action] >= min(6, count // views // SNIPPET)


def test_actors_do_every_class_about_equally_often() -> None:
    done = Counter((take.action, take.actor) for take in plan(PAPER_SIZE, 3, seed=0))
    for action in ACTIONS:
        counts = [done[action, actor] for actor in range(20)]
        assert max(counts) - min(counts) <= 1


def test_few_recordings_of_all_classes_share_their_actors() -> None:
    takes = plan(6_000, 3, seed=1)
    actors = [{take.actor for take in takes if take.action == action} for action in ACTIONS]
    assert all(len(group) == 6 for group in actors)
    assert all(group == actors[0] for group in actors)


def test_all_cameras_are_used(clips: list[Clip]) -> None:
    assert {clip.camera for clip in clips} == {f"C{number:02d}" for number in range(1, 13)}


def test_clips_carry_what_the_stage_knows(clips: list[Clip]) -> None:
    first = clips[0]
    assert first.id == f"r0000-{first.camera}"
    assert (first.recording, first.fps, first.image_size, first.skeleton) == ("r0000", 30.0, (1920, 1080), "coco17")
    assert len({clip.id for clip in clips}) == len(clips)
    assert sum(len(clip) for clip in clips) == 12_000
    assert all(clip.subject in {f"S{number:02d}" for number in range(1, 21)} for clip in clips)
    for recording in {clip.recording for clip in clips}:
        seen = [clip for clip in clips if clip.recording == recording]
        assert len({(clip.label, clip.subject) for clip in seen}) == 1
        assert len({clip.camera for clip in seen}) == 3


def test_key_points_of_all_clips_are_one_stretch_of_memory(clips: list[Clip]) -> None:
    address = clips[0].keypoints.__array_interface__["data"][0]
    for clip in clips:
        assert clip.keypoints.dtype == clip.scores.dtype == np.float32
        assert clip.keypoints.__array_interface__["data"][0] == address
        address += clip.keypoints.nbytes


def test_missed_joints_have_nan_and_score_0_and_others_have_neither(clips: list[Clip]) -> None:
    points = np.concatenate([clip.keypoints for clip in clips])
    scores = np.concatenate([clip.scores for clip in clips])
    missed = np.isnan(points).any(axis=-1)
    assert np.array_equal(missed, np.isnan(points).all(axis=-1))
    assert np.array_equal(missed, scores == 0)
    assert 0.005 < missed.mean() < 0.05
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_people_are_in_the_picture(clips: list[Clip]) -> None:
    truth = SyntheticSource(frames=12_000, views=3, seed=4, errors=EstimatorErrors.none()).clips()
    assert len(truth) == len(clips)
    assert np.mean([np.isnan(clip.keypoints).mean() for clip in truth]) < 0.01


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    def make(seed: int) -> tuple[bytes, bytes]:
        clips = SyntheticSource(frames=2_500, seed=seed).clips()
        return b"".join(c.keypoints.tobytes() for c in clips), b"".join(c.scores.tobytes() for c in clips)

    assert make(7) == make(7)
    assert make(7)[0] != make(8)[0]


def test_three_dimensions_are_the_truth_in_metres() -> None:
    source = SyntheticSource(frames=2_500, views=2, seed=1, dimensions=3)
    clips = iter(source.clips())
    for recording in source.recordings():
        for camera, frames in zip(recording.cameras, recording.frames, strict=True):
            clip = next(clips)
            assert clip.id == f"{recording.id}-{camera.name}"
            assert clip.keypoints.dtype == np.float32
            assert np.array_equal(clip.keypoints, recording.world[:frames].astype(np.float32))
            assert np.all(clip.scores == 1)
    assert next(clips, None) is None


def test_without_errors_key_points_are_the_projected_truth() -> None:
    source = SyntheticSource(frames=2_500, views=2, seed=2, errors=EstimatorErrors.none())
    clips = {clip.id: clip for clip in source.clips()}
    for recording in source.recordings():
        for camera, frames in zip(recording.cameras, recording.frames, strict=True):
            seen = clips[f"{recording.id}-{camera.name}"].keypoints
            expected = camera.project(recording.world[:frames])[0]
            found = ~np.isnan(seen)
            assert np.abs(seen - expected)[found].max() < 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"views": 0}, "views is 0"),
        ({"views": 13}, "cameras for 1 to 12"),
        ({"frames": 0}, "frames is 0, too few"),
        ({"frames": -5}, "frames is -5, too few"),
        ({"frames": 500}, "for 3 views of every class: use 538 or more"),
        ({"dimensions": 4}, "dimensions is 4, expected 2 or 3"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_impossible_arguments_are_refused_in_one_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        SyntheticSource(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("views", [1, 3, 12])
def test_the_least_frames_that_are_asked_for_are_enough(views: int) -> None:
    with pytest.raises(DataError) as caught:
        plan(1, views, seed=0)
    least = int(str(caught.value).split("use ")[1].split()[0])
    assert {take.action for take in plan(least, views, seed=0)} == set(ACTIONS)


def test_camera_projects_as_its_matrix_does() -> None:
    points = np.random.default_rng(0).uniform([-4, -4, 0], [4, 4, 2], (50, 3))
    for camera in stage_cameras(0):
        homogeneous = np.column_stack([points, np.ones(50)]) @ camera.P.T
        pixels, depth = camera.project(points)
        assert np.allclose(pixels, homogeneous[:, :2] / homogeneous[:, 2:])
        assert np.allclose(depth, homogeneous[:, 2])
        assert depth.min() > 0.5
        assert np.allclose(camera.R @ camera.R.T, np.eye(3))
        assert np.linalg.det(camera.R) == pytest.approx(1)


def test_up_is_up_in_every_picture() -> None:
    for camera in stage_cameras(3):
        (feet, head), _ = camera.project(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.7]]))
        assert head[1] < feet[1] - 100
        assert abs(head[0] - feet[0]) < 60


def test_two_views_give_back_the_truth() -> None:
    point = np.array([0.7, -1.2, 1.1])
    first, second = stage_cameras(5)[2], stage_cameras(5)[6]
    rows = []
    for camera in (first, second):
        (x, y), _ = camera.project(point)
        rows += [x * camera.P[2] - camera.P[0], y * camera.P[2] - camera.P[1]]
    solution = np.linalg.svd(np.array(rows))[2][-1]
    assert np.allclose(solution[:3] / solution[3], point)


def test_cameras_stand_round_the_stage_and_differ_by_seed() -> None:
    cameras = stage_cameras(0)
    assert [camera.name for camera in cameras] == [f"C{number:02d}" for number in range(1, 13)]
    for camera in cameras:
        assert np.abs(camera.position[:2]).max() > 4
    assert np.array_equal(cameras[0].t, stage_cameras(0)[0].t)
    assert not np.array_equal(cameras[0].t, stage_cameras(1)[0].t)


def test_simulator_imports_neither_torch_nor_scipy() -> None:
    code = (Path(__file__).parent / "programs/imported.py").read_text()
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
