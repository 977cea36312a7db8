"""Which jobs there were, what was the same in them, and what must be known before any number."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sweeps.config.messages import listed
from sweeps.report.document import Block, Bullets, Heading, Table, Text
from sweeps.report.formatting import counted
from sweeps.report.sweep_data import Job, Sweep, constant
from sweeps.results.table import short_names

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
_COUNTS = {"data.windows_train": "training", "data.windows_val": "validation", "data.windows_test": "test"}


def warnings(sweep: Sweep) -> list[str]:
    """What must be said of every number of a sweep: simulated people, leaking splits, mixed code or data."""
    jobs = sweep.jobs
    found = []
    if any("synthetic" in job.params.get("datamodule._target_", "").lower() for job in jobs):
        found.append("**The people are simulated.** No number here says how well real people are recognised.")
    protocols = {job.params.get("datamodule.split.protocol", "") for job in jobs}
    for protocol in sorted(protocols & {"window", "camera"}):
        what = "windows drawn at random" if protocol == "window" else "cameras held out"
        found.append(
            f"**Performances are on both sides of the split** (`{protocol}`: {what}). Test accuracy is that of people "
            "and performances the model has seen in training."
        )
    unselected = sum(is_unselected(job) for job in jobs)
    if unselected:
        which = "no run has" if unselected == len(jobs) else f"{unselected} of {len(jobs)} runs have no"
        found.append(
            f"**Nothing was selected:** {which} validation part, so the last epoch is tested"
            + (", and the test curve is shown over all epochs, as in the paper." if _has_test_curve(jobs) else ".")
        )
    return found + _mixed(jobs)


def is_unselected(job: Job) -> bool:
    """Whether a run had no validation part to choose an epoch by."""
    return not any(key.startswith("val/") for key in job.metrics)


def _has_test_curve(jobs: Sequence[Job]) -> bool:
    return any(job.params.get("test_curve") == "true" for job in jobs)


def _mixed(jobs: Sequence[Job]) -> list[str]:
    found = []
    digests = Counter(job.tags.get("data_digest", "") for job in jobs)
    if len(digests) > 1:
        parts = listed((f"{digest[:8] or 'none'} ({count})" for digest, count in digests.items()), "and")
        found.append(f"**The jobs were not trained on the same data:** digests {parts}.")
    commits = Counter(job.tags.get("git_commit", "") for job in jobs)
    if len(commits) > 1:
        parts = listed((f"{commit[:8] or 'none'} ({count})" for commit, count in commits.items()), "and")
        found.append(f"**The jobs were not run by the same code:** commits {parts}.")
    dirty = sum(job.tags.get("git_dirty") == "true" for job in jobs)
    if dirty:
        found.append(
            f"{dirty} of {counted(len(jobs), 'run')} came from a working tree with changes that were not committed."
        )
    return found


def jobs_section(sweep: Sweep) -> list[Block]:
    """Finished, failed, killed and missing jobs."""
    counts = Counter(cell.status for cell in sweep.unfinished)
    total = len(sweep.jobs) + len(sweep.unfinished)
    states = [
        f"{counts[status]} {status}"
        for status in ("pruned", "failed", "killed", "running", "missing")
        if counts[status]
    ]
    ended = f"; {listed(states, 'and')}" if states else ""
    lines = [f"{counted(total, 'job')}: {len(sweep.jobs)} finished{ended}."]
    if sweep.unfinished:
        lines.append("Jobs without a finished run are in none of the numbers below: nothing is put in their place.")
    lines += [f"Left out beforehand: {told}." for told in _left_out(sweep.jobs)]
    if sweep.retried:
        lines.append(f"{counted(sweep.retried, 'job')} took more than one run; the latest finished one counts.")
    if not sweep.grid_known:
        lines.append("The sweep kept no list of what was to be run: jobs that never began cannot be counted.")
    if sweep.other_parents:
        lines.append(f"{counted(sweep.other_parents, 'earlier sweep')} of this name left out; this is the latest.")
    blocks: list[Block] = [Heading("The jobs"), Text(" ".join(lines))]
    if sweep.unfinished:
        rows = [(cell.status, cell.told, cell.error or "\u2013") for cell in sweep.unfinished[:_MOST_LISTED]]
        more = len(sweep.unfinished) - len(rows)
        blocks.append(Table(("status", "job", "why"), rows, labels=3, caption=f"{more} more" if more else ""))
    return blocks


def _left_out(jobs: Sequence[Job]) -> list[str]:
    """What the data could not have, as the sweep's command said."""
    told = [line for job in jobs for line in json.loads(job.params.get("sweep.left_out", "[]"))]
    return list(dict.fromkeys(told))


def settings_section(sweep: Sweep) -> list[Block]:
    """What differed between jobs, and what was the same."""
    names = dict(zip(sweep.levels, short_names(list(sweep.levels)), strict=True))
    differed = [f"{names[key]}: {', '.join(levels)}" for key, levels in sweep.levels.items()]
    same = [(label, _shown(key, value)) for key, label in _SETTINGS.items() if (value := constant(sweep.jobs, key))]
    return [
        Heading("What differed, and what was the same"),
        Text("Differed between jobs:" if differed else "Nothing differed between jobs."),
        *([Bullets(differed)] if differed else []),
        Table(("setting, the same in all jobs", "value"), [*same, *_provenance(sweep.jobs)], labels=2),
    ]


def _provenance(jobs: Sequence[Job]) -> list[tuple[str, str]]:
    first = jobs[0].tags
    rows = []
    if all(len({job.tags.get(key) for job in jobs}) == 1 for key in _COUNTS) and "data.windows_train" in first:
        parts = [f"{int(first[key]):,} {name}" for key, name in _COUNTS.items() if key in first]
        rows.append(("windows", ", ".join(parts)))
    for key, label in (("data_digest", "data digest"), ("git_commit", "git commit")):
        values = {job.tags.get(key) for job in jobs}
        if len(values) == 1 and (value := values.pop()):
            dirty = key == "git_commit" and any(job.tags.get("git_dirty") == "true" for job in jobs)
            rows.append((label, f"`{value[:_SHORT_COMMIT]}`" + (" with uncommitted changes" if dirty else "")))
    return rows


def _shown(key: str, value: str) -> str:
    """A value for people: a class by its own name, text without its module, a file without where it lies."""
    if key.endswith(".path"):
        return Path(value).name
    return value.rpartition(".")[2] if value.count(".") > 0 and value[0].isalpha() and "/" not in value else value
