"""Videos -> people's key points in a store: `python extract.py --help`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pose.extraction.limits
import pose.limits
from pose.errors import DataError
from sweeps.config.limits import Limits
from sweeps.entrypoint import door

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from pose.extraction.components import Parts
    from pose.extraction.run import Found, Outcome
    from pose.extraction.store import KeypointStore
    from sweeps.tracking.run import TrackedRun


LIMITS = Limits({"": pose.extraction.limits, "pose": pose.limits})


def check_footage(cfgs: Sequence[DictConfig]) -> list[str | None]:
    """Looks for the videos of all jobs, so that what is wrong with path or manifest shows before the first job.

    Raises:
        DataError: there are none, or the manifest is wrong.
        ConfigError: settings do not fit together.
    """
    for cfg in cfgs:
        make_ready(cfg)
    return [None] * len(cfgs)


def digest_of(cfg: DictConfig) -> str:
    """Digest of the videos that a job is about, and of what it does with them."""
    return _digest(shard(cfg), make_parts(cfg))


def _digest(footage: Sequence[Found], parts: Parts) -> str:
    from pose.extraction.components import digest

    return digest({"videos": [found.video for found in footage], **parts.identity})


@door("extract", limits=LIMITS, check=check_footage, told=(DataError,), digest_of=digest_of)
def main(cfg: DictConfig) -> dict[str, float]:
    """One job: a shard, or all."""
    from hydra.core.hydra_config import HydraConfig

    from pose.extraction.run import check, extract
    from pose.openmmlab.devices import set_threads
    from sweeps.runtime import progress
    from sweeps.tracking.recovery import mark_dead_runs
    from sweeps.tracking.run import EpochMetrics, tracked_run
    from sweeps.tracking.store import open_store

    parts, footage, keypoints = make_ready(cfg)
    set_threads(cfg.num_threads)
    store = open_store(cfg.tracking, cfg.output_dir, wait=cfg.sweep.parent_run_id is not None)
    mark_dead_runs(store)
    overrides = list(HydraConfig.get().overrides.task)
    with tracked_run(cfg, store, overrides=overrides, data_digest=_digest(footage, parts), limits=LIMITS) as run:
        begun = time.perf_counter()
        listener = progress.report if progress.has_listener() else None
        outcomes = extract(footage, keypoints, parts, cfg.pose.fps, listener)
        values = _metrics(outcomes, time.perf_counter() - begun)
        run.log_epochs([EpochMetrics(0, int(time.time() * 1000), values)])
        _keep(run, outcomes, keypoints, cfg.pose.fps)
        print(f"{len(outcomes) - int(values['broken'])} videos in the store {keypoints.folder}")
        check(outcomes)
    return values


def make_ready(cfg: DictConfig) -> tuple[Parts, list[Found], KeypointStore]:
    """What finds people, the videos of a job, and where they go. Weights that are needed are fetched, but not loaded.

    Raises:
        DataError: something is not there, as what `make pose` installs.
    """
    from pose.doctor import check_installed
    from pose.extraction.run import prepare
    from pose.extraction.store import KeypointStore

    check_installed()
    parts, footage = make_parts(cfg), shard(cfg)
    keypoints = KeypointStore(Path(cfg.store).expanduser(), parts.identity, parts.name)
    prepare(footage, keypoints, parts)
    return parts, footage, keypoints


def make_parts(cfg: DictConfig) -> Parts:
    """What finds people, joints, duplicates and tracks. Nothing is loaded yet.

    Raises:
        DataError: the parts do not fit together.
    """
    from hydra.utils import instantiate

    from pose.extraction.components import Parts

    settings = cfg.pose
    return Parts(
        **{name: instantiate(settings[name], _convert_="all") for name in ("detector", "estimator", "nms", "tracker")},
        detect_every=settings.detect_every,
        people_per_batch=settings.people_per_batch,
        frames_per_batch=settings.frames_per_batch,
    )


def shard(cfg: DictConfig) -> list[Found]:
    """The videos of a job.

    Raises:
        DataError: there are none, or no such shard.
    """
    from pose.extraction.run import look_up, shard_of
    from pose.readers.extracted import named_footage

    return shard_of(look_up(named_footage(cfg.path), cfg.pose.fps), cfg.shard, cfg.num_shards)


def _metrics(outcomes: Sequence[Outcome], seconds: float) -> dict[str, float]:
    """Sums over the videos, as MLflow gets them."""
    rows = [outcome.row for outcome in outcomes if outcome.row is not None]
    totals = {name: float(sum(row[name] for row in rows)) for name in ("frames", "people", "tracks", "missed")}
    scores = sum(row["mean_score"] * row["people"] for row in rows)
    return {
        "videos": float(len(rows)),
        "broken": float(len(outcomes) - len(rows)),
        **totals,
        "mean_score": scores / max(totals["people"], 1.0),
        "seconds": seconds,
    }


def _keep(run: TrackedRun, outcomes: Sequence[Outcome], store: KeypointStore, fps: float) -> None:
    """A table of the videos, and a picture of what was found in some of them."""
    from pose.extraction.overview import draw_overview

    run.set_tags({"store": store.folder.name})
    if (figure := draw_overview(outcomes, store, fps)) is not None:
        run.log_figure(figure, "keypoints.png")
    counts = ("frames", "people", "tracks", "mean_score", "missed")
    table = []
    for outcome in outcomes:
        row = {"video": outcome.footage.name, "fingerprint": outcome.footage.video, "fault": outcome.fault}
        row |= {name: (outcome.row or {}).get(name, "") for name in counts}
        table.append(row | {"seconds": round(outcome.seconds, 2)})
    run.log_table(table, "videos.csv")


if __name__ == "__main__":
    main()
