"""The questions that a sweep can answer: the paper's claims, and how the options of a factor compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sweeps.report import paper
from sweeps.report.formatting import recall_key
from sweeps.report.recordings import accuracy_interval, recall_interval
from sweeps.report.sweep_data import FinishedJob, Sweep
from sweeps.statistics.learning import mean_height, restricted_difference
from sweeps.statistics.paired import Interval

REACHED = "epochs_to_95"
_PART_NAMES = {"val": "validation", "test": "test", "train": "training"}
Pair = tuple[FinishedJob, FinishedJob]


@dataclass(frozen=True)
class Question:
    """A claim, or two options to compare, and the paired differences that speak on it.

    Attributes:
        sentence: the claim in words; of two options, which.
        measured: what the numbers are.
        unit: "points" (of percent) or "epochs".
        differences: `[n]`, signed so that positive ones speak for the claim.
        test_ratio: test windows for each training window; NaN where the runs do not say.
        claimed: the size that is claimed, in the unit; None for none.
        recordings: bootstrap interval over recordings, in the unit; None where there is none.
        claim: whether it is a claim; otherwise it is about two options, of which either may be the better.
        note: what must be said beside the numbers.
    """

    sentence: str
    measured: str
    unit: str
    differences: NDArray[np.float64]
    test_ratio: float
    claimed: Interval | None = None
    recordings: Interval | None = None
    claim: bool = True
    note: str = ""


@dataclass(frozen=True)
class LeftOut:
    """Something that a report can hold and this one does not, and why."""

    what: str
    why: str


def ask(sweep: Sweep, metric: str, confidence: float, resamples: int) -> tuple[list[Question], list[LeftOut]]:
    """Return everything that can be asked of a sweep, the claims first, and what cannot.

    Args:
        sweep: as read.
        metric: what options are compared by, in 0..1.
        confidence: of bootstrap intervals.
        resamples: of the bootstrap.
    """
    asked = [
        *_about_optimizers(sweep, confidence, resamples),
        _abnormal_is_easier(sweep, confidence, resamples),
        *_about_options(sweep, metric, confidence, resamples),
    ]
    left_out = [item for item in asked if isinstance(item, LeftOut)]
    return [item for item in asked if isinstance(item, Question)], left_out


def _about_optimizers(sweep: Sweep, confidence: float, resamples: int) -> list[Question | LeftOut]:
    pairs = [
        (rms, adam)
        for rms, adam in sweep.pairs("optimizer", "rmsprop", "adam")
        if _is_at_the_papers_setting(sweep, rms) and all("test/accuracy" in job.metrics for job in (rms, adam))
    ]
    if not pairs:
        why = "the sweep has no two finished runs with RMSProp and Adam that agree in everything else"
        return [LeftOut("the paper's claims about Adam and RMSProp", why)]
    adam_is_better = Question(
        sentence=f"Adam beats RMSProp in test accuracy (claimed: by {paper.ADAM_GAIN:.2f} points)",
        measured="test accuracy, Adam minus RMSProp",
        unit="points",
        differences=_gains(pairs, "test/accuracy"),
        test_ratio=_test_ratio(pairs[0][0]),
        claimed=Interval(paper.ADAM_GAIN, paper.ADAM_GAIN),
        recordings=accuracy_interval(pairs, resamples, confidence),
    )
    return [adam_is_better, _adam_reaches_95_first(pairs), _adam_learns_faster(pairs)]


def _gains(pairs: Sequence[Pair], metric: str) -> NDArray[np.float64]:
    """Return how much better the second job of each pair is than the first, in points."""
    return np.array([100 * (second.metrics[metric] - first.metrics[metric]) for first, second in pairs])


def _is_at_the_papers_setting(sweep: Sweep, job: FinishedJob) -> bool:
    """Check a job's levels of those factors that table 2 fixes, where the sweep has the paper's value among them."""
    return all(
        job.typed.get(key) == value for key, (value, _) in paper.SETTING.items() if value in sweep.levels.get(key, ())
    )


def _test_ratio(job: FinishedJob) -> float:
    """Return the test windows for each training window; NaN where the job does not say."""
    train, test = (float(job.tags.get(f"data.windows_{part}", "nan")) for part in ("train", "test"))
    return test / train if train > 0 else float("nan")


def _adam_reaches_95_first(pairs: Sequence[Pair]) -> Question | LeftOut:
    what = "Adam reaches 95 % accuracy in fewer epochs than RMSProp"
    horizons = {job.params.get("trainer.max_epochs") for pair in pairs for job in pair}
    if len(horizons) != 1:
        return LeftOut(what, "the jobs were given different numbers of epochs")
    horizon = int(str(horizons.pop()))
    times = [(rms.metrics.get(REACHED), adam.metrics.get(REACHED)) for rms, adam in pairs]
    never = [sum(time is None for time in side) for side in zip(*times, strict=True)]
    neither = sum(rms is None and adam is None for rms, adam in times)
    if neither == len(pairs):
        return LeftOut(what, f"no run reached 95 % within its {horizon} epochs")
    note = ""
    if sum(never):
        note = (
            f"{never[0]} of {len(pairs)} RMSProp runs and {never[1]} of {len(pairs)} Adam runs never reached 95 %: "
            f"they are censored and count as {horizon} epochs, so that differences are smaller here than in truth"
            + (f"; in {neither} pairs neither reached it, which counts as no difference" if neither else "")
        )
    part = _PART_NAMES.get(pairs[0][0].curve("accuracy")[0], "held-out")
    return Question(
        sentence="Adam learns faster than RMSProp: it reaches 95 % accuracy first",
        measured=f"epochs until {part} accuracy is 95 %, RMSProp minus Adam",
        unit="epochs",
        differences=np.array([restricted_difference(rms, adam, horizon) for rms, adam in times]),
        test_ratio=_test_ratio(pairs[0][0]),
        note=note,
    )


def _adam_learns_faster(pairs: Sequence[Pair]) -> Question | LeftOut:
    what = "Adam's accuracy is higher over the whole of training"
    curves = [(rms.curve("accuracy"), adam.curve("accuracy")) for rms, adam in pairs]
    usable = [(rms[1], adam[1]) for rms, adam in curves if len(rms[1]) and len(rms[1]) == len(adam[1])]
    if not usable:
        return LeftOut(what, "the runs kept no curves of the same length")
    part = _PART_NAMES[curves[0][0][0]]
    return Question(
        sentence="Adam learns faster than RMSProp: its accuracy is higher over the whole of training",
        measured=f"area under the {part} accuracy curve over epochs, Adam minus RMSProp",
        unit="points",
        differences=np.array([100 * (mean_height(adam) - mean_height(rms)) for rms, adam in usable]),
        test_ratio=_test_ratio(pairs[0][0]),
    )


def _abnormal_is_easier(sweep: Sweep, confidence: float, resamples: int) -> Question | LeftOut:
    adam = [job for job in sweep.jobs if job.params.get("optimizer._target_", "").endswith(".Adam")]
    jobs = [job for job in adam if _is_at_the_papers_setting(sweep, job) and all(_class_recalls(job))]
    if not jobs:
        what = "lying and falling are recognised 10-12 points better than the other classes"
        return LeftOut(what, "no finished run has Adam, and abnormal and normal classes to compare")
    names = jobs[0].abnormal_classes
    spoken = " and ".join(names).capitalize()
    means = [[np.mean(recalls) for recalls in _class_recalls(job)] for job in jobs]
    return Question(
        sentence=f"{spoken} are recognised better than the normal classes (claimed: by 10 to 12 points)",
        measured="mean recall of the abnormal classes minus that of the others, runs with Adam",
        unit="points",
        differences=np.array([100 * (abnormal - normal) for abnormal, normal in means]),
        test_ratio=_test_ratio(jobs[0]),
        claimed=paper.ABNORMAL_GAIN,
        recordings=recall_interval(jobs, names, resamples, confidence),
        note="both groups are of the same run: the spread is over runs",
    )


def _class_recalls(job: FinishedJob) -> tuple[list[float], list[float]]:
    """Return the recalls of the abnormal classes, and those of the normal ones."""
    abnormal = {recall_key(name) for name in job.abnormal_classes}
    recalls = {key: value for key, value in job.metrics.items() if key.startswith("test/recall/")}
    return (
        [value for key, value in recalls.items() if key in abnormal],
        [value for key, value in recalls.items() if key not in abnormal],
    )


def _about_options(sweep: Sweep, metric: str, confidence: float, resamples: int) -> list[Question | LeftOut]:
    """Ask of each level of a factor how it compares with the first one."""
    if sweep.searched:
        why = "a search chose them, and which came how often hangs on how they did"
        return [LeftOut("comparisons of options", why)]
    asked = [
        _compare_levels(sweep, factor, level, metric, confidence, resamples)
        for factor in sweep.factors
        for level in sweep.levels[factor][1:]
    ]
    return [question for question in asked if question is not None]


def _compare_levels(
    sweep: Sweep, factor: str, level: str, metric: str, confidence: float, resamples: int
) -> Question | None:
    first, over_recordings = sweep.levels[factor][0], metric == "test/accuracy"
    if factor == "optimizer" and over_recordings and {first, level} == {"adam", "rmsprop"}:
        return None  # the first claim
    pairs = [pair for pair in sweep.pairs(factor, first, level) if all(metric in job.metrics for job in pair)]
    if not pairs:
        return None
    return Question(
        sentence=f"{factor}: {level} against {first}",
        measured=f"{metric}, {level} minus {first}",
        unit="points",
        differences=_gains(pairs, metric),
        test_ratio=_test_ratio(pairs[0][0]),
        recordings=accuracy_interval(pairs, resamples, confidence) if over_recordings else None,
        claim=False,
    )
