"""Videos -> people's key points in a store: `python extract.py --help`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate

import pose.extraction.limits
import pose.limits
from pose.errors import DataError
from sweeps.config.limits import Limits
from sweeps.entrypoint import entrypoint
from sweeps.job_data import JobData
from sweeps.runtime.job_context import JobContext

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from pose.extraction.components import PoseComponents
    from pose.extraction.run import FootageEntry, VideoOutcome
    from pose.extraction.store import KeypointStore
    from sweeps.tracking.run import TrackedRun


@dataclass(frozen=True)
class Extraction:
    """What a job looks for: in which videos, with what, and where it goes."""

    components: PoseComponents
    footage: list[FootageEntry]
    store: KeypointStore

    @property
    def digest(self) -> str:
        """Digest of the videos, and of what is done with them."""
        from pose.extraction.components import digest

        return digest({"videos": [found.video for found in self.footage], **self.components.identity})


def make_extraction(cfg: DictConfig) -> Extraction:
    """Find the videos of a job. Weights that are needed are fetched, but not loaded.

    Raises:
        DataError: something is not there, as what `make pose` installs, or path or manifest is wrong.
    """
    from pose.doctor import check_installed
    from pose.extraction.run import look_up, prepare, shard_of
    from pose.extraction.store import KeypointStore
    from pose.readers.extracted import named_footage

    check_installed()
    components = make_components(cfg.pose)
    footage = shard_of(look_up(named_footage(cfg.path), cfg.pose.fps), cfg.shard, cfg.num_shards)
    store = KeypointStore(Path(cfg.store).expanduser(), components.identity, components.name)
    prepare(footage, store, components)
    return Extraction(components, footage, store)


def make_components(settings: DictConfig) -> PoseComponents:
    """Make what finds people, joints, duplicates and tracks. Nothing is loaded yet."""
    from pose.extraction.components import PoseComponents

    return PoseComponents(
        **{name: instantiate(settings[name], _convert_="all") for name in ("detector", "estimator", "nms", "tracker")},
        detect_every=settings.detect_every,
        people_per_batch=settings.people_per_batch,
        frames_per_batch=settings.frames_per_batch,
    )


LIMITS = Limits({"": pose.extraction.limits, "pose": pose.limits})
JOB_DATA = JobData(make_extraction, errors=(DataError,))


@entrypoint("extract", limits=LIMITS, data=JOB_DATA, expected_errors=(DataError,))
def main(cfg: DictConfig, job: JobContext) -> dict[str, float]:
    """Do one job of the command line: a shard, or all."""
    return extract(cfg, job)[0]


def extract(cfg: DictConfig, job: JobContext) -> tuple[dict[str, float], dict[str, Any]]:
    """Find everybody in the videos that the store lacks; return metrics, and the objects that made them."""
    from pose.extraction import run as extraction_run
    from pose.extraction.summary import extraction_metrics
    from pose.openmmlab.devices import set_threads
    from sweeps.tracking.run import tracked_run

    wanted = make_extraction(cfg)
    set_threads(cfg.num_threads)
    with tracked_run(cfg, job, wanted.digest) as run:
        begun = time.perf_counter()
        outcomes = extraction_run.extract(wanted.footage, wanted.store, wanted.components, cfg.pose.fps, job.listener)
        metrics = extraction_metrics(outcomes, time.perf_counter() - begun)
        log_videos(run, metrics, outcomes, wanted.store, cfg.pose.fps)
        print(f"{len(outcomes) - int(metrics['broken'])} videos in the store {wanted.store.folder}")
        extraction_run.check(outcomes)
    return metrics, {"extraction": wanted, "outcomes": outcomes, "run": run}


def log_videos(
    run: TrackedRun, metrics: dict[str, float], outcomes: list[VideoOutcome], store: KeypointStore, fps: float
) -> None:
    """Keep with the run its metrics, a table of the videos, and a picture of what was found in some of them."""
    from pose.extraction.overview import draw_overview
    from pose.extraction.summary import video_rows

    run.log_epochs([{"epoch": 0, "time_ms": int(time.time() * 1000), "values": metrics}])
    run.set_tags({"store": store.folder.name})
    if (figure := draw_overview(outcomes, store, fps)) is not None:
        run.log_figure(figure, "keypoints.png")
    run.log_table(video_rows(outcomes), "videos.csv")


if __name__ == "__main__":
    main()
