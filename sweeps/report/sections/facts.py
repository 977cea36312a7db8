"""The jobs of the sweep, what was the same in them, and what must be known before any number."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sweeps.config.messages import listed
from sweeps.report.document import Block, Bullets, Heading, Table, Text
from sweeps.report.formatting import NONE, counted
from sweeps.report.sweep_data import FinishedJob, Sweep, constant
from sweeps.results.overrides import short_names

_SHORT_COMMIT = 10
_MOST_LISTED = 40
# Settings that a reader asks for, in the order of the page.
_SETTINGS = {
    "datamodule._target_": "data",
    "datamodule.path": "file",
    "datamodule.frames": "frames simulated",
    "datamodule.split.protocol": "split protocol",
    "datamodule.split.test_fraction": "test fraction",
    "datamodule.split.val_fraction": "validation fraction",
    "datamodule.split.seed": "seed of the split",
    "datamodule.sequence_length": "frames a window",
    "datamodule.stride": "stride",
    "datamodule.normalize": "normalisation",
    "model._target_": "model",
    "model.num_layers": "layers",
    "model.hidden_size": "hidden size",
    "model.dropout": "dropout",
    "optimizer._target_": "optimizer",
    "optimizer.lr": "learning rate",
    "datamodule.batch_size": "batch size",
    "trainer.max_epochs": "epochs",
    "selection.monitor": "epoch chosen by",
    "seed": "seed",
}
_MUST_AGREE = {"data_digest": "trained on the same data:** digests", "git_commit": "run by the same code:** commits"}
_COUNTS = {"data.windows_train": "training", "data.windows_val": "validation", "data.windows_test": "test"}


def warnings(sweep: Sweep) -> list[str]:
    """Return what must be said of every number of a sweep: simulated people, leaking splits, mixed code or data."""
    jobs = sweep.jobs
    lines = []
    if is_simulated(sweep):
        lines.append("**The people are simulated.** No number here says how well real people are recognised.")
    protocols = {job.params.get("datamodule.split.protocol", "") for job in jobs}
    for protocol in sorted(protocols & {"window", "camera"}):
        what = "windows drawn at random" if protocol == "window" else "cameras held out"
        lines.append(
            f"**Performances are on both sides of the split** (`{protocol}`: {what}). Test accuracy is that of people "
            "and performances the model has seen in training."
        )
    unselected = sum(is_unselected(job) for job in jobs)
    if unselected:
        which = "no run has" if unselected == len(jobs) else f"{unselected} of {len(jobs)} runs have no"
        has_test_curve = any(job.params.get("test_curve") == "true" for job in jobs)
        lines.append(
            f"**Nothing was selected:** {which} validation part, so the last epoch is tested"
            + (", and the test curve is shown over all epochs, as in the paper." if has_test_curve else ".")
        )
    return lines + _mixed(jobs)


def is_simulated(sweep: Sweep) -> bool:
    """Check whether any job was trained on simulated people."""
    return any("synthetic" in job.params.get("datamodule._target_", "").lower() for job in sweep.jobs)


def is_unselected(job: FinishedJob) -> bool:
    """Check whether a run had no validation part to choose an epoch by."""
    return not any(key.startswith("val/") for key in job.metrics)


def _mixed(jobs: Sequence[FinishedJob]) -> list[str]:
    lines = []
    for tag, what in _MUST_AGREE.items():
        counts = Counter(job.tags.get(tag, "") for job in jobs)
        if len(counts) > 1:
            parts = listed((f"{value[:8] or 'none'} ({count})" for value, count in counts.items()), "and")
            lines.append(f"**The jobs were not {what} {parts}.")
    dirty = sum(_is_dirty(job) for job in jobs)
    if dirty:
        lines.append(
            f"{dirty} of {counted(len(jobs), 'run')} came from a working tree with changes that were not committed."
        )
    return lines


def _is_dirty(job: FinishedJob) -> bool:
    return job.tags.get("git_dirty") == "true"


def jobs_section(sweep: Sweep) -> list[Block]:
    """Return the finished, failed, killed and missing jobs."""
    counts = Counter(cell.status for cell in sweep.unfinished)
    statuses = [status for status in ("pruned", "failed", "killed", "running", "missing") if counts[status]]
    ended = f"; {listed((f'{counts[status]} {status}' for status in statuses), 'and')}" if statuses else ""
    lines = [f"{counted(sweep.total, 'job')}: {len(sweep.jobs)} finished{ended}."]
    if sweep.unfinished:
        lines.append("Jobs without a finished run are in none of the numbers below: nothing is put in their place.")
    impossible = [line for job in sweep.jobs for line in json.loads(job.params.get("sweep.left_out", "[]"))]
    lines += [f"Left out beforehand: {line}." for line in dict.fromkeys(impossible)]
    if sweep.retried:
        lines.append(f"{counted(sweep.retried, 'job')} took more than one run; the latest finished one counts.")
    if not sweep.grid_known:
        lines.append("The sweep kept no list of what was to be run: jobs that never began cannot be counted.")
    if sweep.other_parents:
        lines.append(f"{counted(sweep.other_parents, 'earlier sweep')} of this name left out; this is the latest.")
    blocks: list[Block] = [Heading("The jobs"), Text(" ".join(lines))]
    if sweep.unfinished:
        rows = [(cell.status, cell.label, cell.error or NONE) for cell in sweep.unfinished[:_MOST_LISTED]]
        more = len(sweep.unfinished) - len(rows)
        blocks.append(Table(("status", "job", "why"), rows, labels=3, caption=f"{more} more" if more else ""))
    return blocks


def settings_section(sweep: Sweep) -> list[Block]:
    """Return what differed between jobs, and what was the same."""
    names = short_names(list(sweep.levels))
    differed = [f"{name}: {', '.join(levels)}" for name, levels in zip(names, sweep.levels.values(), strict=True)]
    same = [(label, _shown(key, value)) for key, label in _SETTINGS.items() if (value := constant(sweep.jobs, key))]
    return [
        Heading("What differed, and what was the same"),
        Text("Differed between jobs:" if differed else "Nothing differed between jobs."),
        *([Bullets(differed)] if differed else []),
        Table(("setting, the same in all jobs", "value"), [*same, *_provenance(sweep.jobs)], labels=2),
    ]


def _provenance(jobs: Sequence[FinishedJob]) -> list[tuple[str, str]]:
    tags = jobs[0].tags
    same = {key for key in (*_COUNTS, *_MUST_AGREE) if all(job.tags.get(key) == tags.get(key) for job in jobs)}
    rows = []
    if "data.windows_train" in tags and same >= _COUNTS.keys():
        counts = [f"{int(tags[key]):,} {name}" for key, name in _COUNTS.items() if key in tags]
        rows.append(("windows", ", ".join(counts)))
    for key in _MUST_AGREE:
        if key in same and tags.get(key):
            dirty = " with uncommitted changes" if key == "git_commit" and any(map(_is_dirty, jobs)) else ""
            rows.append((key.replace("_", " "), f"`{tags[key][:_SHORT_COMMIT]}`{dirty}"))
    return rows


def _shown(key: str, value: str) -> str:
    """Return a value for people: a class without its module, a file without its folder."""
    if key.endswith(".path"):
        return Path(value).name
    return value.rpartition(".")[2] if value.count(".") > 0 and value[0].isalpha() and "/" not in value else value
