"""Real runs of compare.py, with real tracking, on little data and random weights."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import compare
from pose.evaluation.annotations import Annotations, read_annotations
from sweeps.tracking.store import Store
from tests.helpers import Done, Ended, Typist, without_pose
from tests.pose.evaluation.scenes import COCO, alphapose, entry, needs_coco, openpose, write, write_image, write_video
from tests.pose.people import standing

# RTMPose-t with random weights: a network of MMPose that is built in a second.
TINY = "mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py"
RANDOM = f"estimators=[rtmpose_m] 'settings={{rtmpose_m:{{config:\"{TINY}\",weights:random,flip_test:false}}}}'"
Type = Callable[[str], Ended]


@pytest.fixture
def type_compare(typist: Typist) -> Type:
    """Types at compare.py in this process."""

    def type_command(command: str) -> Ended:
        threads = " num_threads=1" if "estimators=" in command else ""
        return typist.type(command + threads, compare)

    return type_command


@pytest.fixture
def done(type_compare: Type, store: Store) -> Callable[[str], Done]:
    def run(command: str) -> Done:
        ended = type_compare(command)
        assert ended.status == 0, ended.err
        return Done(store, store.client.get_run(ended.run_id))

    return run


def rows(done: Done, name: str) -> list[dict[str, str]]:
    path = done.store.client.download_artifacts(done.id, name)
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def pictures(tmp_path: Path) -> Annotations:
    """Two actions, two pictures each, with somebody in each."""
    people = {}
    for number, action in enumerate(["walk", "walk", "fall", "fall"]):
        name = f"{action}/{number}.png"
        write_image(tmp_path / "pictures" / name, 80 + 20 * number, (200, 150))
        people[name] = [entry(standing(60 + 10 * number, 20, 100), head_top=[0, 0], neck=[0, 25])]
    return read_annotations(write(tmp_path / "annotations.json", people))


def where(annotations: Annotations) -> str:
    folder = annotations.path.parent
    return f"path={folder / 'pictures'} annotations={annotations.path}"


@needs_coco
@pytest.mark.slow
def test_estimators_and_files_over_the_same_real_pictures(done: Callable[[str], Done], tmp_path: Path) -> None:
    annotations = read_annotations(COCO / "test_coco.json")
    files = tmp_path / "alphapose-results.json"
    files.write_text(json.dumps(alphapose(annotations)))
    folder = openpose(annotations, tmp_path / "openpose", lambda picture: Path(picture.name).stem)
    ran = done(
        f"path={COCO} annotations={annotations.path} {RANDOM} boxes=annotated min_score=0 "
        f"'files={{alphapose:{files},openpose:{folder}}}'"
    )
    metrics = ran.run.data.metrics
    assert ran.status == "FINISHED"
    # AlphaPose's file holds the truth. OpenPose's too, but with score 0 for joints at 0, 0, which are not annotated.
    assert metrics["alphapose/AP"] == pytest.approx(1)
    assert metrics["openpose/AP"] == pytest.approx(1)
    assert metrics["rtmpose_m/AP"] < 0.1
    assert metrics["rtmpose_m/frames_per_s"] > 0
    assert metrics["rtmpose_m/people"] == 12
    assert metrics["alphapose/PCK/left_wrist"] == 1
    assert "alphapose/frames_per_s" not in metrics
    assert ran.run.data.tags["pck"] == "PCK@0.2 (torso)"
    assert ran.run.data.params["settings.rtmpose_m.weights"] == "random"
    assert ran.artifacts() >= {"comparison.csv", "comparison.md", "joints.csv", "pictures/picture.png", "config.yaml"}
    assert [row["estimator"] for row in rows(ran, "comparison.csv")] == ["rtmpose_m", "alphapose", "openpose"]
    assert store_experiment(ran) == "pose-comparison"


def store_experiment(done: Done) -> str:
    return str(done.store.client.get_experiment(done.run.info.experiment_id).name)


@pytest.mark.slow
def test_each_action_has_its_picture_and_its_row(done: Callable[[str], Done], pictures: Annotations) -> None:
    path = pictures.path.with_name("results.json")
    path.write_text(json.dumps(alphapose(pictures)[2:]))  # of those who walk only
    ran = done(f"{where(pictures)} {RANDOM} pose/detector=whole_frame files={{alphapose:{path}}}")
    assert ran.run.data.metrics["rtmpose_m/people"] == 4
    assert ran.run.data.tags["pck"] == "PCKh@0.5"
    assert {"pictures/walk.png", "pictures/fall.png", "actions.csv"} <= ran.artifacts()
    of_file = {row["action"]: row for row in rows(ran, "actions.csv") if row["estimator"] == "alphapose"}
    assert (of_file["walk"]["PCK"], of_file["fall"]["PCK"]) == ("1.0", "0.0")
    image = (ran.folder / "pictures" / "walk.png").read_bytes()
    assert image.startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_same_estimator_twice_with_other_settings(done: Callable[[str], Done], pictures: Annotations) -> None:
    common = f'option:rtmpose_m,config:"{TINY}",weights:random'
    ran = done(
        f"{where(pictures)} estimators=[once,mirrored] boxes=annotated "
        f"'settings={{once:{{{common},flip_test:false}},mirrored:{{{common},flip_test:true}}}}'"
    )
    assert [row["estimator"] for row in rows(ran, "comparison.csv")] == ["once", "mirrored"]
    metrics = ran.run.data.metrics
    assert metrics["once/people"] == metrics["mirrored/people"] == 4


@pytest.mark.slow
def test_estimators_of_whole_pictures_need_no_boxes(done: Callable[[str], Done], tmp_path: Path) -> None:
    """With random weights RTMO finds people everywhere, of whom few are kept."""
    write_image(tmp_path / "pictures" / "0.png", 90, (64, 64))
    annotations = read_annotations(write(tmp_path / "a.json", {"0.png": [entry(standing(30, 5, 50))]}))
    settings = "'settings={rtmo:{weights:random,max_people:5}}'"
    ran = done(f"{where(annotations)} estimators=[rtmo] {settings} pose/nms=none")
    assert ran.run.data.metrics["rtmo/people"] == 5
    assert ran.run.data.metrics["rtmo/frames_per_s"] > 0


@pytest.mark.slow
def test_frames_of_videos(done: Callable[[str], Done], tmp_path: Path) -> None:
    write_video(tmp_path / "pictures" / "walk" / "anna.mp4", [100] * 12)
    write_video(tmp_path / "pictures" / "fall" / "bob.mp4", [50] * 12)
    names = [f"{video}/{frame:06d}" for video in ("walk/anna.mp4", "fall/bob.mp4") for frame in (0, 10)]
    people = {name: [entry(standing(40, 5, 50))] for name in names}
    annotations = read_annotations(write(tmp_path / "a.json", people))
    folder = openpose(
        annotations,
        tmp_path / "openpose",
        lambda picture: f"{Path(picture.name).parent.stem}_{int(Path(picture.name).name):012d}",
    )
    ran = done(f"{where(annotations)} {RANDOM} boxes=annotated files={{openpose:{folder}}}")
    assert ran.run.data.metrics["openpose/AP"] == pytest.approx(1)
    assert ran.run.data.metrics["rtmpose_m/people"] == 4
    assert {row["action"] for row in rows(ran, "actions.csv")} == {"walk", "fall"}


@pytest.mark.slow
def test_files_alone_need_no_network(done: Callable[[str], Done], pictures: Annotations) -> None:
    path = pictures.path.with_name("results.json")
    path.write_text(json.dumps(alphapose(pictures)))
    ran = done(f"{where(pictures)} files={{fastpose:{path}}}")
    assert ran.run.data.metrics["fastpose/PCK"] == 1
    assert (ran.folder / "comparison.md").read_text().startswith("4 pictures, 4 people")


# Mistakes on purpose --------------------------------------------------------------------------------------------------


def mistakes(pictures: Annotations) -> dict[str, str]:
    """What is typed, and what is said."""
    folder, path = pictures.path.parent, pictures.path
    others = folder / "others.json"
    others.write_text(json.dumps(alphapose(pictures, lambda _: "elsewhere.jpg")))
    right = folder / "right.json"
    right.write_text(json.dumps(alphapose(pictures)))
    nobody = write(folder / "nobody.json", {"walk/0.png": []})
    more = write(folder / "more.json", {"walk/0.png": [entry(standing(5, 5, 50))], "walk/9.png": []})
    here, file = where(pictures), f"files={{alphapose:{right}}}"
    return {
        here: "nothing to compare; type estimators=[hrnet_w32]",
        f"path={folder} {file}": "annotations is not set; type annotations=FILE",
        f"{here} estimators=[hrnet_w23]": "estimators: hrnet_w23 is no option of pose/estimator; type hrnet_w32",
        f"{here} estimators=[hrnet_w32,hrnet_w32]": "must be a list of different names",
        f"{here} estimators=hrnet_w32": "estimators=",
        f"{here} estimators=[hrnet_w32] settings={{hrnet_w32:{{flip:false}}}}": "has no key flip; type flip_test",
        f"{here} estimators=[hrnet_w32] settings={{resnet50:{{}}}}": "settings: resnet50 is not among the estimators",
        f"{here} estimators=[resnet50] files={{resnet50:{right}}}": "resnet50 is there twice in estimators and files",
        f"{here} 'files={{a/b:{right}}}'": "a/b",
        f"path={folder / 'pictures'} annotations={nobody} {file}": "annotates nobody's key points",
        f"path={folder / 'pictures'} annotations={right} {file}": "has no list 'images'",
        f"path={folder / 'pictures'} annotations={folder}/none.json {file}": "none.json cannot be read: No such file",
        f"path={folder / 'pictures'} annotations={more} {file}": "walk/9.png of",
        f"path={folder} annotations={path} {file}": "and 3 more of",
        f"{here} files={{alphapose:{others}}}": "is of other pictures than",
        f"{here} files={{alphapose:{folder}/none.json}}": "none.json of files.alphapose is not there",
        f"{here} 'files={{alphapose:\"~/none.json\"}}'": f"error: {Path.home()}/none.json of files.alphapose is not",
        f"{here} {file} pose/nms=none": "pose/nms=none: only files are compared, and no estimator uses it",
        f"{here} estimators=[resnet50] boxes=annotated pose/detector=yolox_s": "takes the place of the detector",
        f"{here} estimators=[rtmo] pose/detector=yolox_s": "pose/detector=yolox_s: this pose/estimator finds everybody",
        f"{here} {file} estimators=[rtmo,dekr] boxes=annotated": "boxes=annotated: each pose/estimator here finds",
        f"{here} estimators=[a] settings={{a:{{option:rtmo}}}} frames_per_batch=2": "frames_per_batch=2: this pose/est",
        f"{here} estimators=[rtmo] pose.detector.max_people=3": "pose.detector.max_people=3: this pose/estimator finds",
        f"{here} {file} estimators=[rtmo] boxes=mine": "boxes=mine: must be detector or annotated",
        f"{here} {file} pck=foot": "pck=foot: must be auto, head, torso or box",
        f"{here} {file} min_score=2": "min_score=2.0: must be a number, 0 to 1",
    }


@pytest.mark.slow
def test_mistakes_are_one_line_and_leave_nothing(type_compare: Type, pictures: Annotations, outputs: Path) -> None:
    before = set(outputs.iterdir())
    for command, message in mistakes(pictures).items():
        ended = type_compare(command)
        assert ended.status == 1, command
        assert message in ended.err, command
        assert ended.err.count("\n") == 1, ended.err
        assert ended.err.startswith("error: "), ended.err
    assert set(outputs.iterdir()) == before


def test_before_make_pose_one_line_says_so(
    type_compare: Type, pictures: Annotations, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(outputs.iterdir())
    without_pose(monkeypatch)
    for what, missing in {
        "estimators=[hrnet_w32]": "mmengine, mmcv, mmdet, mmpose, pycocotools, av, opencv-python-headless",
        "files={alphapose:none.json}": "pycocotools, av, opencv-python-headless",
    }.items():
        ended = type_compare(f"{where(pictures)} {what}")
        assert (ended.status, ended.err) == (1, f"error: {missing} are not installed: type make pose\n")
    assert set(outputs.iterdir()) == before


@pytest.mark.parametrize("boxes", ["boxes=annotated", "pose/detector=demo pose.detector.score_threshold=1"])
def test_weights_that_cannot_be_had_are_told_before_anything_is_written(
    type_compare: Type, pictures: Annotations, outputs: Path, boxes: str
) -> None:
    """Also where the detector finds nobody."""
    before = set(outputs.iterdir())
    settings = "settings={rtmpose_m:{weights:/nowhere/weights.pth}}"
    ended = type_compare(f"{where(pictures)} estimators=[rtmpose_m] '{settings}' {boxes}")
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert "/nowhere/weights.pth" in ended.err
    assert set(outputs.iterdir()) == before


def test_tables_and_mlflow_hold_the_same_numbers(pictures: Annotations) -> None:
    from pose.evaluation.joint_metrics import choose_reference
    from pose.evaluation.tables import measure, summary_rows
    from tests.pose.evaluation.scenes import found

    reference = choose_reference(pictures.pictures, "auto", None)
    one = measure(pictures.pictures, found(pictures, lambda keypoints, _: keypoints + np.array([0, 5])), reference, 0.3)
    row = summary_rows([one])[0]
    for name, value in one.metrics.items():
        key = name.removeprefix("ours/")
        if "/" not in key:
            assert row[key] == pytest.approx(value, abs=1e-6)
