"""One command line: Hydra's flags, and the overrides beside them."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.config.hydra_adapter import make_parser
from sweeps.config.messages import listed, nearest
from sweeps.errors import ConfigError


@dataclass(frozen=True)
class Command:
    """One command line.

    Attributes:
        program: What starts it: "python train.py".
        flags: Hydra's own flags; `flags.overrides` is everything else.
        parser: Hydra's argparse parser, which its help needs.
    """

    program: str
    flags: argparse.Namespace
    parser: argparse.ArgumentParser

    @property
    def overrides(self) -> list[str]:
        """Words that are not flags."""
        return list(self.flags.overrides)

    @property
    def multirun(self) -> bool:
        """Whether this is a sweep."""
        return bool(self.flags.multirun) or "hydra.mode=MULTIRUN" in self.overrides

    @property
    def runs(self) -> bool:
        """Whether anything is run, and not only shown."""
        flags = self.flags
        return not (flags.help or flags.hydra_help or flags.cfg or flags.info or flags.shell_completion)

    def sweeping(self) -> str:
        """Write the same command as a sweep."""
        return f"{self.program} -m {shlex.join(self.overrides)}"


def read_command(program: str, arguments: Sequence[str]) -> Command:
    """Parse a command line with Hydra's own parser; flags may stand anywhere.

    Raises:
        ConfigError: A flag is unknown, or contradicts another.
    """
    parser, known = make_parser()
    for word in arguments:
        name = word.split("=")[0]
        if name.startswith("-") and name != "--" and name not in known:
            _check_flag(name, known)
    try:
        flags, _ = parser.parse_known_intermixed_args(arguments)
    except argparse.ArgumentError as error:
        raise ConfigError(f"{error}; {program} --hydra-help lists the flags") from error
    if flags.experimental_rerun is not None:
        raise ConfigError("--experimental-rerun reads a pickle, which can run code; type from_run=<mlflow run id>")
    if flags.resolve and not (flags.cfg or flags.help):
        raise ConfigError("--resolve belongs to --cfg; type --cfg job --resolve")
    modes = {"--run": flags.run, "--multirun": flags.multirun, "--cfg": flags.cfg, "--info": flags.info}
    if sum(bool(given) for given in modes.values()) > 1:
        raise ConfigError(
            f"{listed([name for name, given in modes.items() if given], 'and')} are two commands; type one"
        )
    return Command(program, flags, parser)


def _check_flag(name: str, known: Sequence[str]) -> None:
    completed = [flag for flag in known if flag.startswith(name)]
    if name.startswith("--") and len(completed) == 1:
        return
    # Short flags may be joined or carry their value: -cjob.
    if not name.startswith("--") and any(name.startswith(flag) for flag in known if not flag.startswith("--")):
        return
    near = nearest(name, [flag for flag in known if flag.startswith("--")])
    raise ConfigError(f"{name}: no such flag; type {near or '--hydra-help for all flags'}")
