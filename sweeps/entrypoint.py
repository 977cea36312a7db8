"""What makes a script of a function: hydra.main, but every mistake is one line, before anything is written."""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import inspect
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from hydra import version
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig

from sweeps.config import schema
from sweeps.config.command_line import read_command
from sweeps.config.hydra_adapter import ConfigLoaderImpl, Hydra, create_config_search_path, run_and_report, show
from sweeps.config.impossible_jobs import drop_impossible
from sweeps.config.limits import Limits
from sweeps.config.messages import one_line
from sweeps.config.preflight import preflight
from sweeps.config.unused_keys import ComposedJob
from sweeps.errors import ConfigError
from sweeps.job_data import JobData
from sweeps.launch.task import Task, accept_context

VERSION_BASE = "1.3"
CONF = schema.PROJECT_ROOT / "conf"
INTERRUPTED = 130  # what a shell gives a command that Ctrl-C ended

# Python looks through all objects several times as it ends: seconds, with torch and mlflow imported, for nothing.
atexit.register(gc.freeze)

P = ParamSpec("P")
R = TypeVar("R")


def entrypoint(
    config_name: str,
    *,
    limits: Limits,
    data: JobData | None = None,
    expected_errors: tuple[type[Exception], ...] = (),
    short: Mapping[str, str] = MappingProxyType({}),
) -> Callable[[Callable[..., Any]], Callable[[], None]]:
    """Make a function of a config, and of a `JobContext` if it asks for one, the entry point of a script.

    As hydra.main does; but before Hydra takes over, the command line is composed and checked, each job of a sweep too.
    A mistake is one line on stderr, `error: ...`, and exit status 1; nothing is written. Ctrl-C is one line and exit
    status 130. Other exceptions of the function keep their traceback. HYDRA_FULL_ERROR=1 shows the traceback of
    mistakes as well.

    Args:
        config_name: The root in conf/: "train".
        limits: What the rooms say about their arguments.
        data: Of the jobs. That of a sweep is read before its first job, for what only the data can tell.
        expected_errors: Exceptions of the function whose message is for the user: one line, no traceback. ConfigError
            always is.
        short: What may be typed for a key: {"sweep": "sweep.name"}, where conf/ also has a group of that name.

    Returns:
        The decorator; the undecorated function stays at `__wrapped__`.
    """
    expected: tuple[type[Exception], ...] = (ConfigError, *expected_errors)

    def decorate(function: Callable[..., Any]) -> Callable[[], None]:
        command = _EntryPoint(function, config_name, limits, data, expected, short)

        @functools.wraps(function)
        def main() -> None:
            try:
                with _own_logging():
                    _exit_on(command.run, expected, limits)()
            except KeyboardInterrupt:
                print("interrupted", file=sys.stderr)
                raise SystemExit(INTERRUPTED) from None

        return main

    return decorate


@dataclass(frozen=True)
class _EntryPoint:
    """What `entrypoint` was given."""

    function: Callable[..., Any]
    config_name: str
    limits: Limits
    data: JobData | None
    expected_errors: tuple[type[Exception], ...]
    short: Mapping[str, str]

    def run(self) -> None:
        """Check the command line in sys.argv, and do what it says."""
        script = Path(inspect.getfile(self.function))
        task = Task(accept_context(self.function), self.expected_errors, self.limits)
        command = read_command(f"python {script.name}", [self._in_full(word) for word in sys.argv[1:]])
        flags = command.flags
        config_name = flags.config_name or self.config_name
        schema.register()
        version.setbase(VERSION_BASE)
        try:
            hydra = _start_hydra(script.stem, flags.config_path, flags.config_dir)
            shows = flags.hydra_help or flags.shell_completion
            jobs = [] if shows else preflight(_loader(hydra), config_name, command, self.limits)
            if command.runs and command.multirun:
                self._sweep(hydra, config_name, task, command.overrides, jobs)
            elif command.runs:
                self._run(hydra, config_name, task, command.overrides, jobs[0].config)
        finally:
            GlobalHydra.instance().clear()
        if not command.runs:
            try:
                show(flags, command.parser, task, flags.config_path or str(CONF), config_name)
            except HydraException as error:
                raise ConfigError(str(error)) from error

    def _in_full(self, word: str) -> str:
        key, equals, value = word.partition("=")
        return f"{self.short.get(key, key)}{equals}{value}"

    def _sweep(
        self, hydra: Hydra, config_name: str, task: Task, overrides: Sequence[str], jobs: Sequence[ComposedJob]
    ) -> None:
        """Run the jobs as hydra.main does; run_and_report cuts Hydra's own frames out of a traceback."""
        if self.data is not None:
            data = self.data.open()
            reasons = [why and self.limits.in_keys(why) for why in data.check([job.config for job in jobs])]
            fewer, left_out = drop_impossible([job.overrides for job in jobs], reasons)
            overrides = [*overrides, *fewer]
            for line in left_out:
                print(f"left out: {line}")
            task = replace(task, digest_of=data.digest_of, left_out=tuple(left_out))
        sweep = functools.partial(hydra.multirun, config_name, task, [*overrides, "hydra.mode=MULTIRUN"])
        run_and_report(_exit_on(sweep, self.expected_errors, self.limits))

    def _run(self, hydra: Hydra, config_name: str, task: Task, overrides: Sequence[str], config: DictConfig) -> None:
        """Run one job as hydra.main does; a mistake takes the output folder with it, if it was new."""
        folder = Path(config.get("output_dir", "."))
        new = [path for path in (folder, *folder.parents) if not path.exists()]
        # Printed inside, before Hydra writes a line of its own.
        job = _exit_on(task, self.expected_errors, self.limits)
        try:
            run_and_report(functools.partial(hydra.run, config_name, job, [*overrides, "hydra.mode=RUN"]))
        except SystemExit as end:
            if isinstance(end.__cause__, self.expected_errors):
                for path in new:
                    with contextlib.suppress(OSError):  # not empty, or never made
                        path.rmdir()
            raise


@contextlib.contextmanager
def _own_logging() -> Iterator[None]:
    """Take Hydra's log handlers off again: they hold this command's stdout, which a test or a notebook closes."""
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        yield
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)


def _start_hydra(job_name: str, config_path: str | None, config_dir: str | None) -> Hydra:
    folder = CONF if config_path is None else Path(config_path).absolute()
    for given in (folder, config_dir):
        if given is not None and not Path(given).is_dir():
            raise ConfigError(f"{given}: no such folder; type the path of a folder with config files")
    search_path = create_config_search_path(str(folder))
    if config_dir is not None:
        path = f"file://{Path(config_dir).absolute()}"
        search_path.prepend("command-line", path, anchor=SearchPathQuery(provider="schema"))
    GlobalHydra.instance().clear()  # of a caller in the same process, as a notebook or a test
    return Hydra.create_main_hydra2(job_name, search_path)


def _loader(hydra: Hydra) -> ConfigLoaderImpl:
    loader = hydra.config_loader
    if not isinstance(loader, ConfigLoaderImpl):
        raise TypeError(
            f"Hydra loads with {type(loader).__name__}: sweeps/config/preflight.py knows ConfigLoaderImpl only"
        )
    return loader


def _exit_on(function: Callable[P, R], expected_errors: tuple[type[Exception], ...], limits: Limits) -> Callable[P, R]:
    """Wrap a function so that expected errors end the process with one line, arguments in it as keys, and status 1."""
    caught: tuple[type[Exception], ...] = (InstantiationException, *expected_errors)

    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except caught as error:
            # Hydra wraps what the constructor of an option raises.
            mistake = error.__cause__ if isinstance(error, InstantiationException) else error
            if not isinstance(mistake, expected_errors):
                raise
            if os.environ.get("HYDRA_FULL_ERROR") == "1":
                raise
            print(f"error: {one_line(limits.in_keys(str(mistake)))}", file=sys.stderr)
            raise SystemExit(1) from mistake

    return wrapped
