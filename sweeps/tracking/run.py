"""One training run in MLflow: what it was, its curves, its files, its model."""

from __future__ import annotations

import contextlib
import csv
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import OmegaConf

from sweeps.errors import ConfigError
from sweeps.runtime.atomic import write_atomically
from sweeps.runtime.job_context import JobContext
from sweeps.tracking import events
from sweeps.tracking.cell import Cell, cell_of
from sweeps.tracking.git import git_tags, source_tags
from sweeps.tracking.lifecycle import opened_run
from sweeps.tracking.params import flat_params, run_name, without_hydra
from sweeps.tracking.recovery import mark_dead_runs
from sweeps.tracking.store import Store, open_store

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure
    from omegaconf import DictConfig
    from pandas import DataFrame

CONFIG_FILE = "config.yaml"  # resolved: what ran
COMPOSED_FILE = "config.unresolved.yaml"  # with its interpolations: what a change to one key changes with it


class EpochMetrics(NamedTuple):
    """All metrics of one epoch.

    Attributes:
        epoch: MLflow's step.
        time_ms: when, in ms since 1970.
        values: metric names, such as ``train/loss``, and values; NaN and infinities are kept.
    """

    epoch: int
    time_ms: int
    values: dict[str, float]


class TrackedRun:
    """The open run of one job; `tracked_run` makes it.

    Attributes:
        run_id: MLflow's id.
        name: what people call it.
        folder: ``<output_dir>/runs/<run_id>``, which exists, for checkpoints and the like.
        resumed: whether it goes on with what an earlier process began.
        uri: of the store.
    """

    def __init__(self, store: Store, run_id: str, name: str, *, resumed: bool = False) -> None:
        """Write to the run, which is open."""
        self.resumed = resumed
        self.uri = store.uri
        self._knows_store = not resumed
        self._store = store
        self._client = store.client
        self._sink = store.sink(run_id)
        self._sent: set[tuple[str, int]] = set()
        self.run_id = run_id
        self.name = name
        self.folder = store.output_dir / "runs" / run_id
        self.folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def attach(cls, cfg: DictConfig, run_id: str, resumed: bool) -> TrackedRun:
        """Write to a run that another process, which goes on waiting for this one, has opened and will close."""
        store = open_store(cfg.tracking, cfg.output_dir, wait=True)
        return cls(store, run_id, store.client.get_run(run_id).info.run_name or run_id, resumed=resumed)

    def log_epochs(self, rows: Sequence[EpochMetrics | Mapping[str, Any]]) -> None:
        """Write the metrics of some epochs in one call, those of an epoch that was sent before left out.

        Of a resumed run the store is asked first: a kill can fall between a checkpoint and this, and no step is to be
        there twice.

        Args:
            rows: of each epoch the fields of `EpochMetrics`.
        """
        if not self._knows_store:
            self._sent.update(self._steps_in_store())
            self._knows_store = True
        self._send([row if isinstance(row, EpochMetrics) else EpochMetrics(**row) for row in rows])

    def _send(self, rows: Sequence[EpochMetrics]) -> None:
        new = [
            (key, float(value), row.time_ms, row.epoch)
            for row in rows
            for key, value in row.values.items()
            if (key, row.epoch) not in self._sent
        ]
        for start in range(0, len(new), events.METRICS_PER_CALL):
            part = new[start : start + events.METRICS_PER_CALL]
            self._sink.put(events.metrics(part))
            self._sent.update((key, epoch) for key, _, _, epoch in part)

    def _steps_in_store(self) -> Iterator[tuple[str, int]]:
        for key in self._client.get_run(self.run_id).data.metrics:
            yield from ((key, metric.step) for metric in self._client.get_metric_history(self.run_id, key))

    def log_file(self, path: str | Path, folder: str | None = None) -> None:
        """Keep a copy of a file as an artifact, in `folder` of the run's artifacts."""
        self._sink.put(events.artifact(Path(path), folder))

    def keep_file(self, name: str, content: bytes, folder: str | None = None) -> None:
        """Write a file into the run's own folder, and keep a copy as an artifact."""
        path = self.folder / (folder or "") / name
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, content)
        self.log_file(path, folder)

    def log_figure(self, figure: Figure, name: str) -> None:
        """Keep a matplotlib figure under a file name such as ``curves.png``."""
        with self._new_file(name) as path:
            figure.savefig(path, bbox_inches="tight")

    def log_table(self, table: DataFrame | Sequence[Mapping[str, Any]], name: str) -> None:
        """Keep a table, a data frame or rows that share their keys, as CSV under a file name such as ``x.csv``."""
        rows = table if isinstance(table, Sequence) else table.to_dict("records")
        with self._new_file(name) as path, path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def log_frame(self, frame: DataFrame, name: str) -> None:
        """Keep a data frame that is too long to be read as text, as Parquet under a file name such as ``x.parquet``."""
        with self._new_file(name) as path:
            frame.to_parquet(path, index=False, compression="zstd")

    @contextlib.contextmanager
    def _new_file(self, name: str) -> Iterator[Path]:
        """Yield a path to write to in the block, whose file then becomes an artifact."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            yield path
            self.log_file(path)

    def log_dataset(self, name: str, digest: str, context: str, profile: Mapping[str, Any], source: str) -> None:
        """Say which data the run used.

        Args:
            name: of the data.
            digest: of its content; MLflow keeps 36 characters.
            context: what for: ``train``, ``val`` or ``test``.
            profile: counts and the like, shown as they are.
            source: where it came from: a path, or how it was made.
        """
        values = {
            "name": name,
            "digest": digest[:36],
            "source_type": "local",
            "source": json.dumps({"uri": source}),
            "profile": json.dumps(profile, default=str),
        }
        self._sink.put(events.dataset(values, context))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags of the run in one write."""
        self._sink.put(events.tags(tags))

    def log_model(
        self,
        model: torch.nn.Module,
        example_inputs: tuple[torch.Tensor, torch.Tensor],
        metadata: Mapping[str, Any],
        name: str = "model",
    ) -> None:
        """Keep the recognizer as a model that loads without this repository; see `logged_model.saved_recognizer`.

        Its URI is ``runs:/<run id>/<name>``.
        """
        from sweeps.tracking.logged_model import saved_recognizer

        with saved_recognizer(self.run_id, model, example_inputs, metadata) as saved:
            self._sink.put(events.model(saved, name))


@contextlib.contextmanager
def tracked_run(cfg: DictConfig, job: JobContext, data_digest: str, store: Store | None = None) -> Iterator[TrackedRun]:
    """Track the block as one run: FINISHED at its end, FAILED on an error, KILLED on Ctrl-C, SIGTERM or sys.exit.

    Args:
        cfg: the job's composed config; with ``resume`` a run id the block goes on with that run.
        job: where it belongs: the run is a child of its sweep's, and goes on with the one that it resumes.
        data_digest: of the data that the run is about.
        store: where, if that is open already.

    Raises:
        ConfigError: the store cannot be opened, or the run to resume was about other data.
    """
    store = store or open_tracking(cfg, job)
    resume_id = OmegaConf.select(cfg, "resume") or job.resume_run_id
    if resume_id is not None:
        _check_same_data(store, resume_id, data_digest)
        tags = {f"resumed_{key}": value for key, value in git_tags().items() if key == "git_commit"}
        params = None
    else:
        tags, params = _tags(cfg, job, data_digest), flat_params(cfg, job.left_out)
    name = run_name(cfg, job)
    with opened_run(store, name=name, tags=tags, params=params, resume_id=resume_id) as opened:
        if resume_id is not None:
            name = store.client.get_run(resume_id).info.run_name or resume_id
        run = TrackedRun(store, opened.run_id, name, resumed=resume_id is not None)
        if not run.resumed:
            _keep_config(run, cfg)
        with job.limits.errors_in_keys(job.expected_errors):
            yield run


def open_tracking(cfg: DictConfig, job: JobContext) -> Store:
    """Open the store of a job, and mark the runs in it whose process has gone.

    Raises:
        ConfigError: it cannot be opened.
    """
    store = open_store(cfg.tracking, cfg.output_dir, wait=job.in_sweep)
    mark_dead_runs(store)
    return store


def _tags(cfg: DictConfig, job: JobContext, data_digest: str) -> dict[str, str]:
    # The launcher looks for a run by its cell; a run alone gets the one that a launcher would give it.
    cell = Cell(*job.cell) if job.cell else cell_of(cfg, data_digest, job.limits)
    sweep = OmegaConf.select(cfg, "sweep.name")
    return {
        "cell": cell.id,
        "cell_any_code": cell.any_code,
        "overrides": json.dumps(list(job.overrides)),
        "data_digest": data_digest,
        **({"sweep": sweep} if sweep else {}),
        **({"mlflow.parentRunId": job.parent_run_id} if job.parent_run_id else {}),
        **source_tags(),
    }


def _keep_config(run: TrackedRun, cfg: DictConfig) -> None:
    own = without_hydra(cfg)
    (run.folder / COMPOSED_FILE).write_text(OmegaConf.to_yaml(own))
    (run.folder / CONFIG_FILE).write_text(OmegaConf.to_yaml(own, resolve=True))
    run.log_file(run.folder / CONFIG_FILE)
    run.log_file(run.folder / COMPOSED_FILE)


def _check_same_data(store: Store, run_id: str, data_digest: str) -> None:
    before = store.client.get_run(run_id).data.tags.get("data_digest", data_digest)
    if before != data_digest:
        raise ConfigError(
            f"resume={run_id}: the data has changed since (digest {before[:12]} then, {data_digest[:12]} now); "
            f"start anew with from_run={run_id}"
        )
