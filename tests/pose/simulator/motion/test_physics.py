"""The simulator's truth, held to anatomy and mechanics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.simulator import BONES, JOINTS, SyntheticSource, make_actor
from pose.simulator.motion.pendulum import descent
from pose.simulator.source import Recording

FPS = 30.0
UPRIGHT = ("carrying", "walking", "lifting", "standing")
FEET = [JOINTS.index(name) for name in ("left_heel", "right_heel", "left_toe", "right_toe")]


def joint(recording: Recording, name: str) -> np.ndarray:
    return recording.joints[:, JOINTS.index(name)]


def by_action(recordings: Sequence[Recording], *actions: str) -> list[Recording]:
    chosen = [recording for recording in recordings if recording.label in actions]
    assert chosen
    return chosen


def facing(recording: Recording) -> np.ndarray:
    """[T, 3]: where the chest faces."""
    across = joint(recording, "left_shoulder") - joint(recording, "right_shoulder")
    normal = np.cross(across, joint(recording, "neck") - joint(recording, "waist"))
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    return [take for seed in (0, 1) for take in SyntheticSource(frames=60_000, views=1, seed=seed).recordings()]


def test_bone_lengths_are_constant(recordings: list[Recording]) -> None:
    for recording in recordings:
        a, b = np.array(BONES).T
        lengths = np.linalg.norm(recording.joints[:, a] - recording.joints[:, b], axis=-1)
        assert np.ptp(lengths, axis=0).max() < 1e-9, recording.id


def test_an_actors_bones_are_the_same_in_every_recording_and_differ_from_the_next_actors(
    recordings: list[Recording],
) -> None:
    shins: dict[str, set[float]] = {}
    for recording in recordings[: len(recordings) // 2]:
        shin = np.linalg.norm(joint(recording, "left_knee")[0] - joint(recording, "left_ankle")[0])
        shins.setdefault(recording.subject, set()).add(round(float(shin), 6))
    assert len(shins) == 20
    assert all(len(lengths) == 1 for lengths in shins.values())
    assert len({length for lengths in shins.values() for length in lengths}) == 20


def test_segments_are_near_the_anthropometric_tables_fractions_of_stature() -> None:
    builds = [make_actor(seed, index).build for seed in range(3) for index in range(20)]
    for name, fraction in {"thigh": 0.245, "shank": 0.246, "upper_arm": 0.186, "forearm": 0.146}.items():
        ratios = np.array([getattr(build, name) / build.stature for build in builds])
        assert ratios.mean() == pytest.approx(fraction, rel=0.02)
        assert np.abs(ratios / fraction - 1).max() < 0.08
        assert ratios.std() > 0.01 * fraction
    assert 1.45 < min(build.stature for build in builds) < max(build.stature for build in builds) < 1.95


def test_nothing_is_ever_under_the_floor(recordings: list[Recording]) -> None:
    for recording in recordings:
        assert recording.joints[..., 2].min() > -0.02, (recording.id, recording.label)


def test_one_foot_is_always_on_the_floor_while_upright(recordings: list[Recording]) -> None:
    for recording in by_action(recordings, *UPRIGHT):
        assert recording.joints[:, FEET, 2].min(axis=1).max() < 0.01, (recording.id, recording.label)


def test_what_bears_on_the_floor_does_not_slide(recordings: list[Recording]) -> None:
    for recording in by_action(recordings, *UPRIGHT):
        feet = recording.joints[:, FEET]
        bears = feet[..., 2] < 0.002
        both = bears[1:] & bears[:-1]
        slid = np.linalg.norm(np.diff(feet[..., :2], axis=0), axis=-1)[both]
        # A swing that begins or ends between two frames leaves a trace of itself in one of them.
        assert slid.max() < 0.03, (recording.id, recording.label)
        assert np.mean(slid > 0.003) < 0.05, (recording.id, recording.label)


def test_everybody_stays_on_the_stage(recordings: list[Recording]) -> None:
    for recording in recordings:
        assert np.abs(recording.joints[..., :2]).max() < 4.0, (recording.id, recording.label)


def test_walking_has_a_walkers_speed_cadence_and_step_length(recordings: list[Recording]) -> None:
    for recording in by_action(recordings, "walking"):
        pelvis = joint(recording, "pelvis")[:, :2]
        smooth = np.stack([np.convolve(line, np.ones(15) / 15, mode="valid") for line in pelvis.T])
        speed = np.linalg.norm(np.diff(smooth, axis=1), axis=0).mean() * FPS
        lifted = joint(recording, "left_ankle")[:, 2] - joint(recording, "right_ankle")[:, 2]
        spectrum = np.abs(np.fft.rfft(lifted - lifted.mean(), 8192))
        cadence = 120 * np.fft.rfftfreq(8192, 1 / FPS)[spectrum.argmax()]
        assert 0.8 < speed < 1.8, recording.id
        assert 90 < cadence < 135, recording.id
        assert 0.5 < speed / cadence * 60 < 0.85, recording.id


def test_arms_swing_against_the_legs(recordings: list[Recording]) -> None:
    for recording in by_action(recordings, "walking"):
        ahead = facing(recording)
        for arm, leg in (("left_wrist", "left_ankle"), ("right_wrist", "right_ankle")):
            hand, foot = (
                np.sum((joint(recording, name) - joint(recording, "pelvis")) * ahead, axis=1) for name in (arm, leg)
            )
            assert np.corrcoef(hand, foot)[0, 1] < -0.6, recording.id


def test_a_carrier_swings_at_most_one_arm(recordings: list[Recording]) -> None:
    def steadiest(recording: Recording) -> float:
        ahead = facing(recording)
        hands = [joint(recording, f"{side}_wrist") - joint(recording, "neck") for side in ("left", "right")]
        return min(float(np.sum(hand * ahead, axis=1).std()) for hand in hands)

    assert max(steadiest(recording) for recording in by_action(recordings, "carrying")) < 0.05
    assert min(steadiest(recording) for recording in by_action(recordings, "walking")) > 0.05


def test_a_lift_takes_the_hands_from_near_the_floor_to_the_belly_by_knees_or_back(recordings: list[Recording]) -> None:
    bows = []
    for recording in by_action(recordings, "lifting"):
        hands = joint(recording, "left_wrist")[:, 2]
        assert hands.min() < 0.5, recording.id
        assert hands.max() > 0.75, recording.id
        trunk = (joint(recording, "neck") - joint(recording, "waist"))[hands.argmin()]
        bows.append(float(np.degrees(np.arccos(trunk[2] / np.linalg.norm(trunk)))))
    assert min(bows) < 50
    assert max(bows) > 75


def test_who_stands_sways_but_leaves_the_feet_where_they_are(recordings: list[Recording]) -> None:
    for recording in by_action(recordings, "standing"):
        assert np.ptp(recording.joints[:, FEET], axis=0).max() < 0.001, recording.id
        assert 0.005 < np.ptp(joint(recording, "pelvis"), axis=0).max() < 0.2, recording.id


def test_a_fall_begins_upright_and_ends_on_the_floor(recordings: list[Recording]) -> None:
    for recording in by_action(recordings, "falling down"):
        pelvis, head = joint(recording, "pelvis")[:, 2], joint(recording, "head_top")[:, 2]
        assert pelvis[0] > 0.65, recording.id
        assert head[0] > 1.35, recording.id
        assert pelvis[-1] < 0.35, recording.id
        assert head[-1] < 0.5, recording.id


def test_a_fall_cut_short_still_goes_down() -> None:
    falls = by_action(list(SyntheticSource(frames=2_500, views=3).recordings()), "falling down")
    assert max(len(recording.joints) for recording in falls) < 60
    for recording in falls:
        height = joint(recording, "pelvis")[:, 2]
        assert height[0] > height[-1] + 0.3, recording.id


def test_a_fall_is_as_fast_as_measured_falls_and_hardly_faster_than_free_fall(recordings: list[Recording]) -> None:
    impacts, durations = [], []
    for recording in by_action(recordings, "falling down"):
        height = joint(recording, "pelvis")[:, 2]
        speed = -np.diff(height) * FPS
        landing = int(speed.argmax())
        impacts.append(speed[landing])
        durations.append((landing - np.flatnonzero(height[:landing] > 0.95 * height[0])[-1]) / FPS)
        # A point of a turning body can gain on a free one: the tip of a hinged rod falls at up to 1.5 g.
        assert np.diff(speed)[: landing - 1].max() * FPS < 1.25 * 9.81, recording.id
    # Hsiao & Robinovitch 1998: 2.55 +- 0.85 m/s, 0.715 +- 0.16 s from the loss of balance.
    assert 1.0 < min(impacts) < max(impacts) < 4.0
    assert np.mean(impacts) == pytest.approx(2.55, abs=0.5)
    assert 0.25 < min(durations) < max(durations) < 1.1


def test_people_fall_and_lie_in_every_posture(recordings: list[Recording]) -> None:
    for action in ("falling down", "lying down"):
        up = [facing(recording)[-1, 2] for recording in by_action(recordings, action)]
        assert min(up) < -0.9
        assert max(up) > 0.9
        assert any(abs(z) < 0.3 for z in up)


def test_who_lies_stays_low_and_nearly_still(recordings: list[Recording]) -> None:
    for recording in by_action(recordings, "lying down"):
        assert joint(recording, "pelvis")[:, 2].max() < 0.35, recording.id
        assert recording.joints[..., 2].max() < 0.75, recording.id
        assert np.abs(np.diff(recording.joints, axis=0)).max() * FPS < 1.0, recording.id


def test_no_joint_jumps(recordings: list[Recording]) -> None:
    for recording in recordings:
        steps = np.linalg.norm(np.diff(recording.joints, axis=0), axis=-1)
        assert steps.max() * FPS < 11.0, (recording.id, recording.label)


@settings(max_examples=50, deadline=None)
@given(duration=st.floats(0.5, 1.3), length=st.floats(0.6, 1.1), start=st.floats(0.0, 5.0))
def test_a_pendulum_gets_faster_all_the_way_down(duration: float, length: float, start: float) -> None:
    course = descent(np.linspace(-0.2 * duration, 1.2 * duration, 141), duration, length, start)
    assert np.abs(course[:21]).max() < 1e-12
    assert course[120:] == pytest.approx(1.0)
    assert np.all(np.diff(course[20:121], n=2) > 0)


def test_a_pendulum_starts_with_the_speed_it_has() -> None:
    time = np.array([0.0, 1e-6])
    assert np.diff(descent(time, 0.9, 0.9, start=0.4))[0] / 1e-6 == pytest.approx(0.4, rel=1e-4)
