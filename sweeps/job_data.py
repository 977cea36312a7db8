"""The data of a command's jobs, read once for all jobs that share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from omegaconf import DictConfig, OmegaConf


class HasDigest(Protocol):
    """Data that was read."""

    @property
    def digest(self) -> str:
        """Digest of its content."""


@dataclass(frozen=True)
class JobData:
    """What a door knows of its jobs' data.

    Args:
        read: reads the data of a job's config; returns something that has a digest.
        errors: exceptions of `read` that say that the data cannot be used as asked.
        keys: of the config, dotted: jobs that have them alike share their data; none for all of the config.
        ignore: keys of a node among them that may differ all the same.
    """

    read: Callable[[DictConfig], HasDigest]
    errors: tuple[type[Exception], ...]
    keys: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def open(self) -> ReadData:
        """Begin a command, with nothing read."""
        return ReadData(self)

    def identity(self, config: DictConfig) -> str | None:
        """Return what two jobs have alike if they share their data; None for a job that only names another run."""
        if config.get("from_run") or config.get("resume"):
            return None
        nodes = [OmegaConf.select(config, key) for key in self.keys] or [config]
        ignore = (*self.ignore, "hydra", "sweep")
        return repr([_without(node, ignore) if isinstance(node, DictConfig) else node for node in nodes])


def _without(node: DictConfig, ignore: Sequence[str]) -> dict[str, object]:
    return {str(key): value for key, value in node.items() if key not in ignore}


@dataclass
class ReadData:
    """The data that one command has read.

    Attributes:
        digests: of the data, by its identity.
    """

    data: JobData
    digests: dict[str, str] = field(default_factory=dict)

    def check(self, configs: Sequence[DictConfig]) -> list[str | None]:
        """Read the data of every job, so that what is wrong with it shows before the first job.

        Returns:
            Why each job cannot be run; None where it can.

        Raises:
            Exception: one of `JobData.errors`, of a job that is not to be left out for it.
        """
        faults: dict[str | None, str] = {}
        for config in configs:
            identity = self.data.identity(config)
            if identity in faults:
                continue
            try:
                self.digest_of(config)
            except self.data.errors as error:
                if not config.sweep.get("skip_impossible"):
                    raise
                faults[identity] = str(error)
        return [faults.get(self.data.identity(config)) for config in configs]

    def digest_of(self, config: DictConfig) -> str:
        """Return the digest of a job's data; "" where the job only names another run."""
        identity = self.data.identity(config)
        if identity is None:
            return ""
        if identity not in self.digests:
            self.digests[identity] = self.data.read(config).digest
        return self.digests[identity]
