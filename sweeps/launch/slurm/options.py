"""The keys of conf/hydra/launcher/slurm.yaml, and what submitit makes an sbatch script of."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from sweeps.config.schema import PROJECT_ROOT
from sweeps.errors import ConfigError

if TYPE_CHECKING:
    from submitit import SlurmExecutor

# Set by sbatch and srun for the job that a driver may itself be in; they would change what its jobs get.
_OF_A_JOB = ("SLURM_", "SLURMD_", "SRUN_", "SBATCH_", "SUBMITIT_")
_OF_THE_CLUSTER = ("SLURM_CONF", "SLURM_JWT")


@dataclass(frozen=True)
class SlurmOptions:
    """The keys of conf/hydra/launcher/slurm.yaml, which explains them."""

    gpus: int | None = None
    cpus_per_task: int = 1
    mem_gb: float | None = 4.0
    timeout_min: int = 240
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    array_parallelism: int = 256
    max_num_timeout: int = 20
    signal_delay_s: int = 120
    setup: Sequence[str] = ()
    additional_parameters: Mapping[str, Any] | None = None
    comment: str | None = None
    detach: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> SlurmOptions:
        """Take what Hydra hands over.

        Raises:
            ConfigError: a value makes no sense, or there is no Slurm here.
        """
        options = cls(**OmegaConf.to_container(OmegaConf.create(dict(given)), resolve=True))  # type: ignore[arg-type]
        least = {
            "cpus_per_task": 1,
            "timeout_min": 1,
            "array_parallelism": 1,
            "max_num_timeout": 0,
            "signal_delay_s": 1,
        }
        for key, value in least.items():
            if not isinstance(getattr(options, key), int) or getattr(options, key) < value:
                raise ConfigError(
                    f"hydra.launcher.{key}={getattr(options, key)}: give a whole number from {value} upwards"
                )
        if options.signal_delay_s >= 60 * options.timeout_min:
            raise ConfigError(
                f"hydra.launcher.signal_delay_s={options.signal_delay_s} is as long as a job may take; give less than "
                f"{60 * options.timeout_min}, or more hydra.launcher.timeout_min"
            )
        for command in ("sbatch", "srun", "squeue", "scancel"):
            if shutil.which(command) is None:
                raise ConfigError(
                    f"hydra/launcher=slurm: there is no {command} here; type it on a machine of the cluster, or type "
                    "hydra/launcher=local"
                )
        return options

    def executor(self, folder: Path, name: str, parallelism: int) -> SlurmExecutor:
        """Make submitit's executor.

        Args:
            folder: for scripts, pickles and what a job says before its log is open.
            name: of the jobs in Slurm.
            parallelism: jobs of an array that run at once.
        """
        from submitit import SlurmExecutor

        executor = SlurmExecutor(folder, max_num_timeout=self.max_num_timeout)
        # Jobs import this repository wherever the command was typed, also where a cluster hands no environment on.
        path = f"export PYTHONPATH={shlex.quote(str(PROJECT_ROOT))}${{PYTHONPATH:+:$PYTHONPATH}}"
        wanted = {
            "job_name": name,
            "gpus_per_node": self.gpus or None,
            "cpus_per_task": self.cpus_per_task,
            "mem": f"{round(self.mem_gb * 1024)}MB" if self.mem_gb else None,
            "time": self.timeout_min,
            "partition": self.partition,
            "account": self.account,
            "qos": self.qos,
            "constraint": self.constraint,
            "comment": self.comment,
            "array_parallelism": parallelism,
            "signal_delay_s": self.signal_delay_s,
            "setup": [path, *self.setup],
            # srun has not taken it over from sbatch since Slurm 22.05
            "srun_args": [f"--cpus-per-task={self.cpus_per_task}"],
            # Slurm requeues at preemption only what may be; sbatch's default is the cluster's
            "additional_parameters": {"requeue": True, **(self.additional_parameters or {})},
        }
        executor.update_parameters(**{key: value for key, value in wanted.items() if value is not None})
        return executor


@contextlib.contextmanager
def outside_any_job() -> Iterator[None]:
    """Hide from sbatch that this process may be in a Slurm job itself."""
    inside = "SLURM_JOB_ID" in os.environ
    names = [key for key in os.environ if key.startswith(_OF_A_JOB) and key not in _OF_THE_CLUSTER]
    hidden = {key: os.environ.pop(key) for key in names if inside}
    try:
        yield
    finally:
        os.environ.update(hidden)
