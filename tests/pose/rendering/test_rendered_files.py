"""Drawn pictures and videos on disk."""

import re
from dataclasses import replace

import av
import numpy as np
import pytest

from pose.errors import DataError
from pose.rendering.coco import ANNOTATIONS, IMAGES, write_coco
from pose.rendering.scene import draw_frames
from pose.rendering.videos import ID_PATTERN, VideoOptions, draw_videos
from pose.simulator.scenes import ACTIONS

FEW = VideoOptions(recordings=7, subjects=2, cameras=2, frames=3, image_size=(160, 90))


def test_annotations_are_read_by_pycocotools(tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    frames = list(draw_frames(3, 3, 2))
    number = write_coco(tmp_path / "drawn", iter(frames))
    read = coco.COCO(str(tmp_path / "drawn" / ANNOTATIONS))
    people = [person for frame in frames for person in frame.people]
    assert len(read.anns) == len(people)
    assert number == sum(not annotation["iscrowd"] for annotation in read.anns.values())
    assert len(list((tmp_path / "drawn" / IMAGES).iterdir())) == len(frames) == len(read.imgs)
    for person, annotation in zip(people, read.anns.values(), strict=True):
        points = np.reshape(annotation["keypoints"], (17, 3))
        np.testing.assert_array_equal(points[:, 2], person.visible)
        inside = person.visible > 0
        np.testing.assert_allclose(points[inside, :2], person.keypoints[inside], atol=0.01)
        assert annotation["num_keypoints"] == inside.sum()
        x, y, width, height = annotation["bbox"]
        np.testing.assert_allclose([x, y, x + width, y + height], person.box, atol=0.02)
        np.testing.assert_allclose(annotation["head_top"], person.head_top, atol=0.01)


def test_a_folder_is_whole_or_not_there(tmp_path):
    def breaks_off():
        yield from draw_frames(3, 1, 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_coco(tmp_path / "drawn", breaks_off())
    assert not (tmp_path / "drawn").exists()
    write_coco(tmp_path / "drawn", draw_frames(3, 1, 1))
    with pytest.raises(DataError, match="is there already"):
        write_coco(tmp_path / "drawn", draw_frames(3, 1, 1))


def test_videos_are_named_so_that_a_pattern_reads_them(tmp_path):
    paths = list(draw_videos(tmp_path, FEW))
    assert sorted(path.relative_to(tmp_path) for path in paths) == sorted(
        path.relative_to(tmp_path) for path in tmp_path.glob("*/*")
    )
    names = [re.search(ID_PATTERN, path.name).groupdict() for path in paths]
    assert [path.parent.name for path in paths[::2]] == [*ACTIONS, ACTIONS[0]]
    assert names[0] == {"subject": "S01", "recording": "r0001", "camera": "C01"}
    assert names[1] == {"subject": "S01", "recording": "r0001", "camera": "C02"}
    assert names[-1] == {"subject": "S02", "recording": "r0007", "camera": "C02"}


def test_videos_are_read_and_the_same_each_time(tmp_path):
    one = replace(FEW, recordings=1, cameras=1, frames=5)
    (path,) = draw_videos(tmp_path / "a", one)
    (again,) = draw_videos(tmp_path / "b", one)
    (other,) = draw_videos(tmp_path / "c", replace(one, seed=1))
    assert path.read_bytes() == again.read_bytes() != other.read_bytes()
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 30
    assert [frame.shape for frame in frames] == [(90, 160, 3)] * 5
    assert (frames[0] != frames[-1]).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recordings": 0}, "recordings is 0"),
        ({"subjects": 11, "people": 2}, "20 actors"),
        ({"image_size": (101, 100)}, "even numbers"),
    ],
)
def test_impossible_videos_are_refused(change, message):
    with pytest.raises(DataError, match=message):
        replace(FEW, **change)
