"""Several estimators over the same pictures: run one after the other, and drawn beside each other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from pose.errors import DataError
from pose.evaluation import run
from pose.evaluation.annotations import Annotations, Picture
from pose.evaluation.figures import choose_pictures, draw_columns
from pose.evaluation.images import ImageLocation, read_picture
from pose.evaluation.results import Results
from pose.extraction.components import PoseComponents, PoseNMS
from pose.extraction.progress import ExtractionProgress
from pose.interfaces import Detector, TopDownEstimator, WholePictureEstimator
from pose.trackers.single_person import BestPerson


@dataclass(frozen=True)
class ComponentsMaker:
    """Makes what one estimator needs to find people, for some pictures. No network is loaded yet.

    Args:
        estimator: finds joints.
        detector: finds people; None for the boxes that are annotated.
        nms: drops duplicates.
        people_per_batch: that the estimator is shown at once.
        frames_per_batch: that the detector is shown at once.
    """

    estimator: TopDownEstimator | WholePictureEstimator
    detector: Detector | None
    nms: PoseNMS
    people_per_batch: int
    frames_per_batch: int

    def __call__(self, pictures: Sequence[Picture]) -> PoseComponents:
        """Make the parts; nobody is followed, as every picture is looked at by itself."""
        return PoseComponents(
            detector=self.detector or run.AnnotatedBoxes(pictures),
            estimator=self.estimator,
            nms=self.nms,
            tracker=BestPerson(),
            people_per_batch=self.people_per_batch,
            frames_per_batch=self.frames_per_batch,
        )


def check_names(estimators: Sequence[str], files: Collection[object], settings: Collection[object]) -> None:
    """Raise where names cannot stand beside each other in a table.

    Args:
        estimators: names of those that are run.
        files: names of those whose results are read.
        settings: names of estimators that are changed.

    Raises:
        DataError: there is nothing to compare, a name is odd, there twice, or not among the estimators.
    """
    names = [*estimators, *map(str, files)]
    if not names:
        raise DataError("nothing to compare; type estimators=[hrnet_w32] or files={alphapose:FILE}")
    for name in names:
        if not re.fullmatch(r"[\w.-]+", name):
            raise DataError(f"{name}: names are letters, digits, _, - and . here; type another one")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"{twice[0]} is there twice in estimators and files; give one of them another name")
    unknown = [str(name) for name in settings if name not in estimators]
    if unknown:
        raise DataError(f"settings: {unknown[0]} is not among the estimators; type estimators=[{unknown[0]}]")


def warm_up(
    makers: Mapping[str, ComponentsMaker], pictures: Sequence[Picture], places: Sequence[ImageLocation]
) -> None:
    """Look at one picture with each estimator: weights that cannot be had show now, and loading is not measured."""
    for maker in makers.values():
        run.warm_up(maker, pictures, places)


def run_estimators(
    makers: Mapping[str, ComponentsMaker], pictures: Sequence[Picture], places: Sequence[ImageLocation]
) -> list[Results]:
    """Find everybody in the pictures with each estimator; print a line for each of them."""
    results = []
    with ExtractionProgress(len(pictures) * len(makers), len(makers)) as progress:
        for name, maker in makers.items():
            progress.begin(name)
            results.append(run.run_estimator(name, maker, pictures, places, progress.advance))
            progress.tell(f"{name}: {results[-1].people:,} people in {len(pictures):,} pictures")
    return results


def draw_pictures(
    annotations: Annotations, places: Sequence[ImageLocation], results: Sequence[Results], min_score: float
) -> Iterator[tuple[str, bytes]]:
    """Draw one picture for each action, a column for each estimator.

    Yields:
        A file name, and the PNG.
    """
    for action, (number, person) in choose_pictures(annotations.pictures).items():
        picture = annotations.pictures[number]
        surest = {one.name: one.surest(number) for one in results}
        columns = {name: (poses.keypoints, poses.scores) for name, poses in surest.items()}
        title = f"{action}: {picture.name}" if action else picture.name
        image = read_picture(picture, places[number])
        content = BytesIO()
        draw_columns(image, picture.people, person, columns, title, min_score).savefig(content, format="png")
        slug = re.sub(r"\W+", "_", action).strip("_").lower() or "picture"
        yield f"{slug}.png", content.getvalue()
