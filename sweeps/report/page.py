"""The page of one sweep, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeps.report.comparisons import Comparisons
from sweeps.report.document import Block, Bullets, Document
from sweeps.report.formatting import counted
from sweeps.report.sections import caveats, effects, facts, pictures, results, scaling, tuned
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
    warnings = facts.warnings(sweep)
    blocks: list[Block] = [
        *results.verdicts_section(comparisons),
        *([Bullets(warnings)] if warnings else []),
        *facts.jobs_section(all_runs),
        *facts.settings_section(all_runs),
        *tuned.tuning_section(tuning),
        *results.paper_section(sweep, cfg.confidence),
        *results.cells_section(sweep, cfg.metric, cfg.confidence),
        *results.claims_section(comparisons, cfg.confidence),
        *results.power_section(comparisons, cfg.effect, cfg.confidence),
        *pictures.curves_section(sweep),
        *pictures.recalls_section(sweep, cfg.confidence),
        *scaling.scaling_section(sweep, cfg.metric, cfg.confidence),
        *effects.effects_section(sweep, cfg.metric, cfg.confidence),
        *caveats.caveats_section(sweep, comparisons),
        *caveats.left_out_section(comparisons),
        *caveats.methods_section(cfg.confidence, cfg.resamples),
        *pictures.runs_section(all_runs, cfg.metric),
    ]
    subtitle = f"{len(all_runs.jobs)} of {counted(all_runs.total, 'job')} finished. MLflow run `{sweep.parent_id}`."
    return Document(f"Sweep: {sweep.name}", subtitle, blocks)
