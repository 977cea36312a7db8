"""The page of one sweep, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.report.comparisons import Comparisons
from sweeps.report.document import Block, Bullets, Document
from sweeps.report.formatting import counted
from sweeps.report.sections.effects import effects_section
from sweeps.report.sections.facts import jobs_section, settings_section, warnings
from sweeps.report.sections.limits import left_out_section, limits_section, methods_section
from sweeps.report.sections.pictures import curves_section, recalls_section, runs_section
from sweeps.report.sections.results import (
    cells_section,
    claims_section,
    paper_section,
    power_section,
    verdicts_section,
)
from sweeps.report.sections.scaling import scaling_section
from sweeps.report.sections.tuned import tuning_section
from sweeps.report.sweep_data import Sweep
from sweeps.report.tuning import Tuning

if TYPE_CHECKING:
    from omegaconf import DictConfig


def make_page(
    sweep: Sweep, comparisons: Comparisons, cfg: DictConfig, all_runs: Sweep, tuning: Tuning | None
) -> Document:
    """Put the page together; sections that the sweep has nothing for are not there.

    Args:
        sweep: what is compared.
        comparisons: all that were made of it.
        cfg: of report.py: metric, confidence, effect, resamples.
        all_runs: the sweep as read.
        tuning: what was chosen of it before the comparison; None where the two are the same.
    """
    to_know = warnings(sweep)
    blocks: list[Block] = [
        *verdicts_section(comparisons),
        *([Bullets(to_know)] if to_know else []),
        *jobs_section(all_runs),
        *settings_section(all_runs),
        *tuning_section(tuning),
        *paper_section(sweep, cfg.confidence),
        *cells_section(sweep, cfg.metric, cfg.confidence),
        *claims_section(comparisons, cfg.confidence),
        *power_section(comparisons, cfg.effect, cfg.confidence),
        *curves_section(sweep),
        *recalls_section(sweep, cfg.confidence),
        *scaling_section(sweep, cfg.metric, cfg.confidence),
        *effects_section(sweep, cfg.metric, cfg.confidence),
        *limits_section(sweep, comparisons),
        *left_out_section(comparisons),
        *methods_section(cfg.confidence, cfg.resamples),
        *runs_section(all_runs, cfg.metric),
    ]
    subtitle = f"{len(all_runs.jobs)} of {counted(all_runs.total, 'job')} finished. MLflow run `{sweep.parent_id}`."
    return Document(f"Sweep: {sweep.name}", subtitle, blocks)
