"""extract.py and datamodule=hrnet as they are typed, with MMPose's networks of random weights on small videos."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import extract
import train
from pose.demo import draw
from pose.errors import DataError
from pose.extraction.run import look_up
from pose.readers.extracted import ExtractedSource, named_footage
from pose.readers.labels import Unit
from tests.helpers import LITTLE, Ended, Typist, without_pose
from tests.pose.extraction.test_store import content
from tests.pose.video.videos import rectangles, simple_parts, write_images, write_video

pytest.importorskip("av", reason="make pose")
ROOT = Path(extract.__file__).parent
REAL = ROOT.parent / "shared/data/videos"
# One of the quickest networks, untrained: nothing is claimed of what it finds.
POSE = (
    "pose/detector=whole_frame pose/estimator=rtmpose_m pose.estimator.weights=random pose.estimator.flip_test=false "
    "pose/tracker=none num_threads=1 tracking.experiment=test"
)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for action in ("fall", "walk"):
        for number in range(4):
            write_video(folder / action / f"anna_cam{number}.mp4", rectangles(20 + number))
    write_images(folder / "walk/pictures", rectangles(19))
    return folder


@pytest.fixture(scope="module")
def extracted(videos: Path, typist: Typist) -> Ended:
    return typist.type(f"path={videos} {POSE}", extract)


def store_of(typist: Typist) -> Path:
    (folder,) = [path for path in (typist.outputs / "keypoints").iterdir() if path.name.startswith("rtmpose_m")]
    return folder


@pytest.mark.slow
def test_videos_are_extracted_into_a_store_and_a_run(extracted: Ended, typist: Typist) -> None:
    assert extracted.status == 0, extracted.err
    assert "fall/anna_cam0: 20 frames, 20 people in 1 tracks, mean score" in extracted.out
    folder = store_of(typist)
    table = pd.read_parquet(folder / "index.parquet")
    assert sorted(table.frames) == [19, 20, 21, 22, 23]  # the same four videos are in both classes
    assert json.loads((folder / "settings.json").read_text())["estimator"]["weights"] == "random, seed 0"
    run = typist.store.client.search_runs([typist.store.experiment_id], f"tags.store = '{folder.name}'")[0]
    assert run.info.status == "FINISHED"
    assert run.data.metrics["videos"] == 5
    assert run.data.metrics["broken"] == 0
    assert run.data.params["pose.estimator.flip_test"] == "false"


@pytest.mark.parametrize(("command", "door"), [("", extract), ("datamodule=hrnet", train)])
def test_before_make_pose_one_line_says_so_and_nothing_is_fetched(
    command: str, door: ModuleType, typist: Typist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("fall/a.mp4", "walk/b.mp4"):
        write_video(tmp_path / "videos" / name, rectangles(3))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    without_pose(monkeypatch)
    path = f"{'datamodule.path' if command else 'path'}={tmp_path}/videos"
    ended = typist.type(f"{command} {path} pose/estimator=hrnet_w32 tracking.experiment=test num_threads=1", door)
    packages = "mmengine, mmcv, mmdet, mmpose, pycocotools, av, opencv-python-headless"
    assert (ended.status, ended.err) == (1, f"error: {packages} are not installed: type make pose\n")
    assert not (tmp_path / "cache").exists()


@pytest.mark.slow
def test_a_full_store_is_trained_from_without_openmmlab(extracted: Ended, videos: Path, typist: Typist) -> None:
    code = """
import sys
for name in ("mmpose", "mmdet", "mmcv", "mmengine", "mmpretrain", "av", "cv2"):
    sys.modules[name] = None  # as where they are not installed
import train
train.main()
"""
    data = f"datamodule=hrnet datamodule.path={videos} {POSE} {LITTLE} datamodule.split.val_fraction=0"
    words = typist.words(f"{data} tracking.log_model=never progress=false")
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Test" in done.stdout


@pytest.mark.slow
def test_what_is_missing_is_extracted_before_the_jobs_of_a_sweep(typist: Typist, tmp_path: Path) -> None:
    for action in ("fall", "walk"):
        for number in range(4):
            write_video(tmp_path / action / f"{action}{number}.mp4", rectangles(24 + number + 5 * (action == "fall")))
    data = f"datamodule=hrnet datamodule.path={tmp_path} {POSE} {LITTLE} datamodule.split.val_fraction=0"
    ended = typist.type(f"-m {data} tracking.log_model=never optimizer=adam,rmsprop hydra.launcher.n_jobs=1")
    assert ended.status == 0, ended.err
    assert ended.out.count("8 videos are not in the store") == 1
    assert "optimizer=rmsprop" in ended.out


@pytest.mark.slow
def test_shards_are_a_sweep(videos: Path, typist: Typist, tmp_path: Path) -> None:
    words = f"-m path={videos} {POSE} store={tmp_path} num_shards=2 shard=0,1 sweep.name=shards hydra.launcher.n_jobs=1"
    ended = typist.type(words, extract)
    assert ended.status == 0, ended.err
    (index,) = tmp_path.glob("*/index.parquet")
    assert len(pd.read_parquet(index)) == 5
    for file in index.parent.glob("*.safetensors"):
        file.unlink()
    again = typist.type(words, extract)  # the store has the last word, not the runs
    assert again.status == 0, again.err
    assert len(list(index.parent.glob("*.safetensors"))) == 5


@pytest.mark.slow
def test_a_broken_video_is_listed_and_the_rest_is_in_the_store(typist: Typist, tmp_path: Path) -> None:
    write_video(tmp_path / "walk/good.mp4", rectangles(12))
    (tmp_path / "walk/empty.mp4").write_bytes(b"")
    (tmp_path / "walk/gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    ended = typist.type(f"path={tmp_path} {POSE}", extract)
    assert ended.status == 1
    assert f"{tmp_path}/walk/empty.mp4: it is empty" in ended.err
    assert f"{tmp_path}/walk/gone.mp4: it cannot be read: No such file or directory" in ended.err
    last = "error: 2 of 3 videos cannot be read (walk/empty, walk/gone): mend them or take them out of the folder"
    assert ended.err.splitlines()[-1].startswith(last)
    (good,) = look_up([("good", tmp_path / "walk/good.mp4")], 30)
    assert (store_of(typist) / f"{good.video}.safetensors").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("path=/nowhere", "/nowhere is not there"),
        ("path={tmp}", "holds no video or folder of pictures"),
        ("", "path is not set; type path="),
        ("path={tmp} shard=3", "shards are numbered 0 to num_shards - 1"),
        ("path={tmp} pose/estimator=hrnet_w33", "no such option; type pose/estimator=hrnet_w32"),
        ("path={tmp} pose.detect_every=0", "pose.detect_every"),
        ("path={tmp} pose/estimator=dekr pose/detector=yolox_s", "finds everybody without a detector; leave it out"),
        ("path={tmp} pose.estimator.precision=float8", "must be auto, float32, float16 or bfloat16"),
        ("path={tmp} pose.estimator.skeleton=coco18", "unknown skeleton 'coco18': use one of coco17"),
        ("path={tmp} pose.estimator.weights=/none.pth", "weights=/none.pth cannot be read"),
        ("path={tmp} pose/tracker=bytetrac", "pose/tracker=bytetrack"),
        ("path={tmp}/films.csv", "films.csv is not there"),
    ],
)
def test_a_mistake_is_one_line(words: str, says: str, typist: Typist, tmp_path: Path) -> None:
    if "shard" in words or "weights" in words:
        write_video(tmp_path / "walk/a.mp4", rectangles(3))
    ended = typist.type(words.format(tmp=tmp_path), extract)
    assert ended.status == 1
    assert says in ended.err
    assert ended.err.startswith("error: ") and ended.err.count("\n") == 1


def test_a_store_is_looked_for_in_the_home_folder_and_refused_before_a_run(
    typist: Typist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = write_video(tmp_path / "walk/a.mp4", rectangles(3))
    monkeypatch.setenv("HOME", str(tmp_path))
    runs = len(typist.store.client.search_runs([typist.store.experiment_id]))
    ended = typist.type(f"path={tmp_path}/walk 'store=\"~/walk/a.mp4/store\"' tracking.experiment=test", extract)
    assert ended.status == 1
    assert ended.err.startswith(f"error: the store {video}/store/hrnet_w32-")
    assert ended.err.endswith(
        " cannot be written (Not a directory): set store to a folder that can be written and has room\n"
    )
    assert len(typist.store.client.search_runs([typist.store.experiment_id])) == runs


def test_a_choice_of_estimator_without_videos_says_what_is_missing(typist: Typist) -> None:
    ended = typist.type("pose/estimator=hrnet_w32")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "error: pose/estimator is for videos, and none are read; type datamodule=hrnet with it\n"


def test_a_manifest_may_be_a_parquet_file(tmp_path: Path) -> None:
    write_video(tmp_path / "films/a.mp4", rectangles(3))
    table = pd.DataFrame({"video": ["films/a.mp4", "films/a.mp4"], "label": ["fall", "walk"], "start": [0.0, None]})
    table["end"] = [0.05, None]
    table.to_parquet(tmp_path / "films.parquet")
    assert named_footage(tmp_path / "films.parquet") == [("films/a", tmp_path / "films/a.mp4")]


@pytest.mark.slow
def test_the_videos_of_aihub_have_their_actions_names_and_takes(typist: Typist, tmp_path: Path) -> None:
    for action in (1, 6):
        for take in range(3):
            for camera in (1, 2):
                name = f"{action}-1/{action}-1_{take + 1:03d}-C{camera:02d}.mp4"
                write_video(tmp_path / name, rectangles(20 + 10 * (action == 6) + 2 * take + camera))
    data = f"datamodule=aihub_videos datamodule.path={tmp_path} {POSE} {LITTLE} datamodule.split.val_fraction=0"
    done = typist.train(f"{data} tracking.log_model=never progress=false")
    metrics, tags = done.run.data.metrics, done.run.data.tags
    assert {"test/recall/walk", "test/recall/fall"} <= metrics.keys()
    assert int(tags["data.clips_test"]) % 2 == 0  # both cameras of a take are on the same side
    source = ExtractedSource(tmp_path, simple_parts(), tmp_path / "store", "aihub", label_names={"1": "walk"})
    fall = Unit(tmp_path / "6-1/6-1_001-C01.mp4", "6-1/6-1_001-C01")
    with pytest.raises(DataError, match=r"its action 6 has no name: type `label_names\[6\]=NAME`"):
        source.labels(fall, fall.name)


DEMO = "pose/detector=demo pose/estimator=demo num_threads=1 tracking.experiment=test"


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the real videos of ../shared/data are not here")
def test_real_videos_go_through_the_whole_pipeline(typist: Typist, tmp_path: Path) -> None:
    """With weights for drawn people: that all of it runs, and every frame is looked at, not what is found."""
    best = "pose.detector.score_threshold=0.01 pose.detector.max_people=1"
    ended = typist.type(f"path={REAL} {DEMO} {best} store={tmp_path}", extract)
    assert ended.status == 0, ended.err
    (index,) = tmp_path.glob("*/index.parquet")
    table = pd.read_parquet(index)
    assert sorted(table.frames) == [72, 86, 89, 94, 98, 109, 128, 139, 141]
    assert sorted(table.fps.round().unique()) == [15, 28, 30]
    assert table.people.sum() > 0


@pytest.mark.slow
def test_killed_with_real_networks_it_ends_with_the_same_bytes(tmp_path: Path, fork_python) -> None:
    videos = tmp_path / "videos"
    for number in range(2):
        write_video(videos / f"walk/{number}.mp4", rectangles(40 + number, size=(320, 240)))
    code = """
import sys
import extract
from tests.pose.extraction.killing import kill_extraction_at
moment, count, *words = sys.argv[1:]
if moment:
    kill_extraction_at(moment, int(count))
sys.argv = ["extract.py", *words]
extract.main()
"""
    words = f"path={videos} {DEMO} pose/detector=whole_frame"
    stores = []
    for name, moment in (("undisturbed", ""), ("killed", "in_the_join"), ("killed", "")):
        folders = (f"store={tmp_path / name}", f"output_dir={tmp_path / 'outputs'}")
        status, _, err = fork_python(code, moment, "2", *words.split(), *folders).communicate()
        assert status == (-signal.SIGKILL if moment else 0), err
        stores.append(content(tmp_path / name))
    assert any("unfinished" in name for name in stores[1])
    assert stores[0] == stores[2]
    assert len(stores[0]) == 4  # settings, index, two videos


@pytest.mark.slow
def test_the_demo_goes_from_drawn_videos_to_a_tested_run(typist: Typist, tmp_path: Path) -> None:
    """What `make demo` types, on few videos."""
    draw.main([str(tmp_path), "--recordings", "12", "--subjects", "2", "--cameras", "1", "--frames", "24"])
    ended = typist.type(f"path={tmp_path} {DEMO}", extract)
    assert ended.status == 0, ended.err
    split = "datamodule/split=clip datamodule.split.test_fraction=0.5 datamodule.split.val_fraction=0"
    done = typist.train(f"experiment=demo datamodule.path={tmp_path} {split} {LITTLE} progress=false")
    assert done.run.data.metrics["test/recall/lying_down"] >= 0
    runs = typist.store.client.search_runs([typist.store.experiment_id], "metrics.videos = 12")
    assert "keypoints.png" in [file.path for file in typist.store.client.list_artifacts(runs[0].info.run_id)]
