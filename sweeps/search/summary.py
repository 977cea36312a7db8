"""What a search came to: on the terminal, and with its parent run."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

from sweeps.config.messages import listed
from sweeps.config.search_settings import Settings
from sweeps.config.search_space import Space
from sweeps.launch.sweep import OpenSweep
from sweeps.results.ranking import Ranking
from sweeps.search.study import CELL, ERROR, RUN_ID, as_json, as_run, counted, describe
from sweeps.tracking.lifecycle import set_tags
from sweeps.tracking.sweep_runs import SEARCHED

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

SEARCH_FILE = "search.json"  # artifact of the parent run: every trial
_ENOUGH = 10  # complete trials, before it is said what mattered
_WORDS = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


class Summary:
    """Shows and keeps what a search came to.

    Args:
        settings: how it was done.
        space: of what.
        study: all of its trials.
        sweep: its parent run, open.
    """

    def __init__(self, settings: Settings, space: Space, study: Study, sweep: OpenSweep) -> None:
        self.settings = settings
        self.space = space
        self.study = study
        self.sweep = sweep

    def _complete(self) -> list[FrozenTrial]:
        """Return the complete trials, the best first."""
        from optuna.trial import TrialState

        trials = [trial for trial in self.study.get_trials(deepcopy=False) if trial.state is TrialState.COMPLETE]
        sign = 1 if self.settings.direction == "min" else -1
        return sorted(trials, key=lambda trial: (sign * (trial.value or 0.0), trial.number))

    def ranking(self) -> Ranking:
        """Rank the jobs by the search's metric: not by the test part, which was not searched."""
        values = {trial.user_attrs[RUN_ID]: float(trial.value or 0.0) for trial in reversed(self._complete())}
        return Ranking(self.settings.metric, dict(reversed(values.items())))

    def conclude(self, whole: bool) -> None:
        """Keep all trials and the best with the parent run, and say what was found.

        Args:
            whole: whether there are as many trials as asked for; False where a failure has ended the search.

        Raises:
            SystemExit: status 1, when the search is not whole, or no trial was completed.
        """
        trials = counted(self.study.get_trials(deepcopy=False))
        complete, importances = self._complete(), self._importances()
        content = {**self._about(), "importances": importances, "trials": [self._row(trial) for trial in trials]}
        store, parent = self.sweep.store, self.sweep.parent
        store.client.log_text(parent.run_id, as_json(content), SEARCH_FILE)
        counts = Counter(_WORDS[trial.state.name] for trial in trials)
        trials_tags = {f"trials.{word}": str(counts[word]) for word in _WORDS.values()}
        set_tags(store, parent.run_id, {SEARCHED: self.settings.metric, **trials_tags})
        self._tell_failures(trials)
        if complete:
            set_tags(store, parent.run_id, self._best_tags(complete[0]))
            self._tell_best(complete[0], len(trials), counts, importances)
        if not (complete and whole):
            why = "ended by sweep.fail_fast" if complete else f"none of {len(trials)} trials was completed"
            parent.end_as("FAILED", why)
            raise SystemExit(1)

    def _tell_best(self, best: FrozenTrial, total: int, counts: Counter[str], importances: dict[str, float]) -> None:
        counted_as = listed([f"{count} {word}" for word, count in counts.items()], "and")
        print(f"\nSearch {self.sweep.name}: {total} trials, {counted_as}")
        if importances:
            print("What mattered: " + ", ".join(f"{key} {share:.0%}" for key, share in importances.items()))
        print(
            f"Best by {self.settings.metric}, {best.value:.4g}: {describe(self.space, best)}; again: "
            f"python train.py from_run={best.user_attrs[RUN_ID]}"
        )

    def _about(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "search": self.sweep.name,
            "metric": settings.metric,
            "direction": settings.direction,
            "sampler": settings.sampler,
            "seed": settings.seed,
            "pruner": settings.pruner,
            "space": {key.key: key.describe() for key in self.space.varied},
        }

    def _row(self, trial: FrozenTrial) -> dict[str, Any]:
        return {
            "number": trial.number,
            "state": _WORDS[trial.state.name],
            "value": trial.value,
            "overrides": as_run(self.space, trial),
            "epochs": trial.last_step,
            "run_id": trial.user_attrs.get(RUN_ID),
            "cell": trial.user_attrs.get(CELL),
            "error": trial.user_attrs.get(ERROR),
        }

    def _best_tags(self, best: FrozenTrial) -> dict[str, str]:
        params = {f"best.{key}": value for key, value in as_run(self.space, best).items()}
        run_id = str(best.user_attrs[RUN_ID])
        return {"best.run_id": run_id, f"best.{self.settings.metric}": f"{best.value:.6g}", **params}

    def _importances(self) -> dict[str, float]:
        """Return each key's share in how the better trials differ (PED-ANOVA, Watanabe et al. 2023), largest first.

        Nothing where there are too few trials to tell, or only one key.
        """
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        if len(self._complete()) < _ENOUGH or len(self.space.varied) < 2:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it may change, and keys that have had one value only
            shares = get_param_importances(self.study, evaluator=PedAnovaImportanceEvaluator())
        return {key: float(share) for key, share in shares.items()}

    def _tell_failures(self, trials: list[FrozenTrial]) -> None:
        failed = [trial for trial in trials if trial.state.name == "FAIL"]
        if not failed:
            return
        sys.stdout.flush()
        print(f"\n{len(failed)} of {len(trials)} trials failed:", file=sys.stderr)
        for trial in failed:
            line = f"  trial {trial.number + 1} ({describe(self.space, trial)}): {trial.user_attrs.get(ERROR)}"
            print(line, file=sys.stderr)
