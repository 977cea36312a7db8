"""Estimators of key points side by side, over annotated pictures or videos: `python compare.py --help`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pose.evaluation.limits
import pose.limits
from pose.errors import DataError
from sweeps.config.compose import Group
from sweeps.config.limits import Limits
from sweeps.entrypoint import door
from sweeps.errors import ConfigError

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from pose.evaluation.annotations import Annotations, Picture
    from pose.evaluation.images import Place
    from pose.evaluation.results import Results
    from pose.evaluation.tables import Compared
    from pose.extraction.components import Parts
    from sweeps.tracking.run import TrackedRun

Maker = Callable[["Sequence[Picture]"], "Parts"]


def estimator_classes(cfg: DictConfig) -> list[str]:
    """Classes of the estimators that are compared; "" of one that is no option, which `make_makers` refuses."""
    group = Group("pose/estimator", "estimators")
    options = [str(getattr(cfg.settings.get(name), "option", name)) for name in cfg.estimators]
    return [str(group.compose(option, {}, cfg)["_target_"]) if option in group.options else "" for option in options]


LIMITS = Limits({"": pose.evaluation.limits, "pose": pose.limits}, classes={"pose.estimator": estimator_classes})


@door("compare", limits=LIMITS, told=(DataError,))
def main(cfg: DictConfig) -> dict[str, float]:
    """One comparison."""
    from hydra.core.hydra_config import HydraConfig

    from pose.doctor import check_installed
    from pose.evaluation.annotations import read_annotations
    from pose.evaluation.external_results import read_results
    from pose.evaluation.images import find_pictures
    from pose.evaluation.joint_metrics import choose_reference
    from pose.evaluation.tables import markdown, measure
    from pose.openmmlab.devices import set_threads
    from sweeps.tracking.recovery import mark_dead_runs
    from sweeps.tracking.run import EpochMetrics, tracked_run
    from sweeps.tracking.store import open_store

    check_installed(networks=bool(cfg.estimators))
    set_threads(cfg.num_threads)
    makers = make_makers(cfg)  # all that can be wrong comes before anything is written
    annotations = read_annotations(Path(cfg.annotations).expanduser())
    pictures, places = annotations.pictures, find_pictures(annotations, Path(cfg.path).expanduser())
    reference = choose_reference(pictures, cfg.pck, cfg.pck_fraction)
    others = [read_results(str(name), Path(file).expanduser(), annotations, places) for name, file in cfg.files.items()]
    warm_up(makers, pictures, places)
    store = open_store(cfg.tracking, cfg.output_dir)
    mark_dead_runs(store)
    overrides = list(HydraConfig.get().overrides.task)
    with tracked_run(cfg, store, overrides=overrides, data_digest=annotations.digest, limits=LIMITS) as run:
        results = [*run_estimators(makers, pictures, places), *others]
        compared = [measure(pictures, one, reference, cfg.min_score) for one in results]
        values = {key: value for one in compared for key, value in one.metrics.items()}
        run.log_epochs([EpochMetrics(0, int(time.time() * 1000), values)])
        run.set_tags({"pck": reference.label})
        table = markdown(compared, pictures, reference, cfg.min_score)
        _keep_tables(run, compared, table)
        _keep_pictures(run, annotations, places, results, cfg.min_score)
    print(f"\n{table}\nTables and pictures: {run.folder}\nRun {run.run_id}")
    return values


def make_makers(cfg: DictConfig) -> dict[str, Maker]:
    """For each estimator by its name what makes the parts to find people with. No network is loaded yet.

    Raises:
        ConfigError: an estimator is no option, or there is nothing to compare.
        DataError: parts do not fit together.
    """
    from hydra.utils import instantiate

    from pose.evaluation.run import AnnotatedBoxes
    from pose.extraction.components import Parts
    from pose.trackers.single_person import BestPerson

    _check_names(cfg)
    detector = instantiate(cfg.pose.detector, _convert_="all") if cfg.boxes == "detector" else None
    nms = instantiate(cfg.pose.nms, _convert_="all")
    group = Group("pose/estimator", "estimators")

    def make(estimator: Any, pictures: Sequence[Picture]) -> Parts:
        # Nobody is followed here, as every picture is looked at by itself.
        return Parts(
            detector=detector or AnnotatedBoxes(pictures),
            estimator=estimator,
            nms=nms,
            tracker=BestPerson(),
            people_per_batch=cfg.people_per_batch,
            frames_per_batch=cfg.frames_per_batch,
        )

    makers: dict[str, Maker] = {}
    for name in cfg.estimators:
        settings = dict(cfg.settings.get(name, {}))
        option = str(settings.pop("option", name))
        makers[name] = partial(make, instantiate(group.compose(option, settings, cfg), _convert_="all"))
    return makers


def _check_names(cfg: DictConfig) -> None:
    names = [*cfg.estimators, *map(str, cfg.files)]
    if not names:
        raise ConfigError("nothing to compare; type estimators=[hrnet_w32] or files={alphapose:FILE}")
    for name in names:
        if not re.fullmatch(r"[\w.-]+", name):
            raise ConfigError(f"{name}: names are letters, digits, _, - and . here; type another one")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ConfigError(f"{twice[0]} is there twice in estimators and files; give one of them another name")
    unknown = [str(name) for name in cfg.settings if name not in cfg.estimators]
    if unknown:
        raise ConfigError(f"settings: {unknown[0]} is not among the estimators; type estimators=[{unknown[0]}]")


def warm_up(makers: dict[str, Maker], pictures: Sequence[Picture], places: Sequence[Place]) -> None:
    """Looks at one picture with each estimator: weights that cannot be had show now, and loading is not measured."""
    from pose.evaluation import run

    for maker in makers.values():
        run.warm_up(maker, pictures, places)


def run_estimators(makers: dict[str, Maker], pictures: Sequence[Picture], places: Sequence[Place]) -> list[Results]:
    """Everybody whom each estimator finds; a line for each is printed."""
    from pose.evaluation.run import run_estimator
    from pose.extraction.progress import ExtractionProgress

    results = []
    with ExtractionProgress(len(pictures) * len(makers), len(makers)) as progress:
        for name, maker in makers.items():
            progress.begin(name)
            results.append(run_estimator(name, maker, pictures, places, progress.advance))
            progress.tell(f"{name}: {results[-1].people:,} people in {len(pictures):,} pictures")
    return results


def _keep_tables(run: TrackedRun, compared: Sequence[Compared], table: str) -> None:
    from pose.evaluation.tables import action_rows, joint_rows, summary_rows

    run.log_table(summary_rows(compared), "comparison.csv")
    run.log_table(joint_rows(compared), "joints.csv")
    if rows := action_rows(compared):
        run.log_table(rows, "actions.csv")
    _keep(run, "comparison.md", table.encode())


def _keep_pictures(
    run: TrackedRun, annotations: Annotations, places: Sequence[Place], results: Sequence[Results], min_score: float
) -> None:
    """One picture for each action, a column for each of those who are compared."""
    from pose.evaluation.figures import choose_pictures, draw_columns
    from pose.evaluation.images import read_picture

    for action, (number, person) in choose_pictures(annotations.pictures).items():
        picture = annotations.pictures[number]
        surest = {one.name: one.surest(number) for one in results}
        columns = {name: (poses.keypoints, poses.scores) for name, poses in surest.items()}
        title = f"{action}: {picture.name}" if action else picture.name
        image = read_picture(picture, places[number])
        figure = draw_columns(image, picture.people, person, columns, title, min_score)
        content = BytesIO()
        figure.savefig(content, format="png")
        slug = re.sub(r"\W+", "_", action).strip("_").lower() or "picture"
        _keep(run, f"{slug}.png", content.getvalue(), "pictures")


def _keep(run: TrackedRun, name: str, content: bytes, folder: str | None = None) -> None:
    """Writes a file into the run's folder and its artifacts."""
    from pose.io.atomic import write_whole

    path = run.folder / (folder or "") / name
    path.parent.mkdir(exist_ok=True)
    write_whole(path, content)
    run.log_file(path, folder)


if __name__ == "__main__":
    main()
