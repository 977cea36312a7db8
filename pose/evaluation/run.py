"""Estimators run over the annotated pictures, and how fast they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import cast

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.evaluation.annotations import JOINTS, Picture
from pose.evaluation.images import ImageLocation, TimedReader, read_picture
from pose.evaluation.results import Results
from pose.extraction.components import PoseComponents
from pose.extraction.pipeline import find_people
from pose.interfaces import Boxes, Image, Poses, TopDownEstimator
from pose.oks import person_scores
from pose.readers.sequences import to_coco17
from pose.skeletons import get_skeleton


class AnnotatedBoxes:
    """A detector that returns the annotated boxes of the people who count.

    It gets the pictures once and returns their boxes in that order, whatever it is shown.

    Args:
        pictures: in the order in which they will be shown.
    """

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._next: Iterator[Picture] = iter(pictures)

    @property
    def identity(self) -> Mapping[str, object]:
        """Its name."""
        return {"name": "annotated"}

    def detect(self, images: Sequence[Image]) -> list[Boxes]:
        """Return the boxes of the next pictures, each with score 1."""
        shown = list(islice(self._next, len(images)))
        boxes = [picture.people.boxes[picture.people.evaluated] for picture in shown]
        return [Boxes(xyxy.astype(np.float32), np.ones(len(xyxy), np.float32)) for xyxy in boxes]


def run_estimator(
    name: str,
    make_components: Callable[[Sequence[Picture]], PoseComponents],
    pictures: Sequence[Picture],
    places: Sequence[ImageLocation],
    advance: Callable[[int], None],
) -> Results:
    """Find everybody in all pictures.

    Args:
        name: of the estimator.
        make_components: what to use for some of the pictures.
        pictures: what is annotated.
        places: where each is.
        advance: called with every number of pictures that is done.

    Raises:
        DataError: a picture cannot be read.
    """
    components, reader = make_components(pictures), TimedReader(places)
    begun = time.perf_counter()
    people, _ = find_people(iter(reader), 0, components, advance)
    seconds = time.perf_counter() - begun - reader.seconds
    bounds = np.searchsorted(people.frames, np.arange(len(pictures) + 1))
    found = [people.in_frame(slice(*bounds[row : row + 2])) for row in range(len(pictures))]
    poses = [_in_coco17(one, components.estimator.skeleton) for one in found]
    return Results(name, poses, [_ranks(one, components.top_down) for one in found], seconds)


def _ranks(poses: Poses, top_down: bool) -> npt.NDArray[np.float64]:
    """Rank people as MMPose's configurations do: top-down by box and joints, else by the person's score."""
    return np.asarray(person_scores(poses) if top_down else poses.boxes.scores, np.float64)


def warm_up(
    make_components: Callable[[Sequence[Picture]], PoseComponents],
    pictures: Sequence[Picture],
    places: Sequence[ImageLocation],
) -> None:
    """Run one picture, so that weights are there and loading them is not measured.

    Whatever the detector finds there, a top-down estimator is also run on the complete picture: without a box it would
    not be built.

    Raises:
        DataError: the weights cannot be had, the estimator lacks some of COCO's joints, or the picture cannot be read.
    """
    row = next(index for index, picture in enumerate(pictures) if picture.people.evaluated.any())
    components = make_components([pictures[row]])
    _check_joints(components.estimator.skeleton)
    components.fetch()
    image = read_picture(pictures[row], places[row])
    find_people(iter([image]), 0, components, lambda _: None)
    if components.top_down:
        estimator = cast(TopDownEstimator, components.estimator)
        height, width = image.shape[:2]
        estimator.estimate(estimator.crop(image, np.array([[0, 0, width, height]], np.float32)))


def _check_joints(skeleton: str) -> None:
    missing = [joint for joint in JOINTS if joint not in get_skeleton(skeleton).joints]
    if missing:
        raise DataError(f"skeleton {skeleton} has no {missing[0]}: only estimators of COCO's 17 joints are compared")


def _in_coco17(poses: Poses, skeleton: str) -> Poses:
    return Poses(*to_coco17(poses.keypoints, poses.scores, skeleton), poses.boxes)
