"""Tables, and the pictures beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.drawing import COLOURS
from pose.evaluation.annotations import Annotations, read_annotations
from pose.evaluation.figures import choose_pictures, draw_columns
from pose.evaluation.joint_metrics import Reference
from pose.evaluation.results import Results, nobody
from pose.evaluation.tables import Compared, action_rows, joint_rows, markdown, measure, summary_rows
from tests.pose.evaluation.scenes import entry, found, write
from tests.pose.people import standing

PCKH = Reference("head", 0.5)
HEAD = {"head_top": [0, 0], "neck": [0, 40]}


@pytest.fixture
def annotations(tmp_path: Path) -> Annotations:
    people = {
        f"{number}.jpg": [entry(standing(150, 50, 100 + 50 * number), **HEAD, action=action)]
        for number, action in enumerate(["walk", "fall", "walk"])
    }
    return read_annotations(write(tmp_path / "a.json", people))


def compared(annotations: Annotations) -> list[Compared]:
    right = found(annotations)
    results = [
        Results("right", right.poses, right.ranks, seconds=2.0),
        Results("blind", [nobody()] * 3, [np.empty(0)] * 3),
    ]
    return [measure(annotations.pictures, one, PCKH, 0.3) for one in results]


def test_rows_hold_shares_and_nothing_for_what_is_not_known(annotations: Annotations) -> None:
    right, blind = summary_rows(compared(annotations))
    assert (right["estimator"], right["AP"], right["PCK"], right["missed"], right["people"]) == ("right", 1, 1, 0, 3)
    assert (right["frames_per_s"], right["people_per_s"]) == (1.5, 1.5)
    assert (blind["AP"], blind["PCK"], blind["missed"], blind["unfound"], blind["frames_per_s"]) == (0, 0, 1, 1, "")
    joints = joint_rows(compared(annotations))
    assert len(joints) == 17
    assert joints[9] == {"joint": "left_wrist", "right": 1, "blind": 0}
    actions = action_rows(compared(annotations))
    assert [(row["action"], row["estimator"], row["people"], row["PCK"]) for row in actions] == [
        ("fall", "right", 1, 1), ("fall", "blind", 1, 0), ("walk", "right", 2, 1), ("walk", "blind", 2, 0),
    ]  # fmt: skip


def test_metrics_are_named_by_the_estimator_and_finite(annotations: Annotations) -> None:
    metrics = compared(annotations)[1].metrics
    assert metrics["blind/AP"] == 0
    assert metrics["blind/PCK/left_wrist"] == 0
    assert np.isfinite(list(metrics.values())).all()
    assert "blind/frames_per_s" not in metrics


def test_the_table_is_in_percent_and_says_what_it_went_by(annotations: Annotations) -> None:
    lines = markdown(compared(annotations), annotations.pictures, PCKH, 0.3).splitlines()
    assert lines[0] == "3 pictures, 3 people, 51 joints that are seen"
    header, right, blind = ([cell.strip() for cell in lines[row].split("|")[1:-1]] for row in (2, 4, 5))
    assert header[:4] == ["estimator", "AP 0.5:0.95", "AP 0.5", "AP 0.75"]
    assert dict(zip(header, right, strict=True))["PCKh@0.5"] == "100.0"
    assert dict(zip(header, right, strict=True))["frames/s"] == "1.5"
    assert dict(zip(header, blind, strict=True))["missed"] == "100.0"
    assert dict(zip(header, blind, strict=True))["frames/s"] == "-"
    assert "below 0.3" in lines[-1]


def test_each_action_has_the_picture_in_which_most_is_seen(annotations: Annotations) -> None:
    assert choose_pictures(annotations.pictures) == {"fall": (1, 0), "walk": (2, 0)}  # of two alike the larger person


def test_a_column_for_each_and_one_for_the_truth(annotations: Annotations) -> None:
    picture = annotations.pictures[0]
    pose = picture.people.keypoints.astype(float)
    columns = {
        "right": (pose, np.ones((1, 17))),
        "blind": (pose, np.full((1, 17), 0.29)),
        "away": (pose[:0], np.ones((0, 17))),
    }
    image = np.full((200, 400, 3), 200, np.uint8)
    figure = draw_columns(image, picture.people, 0, columns, "walk: 0.jpg", 0.3)
    axes = figure.axes
    assert [axis.get_title() for axis in axes] == ["annotated", "right", "blind", "away"]
    assert [len(axis.lines) > 0 for axis in axes] == [True, True, False, False]
    assert [axis.get_xlabel() for axis in axes] == ["", "", "no joint scores 0.3", "nobody found"]
    drawn = {line.get_color() for line in axes[1].lines}
    assert drawn == set(COLOURS.values())
    left_wrist = next(line for line in axes[1].lines if np.allclose(line.get_xydata(), pose[0, 9]))
    assert left_wrist.get_color() == COLOURS["left"]
    (low, high), (bottom, top) = axes[0].get_xlim(), axes[0].get_ylim()
    assert 0 <= low < picture.people.boxes[0, 0] < picture.people.boxes[0, 2] < high <= 400
    assert bottom > top
