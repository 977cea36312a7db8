"""What a launcher costs: the same sweeps of train.py, tracked, by every launcher at its best number of threads.

    python -m benchmarks.sweeps [--rounds 1] [--only long|short|start|gpu]

Hydra's joblib and submitit launchers are measured where they are installed: `pip install --no-deps --target DIR
hydra-joblib-launcher hydra-submitit-launcher`, then `PYTHONPATH=DIR python -m benchmarks.sweeps`. (In the environment
itself every start of Hydra would look at them too.) Each time is that of the whole command, as a user waits for it.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from omegaconf import OmegaConf

from sweeps.tracking.store import Store, open_store

ROOT = Path(__file__).parents[1]
JOBS = 8
SEEDS = f"seed={','.join(map(str, range(JOBS)))}"
# Of the paper's network: about 20 s and 2 s a job alone on two cores without a GPU.
LONG = ["trainer=cpu", "trainer.max_epochs=30"]
SHORT = ["trainer=cpu", "trainer.max_epochs=6", "datamodule.frames=8000"]
PLUGINS = {"joblib": "hydra_plugins.hydra_joblib_launcher", "submitit_local": "hydra_plugins.hydra_submitit_launcher"}
OPTIONS = {
    "local": [],
    "basic": [],
    "joblib": ["hydra.launcher.n_jobs=2"],
    "submitit_local": ["hydra.launcher.timeout_min=60"],
}


class Bench:
    """Runs sweeps that write to one folder and one store.

    Args:
        folder: to write to.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        tracking = OmegaConf.create({"uri": f"sqlite:///{folder}/mlflow.db", "experiment": "action-recognition"})
        self.store: Store = open_store(tracking, folder)  # made before anything is timed
        self.count = 0

    def sweep(self, launcher: str, words: Sequence[str], threads: int | None) -> tuple[float, list[float]]:
        """Run a sweep.

        Returns:
            Seconds of the whole command, and of each job's run in MLflow.
        """
        self.count += 1
        name = f"bench{self.count}"
        command = [sys.executable, "-W", "ignore", "train.py", "-m", f"hydra/launcher={launcher}", *OPTIONS[launcher]]
        command += [*words, f"output_dir={self.folder}", f"sweep.name={name}", "progress=false"]
        command += [f"num_threads={threads}"] if threads else []
        known = {run.info.run_id for run in self._finished()}
        begin = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        seconds = time.perf_counter() - begin
        runs = [run for run in self._finished() if run.info.run_id not in known and "cell" in run.data.tags]
        if done.returncode or len(runs) != JOBS:
            raise RuntimeError(f"{launcher}: {len(runs)} of {JOBS} jobs finished\n{done.stderr[-2000:]}")
        return seconds, [(run.info.end_time - run.info.start_time) / 1000 for run in runs]

    def _finished(self) -> list:
        found, token = [], None
        while True:
            page = self.store.client.search_runs(
                [self.store.experiment_id], "attributes.status = 'FINISHED'", max_results=1000, page_token=token
            )
            found += page
            token = page.token
            if not token:
                return found

    def start_ups(self) -> list[float]:
        """Seconds from the fork of each job's process until it does what it is there for, in the order of the jobs."""
        words = ["-m", SEEDS, "hydra.launcher.n_jobs=1", f"output_dir={self.folder}", "sweep.name=start_up"]
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.start_up", *words]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return [float(Path(self.folder, f"start_{seed}.txt").read_text()) for seed in range(JOBS)]


def installed() -> list[str]:
    """The launchers that can be measured here."""
    return [name for name in OPTIONS if name not in PLUGINS or importlib.util.find_spec(PLUGINS[name])]


def compare(bench: Bench, words: Sequence[str], launchers: Sequence[str], rounds: int) -> None:
    """Print each launcher's best seconds, and the ratio of local to it."""
    times: dict[str, dict[str, list[float]]] = {name: {} for name in launchers}
    for _ in range(rounds):
        for name in launchers:
            # local shares the cores out itself; the others leave that to the user, who may try both
            for threads in (None,) if name == "local" else (1, 2):
                seconds, jobs = bench.sweep(name, [*words, SEEDS], threads)
                told = f"{threads} threads" if threads else "its own choice"
                times[name].setdefault(told, []).append(seconds)
                print(f"  {name:15} {told:15} {seconds:7.1f} s; a job {statistics.median(jobs):5.1f} s", flush=True)
    best = {name: min(statistics.median(tried) for tried in by_threads.values()) for name, by_threads in times.items()}
    for name in launchers:
        if name != "local":
            print(f"local over {name}: {best['local'] / best[name]:.3f}", flush=True)


def on_one_gpu(bench: Bench) -> None:
    """Print 16 jobs on one card side by side over the same one after another."""
    if not torch.cuda.is_available():
        print("16 jobs on one GPU: no GPU here")
        return
    words = [*LONG, "trainer=gpu", "hydra.launcher.memory_per_job=0", "datamodule.seed=0,1"]
    times = [
        bench.sweep("local", [*words, SEEDS, f"hydra.launcher.jobs_per_gpu={side_by_side}"], None)[0]
        for side_by_side in (16, 1)
    ]
    print(f"16 jobs on one GPU, side by side over one after another: {times[0] / times[1]:.3f}")


def main() -> None:
    """Prints all ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=("long", "short", "start", "gpu"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder)
        if args.only in (None, "start"):
            seconds = bench.start_ups()
            print("fork to the job's function: " + " ".join(f"{each:.2f}" for each in seconds) + " s")
            print(f"start-up of jobs 2-{JOBS}: at most {max(seconds[1:]):.2f} s (aim 0.5)", flush=True)
        if args.only in (None, "short"):
            print(f"{JOBS} short jobs; local is to take at most 0.4 of joblib and of submitit_local")
            compare(bench, SHORT, installed(), args.rounds)
        if args.only in (None, "long"):
            print(f"{JOBS} trainings of at least 20 s; local is to take at most 0.75 of basic")
            compare(bench, LONG, [name for name in installed() if name in ("local", "basic")], args.rounds)
        if args.only in (None, "gpu"):
            on_one_gpu(bench)


if __name__ == "__main__":
    main()
