"""The runs of a sweep -> one page that says what they show: `python report.py sweep=NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sweeps.report.limits
from sweeps.config.limits import Limits
from sweeps.entrypoint import entrypoint

if TYPE_CHECKING:
    from omegaconf import DictConfig


LIMITS = Limits({"": sweeps.report.limits})


@entrypoint("report", limits=LIMITS, short={"sweep": "sweep.name"})
def main(cfg: DictConfig) -> None:
    """Read the sweep from MLflow, and write the page as HTML, Markdown and PNGs, there and into outputs/reports."""
    from sweeps.report.comparisons import compare
    from sweeps.report.load import find_sweep, read_sweep
    from sweeps.report.page import make_page
    from sweeps.report.sections.results import power_line
    from sweeps.report.terminal import print_verdicts, verdict_line
    from sweeps.report.tuning import keys_to_tune, tune
    from sweeps.report.write import log_report, report_folder, write_report
    from sweeps.results.parent_run import conclude
    from sweeps.tracking.store import open_existing_store

    store = open_existing_store(cfg.tracking, cfg.output_dir)
    all_runs = read_sweep(store, find_sweep(store, cfg.sweep.name))
    sweep, tuning = tune(all_runs, keys_to_tune(all_runs, cfg.tuned))
    comparisons = compare(sweep, cfg.metric, cfg.confidence, cfg.resamples)
    page = make_page(sweep, comparisons, cfg, all_runs, tuning)
    files = write_report(page, report_folder(store.output_dir, sweep.name))
    log_report(store, sweep.parent_id, files)
    conclude(store, sweep.parent_id, [verdict_line(comparison) for comparison in comparisons.all])
    print_verdicts(all_runs, comparisons, power_line(comparisons, cfg.effect, cfg.confidence), files)


if __name__ == "__main__":
    main()
