"""What is asked of a sweep: the paper's claims where its runs can tell, and how the options of a factor differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sweeps.report import paper
from sweeps.report.formatting import recall_key
from sweeps.report.recordings import accuracy_interval, recall_interval
from sweeps.report.sweep_data import Job, Sweep
from sweeps.statistics.learning import mean_height, restricted_difference
from sweeps.statistics.paired import Interval

REACHED = "epochs_to_95"
_PART_NAMES = {"val": "validation", "test": "test", "train": "training"}
_SIZE = Interval(paper.ADAM_GAIN, paper.ADAM_GAIN)


@dataclass(frozen=True)
class Question:
    """A claim, or a comparison, and the paired differences that speak on it.

    Attributes:
        sentence: the claim in words; of a comparison, what is compared.
        measured: what the numbers are.
        unit: "points" (of percent) or "epochs".
        differences: `[n]`, signed so that positive ones speak for the claim.
        test_ratio: test windows for each training window; NaN where the runs do not say.
        claimed: the size that is claimed, in the unit; None for none.
        recordings: bootstrap interval over recordings, in the unit; None where there is none.
        claim: whether it is a claim; otherwise a comparison, which may come out either way.
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
    """Everything that can be asked of a sweep, and what cannot.

    Args:
        sweep: as read.
        metric: what options are compared by, in 0..1.
        confidence: of bootstrap intervals.
        resamples: of the bootstrap.
    """
    questions: list[Question] = []
    left_out: list[LeftOut] = []
    pairs = _at_the_papers_setting(sweep, sweep.pairs("optimizer", "rmsprop", "adam"))
    pairs = [pair for pair in pairs if all("test/accuracy" in job.metrics for job in pair)]
    if pairs:
        questions.append(_adam_is_better(pairs, confidence, resamples))
        for asked in (_adam_reaches_95_first(pairs), _adam_learns_faster(pairs)):
            (questions if isinstance(asked, Question) else left_out).append(asked)  # type: ignore[arg-type]
    else:
        why = "the sweep has no two finished runs with RMSProp and Adam that agree in everything else"
        left_out.append(LeftOut("the paper's claims about Adam and RMSProp", why))
    asked = _abnormal_is_easier(sweep, confidence, resamples)
    (questions if isinstance(asked, Question) else left_out).append(asked)  # type: ignore[arg-type]
    if sweep.searched:
        why = "a search chose them, and which came how often hangs on how they did"
        left_out.append(LeftOut("comparisons of options", why))
    else:
        for factor in sweep.factors:
            questions += _comparisons(sweep, factor, metric, confidence, resamples)
    return questions, left_out


def _at_the_papers_setting(sweep: Sweep, pairs: Sequence[tuple[Job, Job]]) -> list[tuple[Job, Job]]:
    """Where a sweep also varies what table 2 fixes, and the paper's value is among its levels: only those jobs."""
    wanted = {key: value for key, value in paper.SETTING.items() if value in sweep.levels.get(key, ())}
    return [pair for pair in pairs if all(pair[0].typed.get(key) == value for key, value in wanted.items())]


def windows_ratio(jobs: Sequence[Job]) -> float:
    """Test windows for each training window of the first job; NaN where it does not say."""
    tags = jobs[0].tags
    train, test = float(tags.get("data.windows_train", "nan")), float(tags.get("data.windows_test", "nan"))
    return test / train if train > 0 else float("nan")


def _adam_is_better(pairs: Sequence[tuple[Job, Job]], confidence: float, resamples: int) -> Question:
    gains = [100 * (adam.metrics["test/accuracy"] - rms.metrics["test/accuracy"]) for rms, adam in pairs]
    return Question(
        sentence=f"Adam beats RMSProp in test accuracy (claimed: by {paper.ADAM_GAIN:.2f} points)",
        measured="test accuracy, Adam minus RMSProp",
        unit="points",
        differences=np.array(gains),
        test_ratio=windows_ratio(pairs[0]),
        claimed=_SIZE,
        recordings=accuracy_interval([(adam, rms) for rms, adam in pairs], resamples, confidence),
    )


def _adam_reaches_95_first(pairs: Sequence[tuple[Job, Job]]) -> Question | LeftOut:
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
        test_ratio=windows_ratio(pairs[0]),
        note=note,
    )


def _adam_learns_faster(pairs: Sequence[tuple[Job, Job]]) -> Question | LeftOut:
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
        test_ratio=windows_ratio(pairs[0]),
    )


def _abnormal_is_easier(sweep: Sweep, confidence: float, resamples: int) -> Question | LeftOut:
    what = "lying and falling are recognised 10-12 points better than the other classes"
    adam = [job for job in sweep.jobs if job.params.get("optimizer._target_", "").endswith(".Adam")]
    jobs = [pair[0] for pair in _at_the_papers_setting(sweep, [(job, job) for job in adam])]
    jobs = [job for job in jobs if class_recalls(job, abnormal=True) and class_recalls(job, abnormal=False)]
    if not jobs:
        return LeftOut(what, "no finished run has Adam, and abnormal and normal classes to compare")
    names = jobs[0].abnormal_classes
    gains = [
        100 * (np.mean(class_recalls(job, abnormal=True)) - np.mean(class_recalls(job, abnormal=False))) for job in jobs
    ]
    spoken = " and ".join(names).capitalize()
    return Question(
        sentence=f"{spoken} are recognised better than the normal classes (claimed: by 10 to 12 points)",
        measured="mean recall of the abnormal classes minus that of the others, runs with Adam",
        unit="points",
        differences=np.array(gains),
        test_ratio=windows_ratio(jobs),
        claimed=paper.ABNORMAL_GAIN,
        recordings=recall_interval(jobs, names, resamples, confidence),
        note="both groups are of the same run: the spread is over runs",
    )


def class_recalls(job: Job, abnormal: bool) -> list[float]:
    """Recall of each abnormal, or each normal, class."""
    wanted = {recall_key(name) for name in job.abnormal_classes}
    return [
        value for key, value in job.metrics.items() if key.startswith("test/recall/") and (key in wanted) == abnormal
    ]


def _comparisons(sweep: Sweep, factor: str, metric: str, confidence: float, resamples: int) -> list[Question]:
    """Each level of a factor against the first one."""
    first, *others = sweep.levels[factor]
    asked = []
    for level in others:
        if factor == "optimizer" and metric == "test/accuracy" and {first, level} == {"adam", "rmsprop"}:
            continue  # the first claim
        pairs = [pair for pair in sweep.pairs(factor, first, level) if all(metric in job.metrics for job in pair)]
        if not pairs:
            continue
        over_recordings = metric == "test/accuracy"
        asked.append(
            Question(
                sentence=f"{factor}: {level} against {first}",
                measured=f"{metric}, {level} minus {first}",
                unit="points",
                differences=np.array([100 * (new.metrics[metric] - old.metrics[metric]) for old, new in pairs]),
                test_ratio=windows_ratio(pairs[0]),
                recordings=accuracy_interval([(new, old) for old, new in pairs], resamples, confidence)
                if over_recordings
                else None,
                claim=False,
            )
        )
    return asked
