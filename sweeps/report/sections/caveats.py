"""What the numbers do not show, what was left out, and how it was computed."""

from __future__ import annotations

from sweeps.config.messages import listed, one_line
from sweeps.report import paper
from sweeps.report.comparisons import Comparisons
from sweeps.report.document import Block, Bullets, Heading, Text
from sweeps.report.formatting import whole_percent
from sweeps.report.sections.facts import is_simulated, is_unselected
from sweeps.report.sweep_data import Sweep, constant

_FOLLOWING = ("datamodule.split.seed", "datamodule.seed")

_BOTH_SIDES = (
    "Nothing about people who were not in training: each performance has windows on both sides of the split. "
    "Held-out people (`datamodule/split=subject`) are usually recognised much worse."
)
_PROTOCOLS = {
    "window": _BOTH_SIDES,
    "camera": _BOTH_SIDES,
    "clip": "Nothing about other people: recordings are held out, but the same people are on both sides.",
    "subject": "Held-out people are few, and one draw of them: other people would give other accuracies.",
}
_METHODS = """
**Pairs.** Two runs that differ in what is compared and agree in everything else that the sweep varies: the same seed
has the same data and the same order of batches.

**Interval.** Student's t, {level}, of the mean of the paired differences.

**Verdict.** A claim holds when its whole interval is on the claim's side of 0. It does not hold when the whole interval
is on the other side, or when it reaches 0 and excludes the claimed size. Otherwise it cannot be told. An interval on
the claim's side that excludes the claimed size confirms the direction only, and the page says so.

**Sign flip.** Exact permutation test: the share of all choices of signs whose mean is as far from 0, or 100,000 drawn
ones beyond 20 pairs.

**Holm.** The sign-flip p values adjusted for all questions on this page (Holm 1979).

**t and corrected t.** Paired t-test, and the corrected resampled one of Nadeau and Bengio (2003), whose variance is
(1/n + test windows / training windows) times the sample variance. The correction is made for splits that are drawn anew
in each pair; where seeds vary weights only, it is given as a cautious bound.

**Over recordings.** {resamples:,} bootstrap samples of the recordings of the test part, the same for both runs of all
pairs; percentile interval. It holds the trained models fixed and asks about other recordings.

**Effect sizes.** Mean over standard deviation of the differences (Cohen's d for pairs), and with Hedges' correction.

**Power.** Noncentral t, with the standard deviation seen.
"""


def caveats_section(sweep: Sweep, comparisons: Comparisons) -> list[Block]:
    """Return what a reader must not conclude from the page."""
    return [
        Heading("What the numbers do not show"),
        Bullets([*_about_search(sweep), *_about_seeds(sweep), *_about_data(sweep), *_about_claims(sweep, comparisons)]),
    ]


def _about_search(sweep: Sweep) -> list[str]:
    if not sweep.searched:
        return []
    return [
        f"A search by {sweep.searched} chose the settings one after the other, and looked longer where it looked good: "
        "the runs are no fair sample, and options are not compared like with like. The best of them was picked out of "
        f"{sweep.total}: on its validation part it looks better than it is. To compare "
        "settings, sweep over those that matter, each with several seeds."
    ]


def _about_seeds(sweep: Sweep) -> list[str]:
    repeats = set(sweep.repeats)
    if not repeats:
        return ["Every setting was run once. How much chance alone would move its numbers is not known."]
    # A preset may have them follow the seed.
    repeats |= {key for key in _FOLLOWING if constant(sweep.jobs, key) is None}
    lines = []
    if repeats == {"seed"}:
        lines.append(
            "Seeds vary initial weights and the order of batches, nothing else: one division of one set of "
            "recordings. The intervals say what other seeds would give, not what other people, days or cameras would."
        )
    if "datamodule.split.seed" in repeats:
        lines.append(
            "Seeds of the split draw overlapping training parts from the same recordings, so their runs are not "
            "independent and the plain t interval is too narrow: read the corrected t-test beside it."
        )
    if "datamodule.seed" in repeats:
        lines.append("Seeds of the simulation vary the people within one simulator; real people vary in other ways.")
    return lines


def _about_data(sweep: Sweep) -> list[str]:
    lines = []
    if is_simulated(sweep):
        lines.append("Simulated people: nothing about real ones, their estimators' mistakes, or the paper's data.")
    protocol = constant(sweep.jobs, "datamodule.split.protocol")
    if protocol in _PROTOCOLS:
        lines.append(_PROTOCOLS[protocol])
    if all(is_unselected(job) for job in sweep.jobs):
        lines.append(
            "Without validation the last epoch is tested; where accuracy still jumps from epoch to epoch, so does the "
            "result."
        )
    return lines


def _about_claims(sweep: Sweep, comparisons: Comparisons) -> list[str]:
    lines = _about_the_papers_setting(sweep) if comparisons.claims else []
    if len(sweep.factors) > 1 and comparisons.options:
        lines.append(
            "Comparisons go over all levels of the other factors: an average over them, not the effect at each. Pairs "
            "that share a seed may be less than independent, which makes intervals too narrow."
        )
    if len(comparisons.all) > 1:
        lines.append(
            f"{len(comparisons.all)} questions were asked of the same runs. The verdicts are by each one's own "
            "interval; the column Holm says which p values stand when all are taken together."
        )
    lines.append("A claim that cannot be told is not a claim refuted: the sweep was too small, or the effect is.")
    return lines


def _about_the_papers_setting(sweep: Sweep) -> list[str]:
    lines, chosen, differs = [], [], []
    for key, (value, name) in paper.SETTING.items():
        ours = constant(sweep.jobs, key)
        if value in sweep.levels.get(key, ()):
            chosen.append(f"{value} {name}")
        if ours is not None and ours != value:
            differs.append(f"{ours} {name} instead of {value}")
    if chosen:
        lines.append(f"The paper's claims are tested on the runs with its {listed(chosen, 'and')} only.")
    if differs:
        lines.append(f"Not the paper's setting: {listed(differs, 'and')}.")
    rates = {job.params.get("optimizer.lr") for job in sweep.jobs}
    if len(rates) == 1:
        lines.append(
            f"Optimizers are compared at one learning rate, {rates.pop()}, which the paper does not give. Each at "
            "its own best rate may compare otherwise."
        )
    return lines


def left_out_section(comparisons: Comparisons) -> list[Block]:
    """Return what a report can hold and this one does not."""
    if not comparisons.left_out:
        return []
    return [Heading("Left out"), Bullets([f"{left.what}: {left.why}." for left in comparisons.left_out])]


def methods_section(confidence: float, resamples: int) -> list[Block]:
    """Return how every number was computed, with its source."""
    methods = _METHODS.format(level=whole_percent(confidence), resamples=resamples).strip().split("\n\n")
    return [
        Heading("How it was computed"),
        Bullets([one_line(method) for method in methods]),
        Text("Read from MLflow alone."),
    ]
