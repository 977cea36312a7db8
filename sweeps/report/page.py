"""The page of one sweep, section after section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.report.comparisons import Answers
from sweeps.report.document import Block, Bullets, Page
from sweeps.report.formatting import counted
from sweeps.report.sections.effects import effects_section
from sweeps.report.sections.facts import jobs_section, settings_section, warnings
from sweeps.report.sections.limits import left_out_section, limits_section, methods_section
from sweeps.report.sections.pictures import curves_section, recalls_section, runs_section
from sweeps.report.sections.results import answer_section, cells_section, claims_section, paper_section, power_section
from sweeps.report.sections.scaling import scaling_section
from sweeps.report.sections.tuned import tuning_section
from sweeps.report.sweep_data import Sweep
from sweeps.report.tuning import Tuning

if TYPE_CHECKING:
    from omegaconf import DictConfig


def make_page(sweep: Sweep, answers: Answers, cfg: DictConfig, whole: Sweep, tuning: Tuning | None) -> Page:
    """Put the page together; sections that the sweep has nothing for are not there.

    Args:
        sweep: what is compared.
        answers: to what was asked of it.
        cfg: of report.py: metric, confidence, effect, resamples.
        whole: the sweep as read.
        tuning: what was chosen of it before the comparison; None where the two are the same.
    """
    told = warnings(sweep)
    blocks: list[Block] = [
        *answer_section(answers),
        *([Bullets(told)] if told else []),
        *jobs_section(whole),
        *settings_section(whole),
        *tuning_section(tuning),
        *paper_section(sweep, cfg.confidence),
        *cells_section(sweep, cfg.metric, cfg.confidence),
        *claims_section(answers, cfg.confidence),
        *power_section(answers, cfg.effect, cfg.confidence),
        *curves_section(sweep),
        *recalls_section(sweep, cfg.confidence),
        *scaling_section(sweep, cfg.metric, cfg.confidence),
        *effects_section(sweep, cfg.metric, cfg.confidence),
        *limits_section(sweep, answers),
        *left_out_section(answers),
        *methods_section(cfg.confidence, cfg.resamples),
        *runs_section(whole, cfg.metric),
    ]
    total = len(whole.jobs) + len(whole.unfinished)
    subtitle = f"{len(whole.jobs)} of {counted(total, 'job')} finished. MLflow run `{sweep.parent_id}`."
    return Page(f"Sweep: {sweep.name}", subtitle, blocks)
