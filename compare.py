"""Estimators of key points side by side, over annotated pictures or videos: `python compare.py --help`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate

import pose.evaluation.limits
import pose.limits
from pose.errors import DataError
from sweeps.config.compose import Group
from sweeps.config.limits import Limits
from sweeps.entrypoint import entrypoint
from sweeps.runtime.job_context import JobContext

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from pose.evaluation.tables import Compared
    from sweeps.tracking.run import TrackedRun


def estimator_classes(cfg: DictConfig) -> list[str]:
    """List the classes of the estimators that are compared; "" for one that is no option, which is refused later."""
    group = Group("pose/estimator", "estimators")
    options = [str(getattr(cfg.settings.get(name), "option", name)) for name in cfg.estimators]
    return [str(group.compose(option, {}, cfg)["_target_"]) if option in group.options else "" for option in options]


LIMITS = Limits({"": pose.evaluation.limits, "pose": pose.limits}, classes={"pose.estimator": estimator_classes})
ALONE = JobContext(limits=LIMITS)  # a job of its own


@entrypoint("compare", limits=LIMITS, expected_errors=(DataError,))
def main(cfg: DictConfig, job: JobContext) -> dict[str, float]:
    """Do one comparison of the command line."""
    return compare(cfg, job)[0]


def compare(cfg: DictConfig, job: JobContext = ALONE) -> tuple[dict[str, float], dict[str, Any]]:
    """Measure estimators against annotations, and track what it came to.

    Returns:
        Metrics by name, `NAME/AP`; and the objects that made them: results, compared, run.
    """
    from pose.doctor import check_installed
    from pose.evaluation import side_by_side
    from pose.evaluation.annotations import read_annotations
    from pose.evaluation.external_results import read_results
    from pose.evaluation.images import find_pictures
    from pose.evaluation.joint_metrics import choose_reference
    from pose.evaluation.tables import markdown, measure
    from pose.openmmlab.devices import set_threads
    from sweeps.tracking.run import tracked_run

    check_installed(networks=bool(cfg.estimators))
    set_threads(cfg.num_threads)
    makers = make_makers(cfg)  # all that can be wrong comes before anything is written
    annotations = read_annotations(Path(cfg.annotations).expanduser())
    pictures, places = annotations.pictures, find_pictures(annotations, Path(cfg.path).expanduser())
    reference = choose_reference(pictures, cfg.pck, cfg.pck_fraction)
    others = [read_results(str(name), Path(file).expanduser(), annotations, places) for name, file in cfg.files.items()]
    side_by_side.warm_up(makers, pictures, places)
    with tracked_run(cfg, job, annotations.digest) as run:
        results = [*side_by_side.run_estimators(makers, pictures, places), *others]
        compared = [measure(pictures, one, reference, cfg.min_score) for one in results]
        metrics = {key: value for one in compared for key, value in one.metrics.items()}
        run.log_epochs([{"epoch": 0, "time_ms": int(time.time() * 1000), "values": metrics}])
        run.set_tags({"pck": reference.label})
        table = markdown(compared, pictures, reference, cfg.min_score)
        log_tables(run, compared, table)
        for name, content in side_by_side.draw_pictures(annotations, places, results, cfg.min_score):
            run.keep_file(name, content, "pictures")
    print(f"\n{table}\nTables and pictures: {run.folder}\nRun {run.run_id}")
    return metrics, {"results": results, "compared": compared, "run": run}


def make_makers(cfg: DictConfig) -> dict[str, Any]:
    """Return for each estimator by its name what makes the components to find people with. No network is loaded yet.

    Raises:
        ConfigError: an estimator is no option, or there is nothing to compare.
        DataError: components do not fit together.
    """
    from pose.evaluation.side_by_side import ComponentsMaker, check_names

    check_names(cfg.estimators, cfg.files, cfg.settings)
    shared = {
        "detector": instantiate(cfg.pose.detector, _convert_="all") if cfg.boxes == "detector" else None,
        "nms": instantiate(cfg.pose.nms, _convert_="all"),
        "people_per_batch": cfg.people_per_batch,
        "frames_per_batch": cfg.frames_per_batch,
    }
    group = Group("pose/estimator", "estimators")
    makers = {}
    for name in cfg.estimators:
        settings = dict(cfg.settings.get(name, {}))
        option = str(settings.pop("option", name))
        estimator = instantiate(group.compose(option, settings, cfg), _convert_="all")
        makers[name] = ComponentsMaker(estimator=estimator, **shared)
    return makers


def log_tables(run: TrackedRun, compared: Sequence[Compared], table: str) -> None:
    """Keep with the run a row for each estimator, for each of its joints, and for each action."""
    from pose.evaluation.tables import action_rows, joint_rows, summary_rows

    run.log_table(summary_rows(compared), "comparison.csv")
    run.log_table(joint_rows(compared), "joints.csv")
    if rows := action_rows(compared):
        run.log_table(rows, "actions.csv")
    run.keep_file("comparison.md", table.encode())


if __name__ == "__main__":
    main()
