"""What an entry point does with a command line that is right, and with what the function behind it raises."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from sweeps.entrypoint import entrypoint
from sweeps.errors import ConfigError
from sweeps.job_data import JobData
from sweeps.runtime.job_context import JobContext
from tests.sweeps.config.typed import Keyboard
from train import LIMITS

ROOT = Path(__file__).resolve().parents[2]
BASIC = "-m hydra/launcher=basic"
JOBS: list[DictConfig] = []
CONTEXTS: list[JobContext] = []
READ: list[DictConfig] = []


class BadDataError(Exception):
    """What the user can mend."""


@dataclass
class Data:
    digest: str


def read(cfg: DictConfig) -> Data:
    READ.append(cfg)
    if cfg.seed == 13:
        raise BadDataError("seed=13: nothing is left\nto train on")
    if cfg.seed == 18:
        raise BadDataError("the data has no number 18")
    return Data(f"digest {cfg.seed}")


@entrypoint("train", limits=LIMITS, data=JobData(read, errors=(BadDataError,)), expected_errors=(BadDataError,))
def main(cfg: DictConfig, job: JobContext) -> float:
    """One job."""
    JOBS.append(cfg)
    CONTEXTS.append(job)
    if cfg.seed == 11:
        raise RuntimeError("unforeseen")
    if cfg.seed == 12:
        raise BadDataError("seed=12: too few\nwindows")
    if cfg.seed == 14:
        raise KeyboardInterrupt
    if cfg.seed == 15:
        raise ConfigError("seed=15: taken; type seed=16")
    if cfg.seed == 17:
        (Path(cfg.output_dir) / "kept").touch()
        raise BadDataError("too late")
    return float(cfg.seed)


@pytest.fixture
def keyboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Keyboard:
    JOBS.clear()
    CONTEXTS.clear()
    READ.clear()
    return Keyboard(tmp_path, monkeypatch, capsys)


def test_one_run_gets_what_was_typed(keyboard: Keyboard):
    ended = keyboard.type(main, "optimizer=sgd optimizer.lr=0.5 datamodule/split=clip seed=3")
    assert (ended.status, ended.err) == (0, "")
    (cfg,) = JOBS
    assert cfg.optimizer._target_ == "torch.optim.SGD"
    assert (cfg.optimizer.lr, cfg.datamodule.split.protocol, cfg.seed) == (0.5, "clip", 3)
    assert "hydra" not in cfg
    assert keyboard.written() == ["outputs"]  # Hydra's own files are off: the configuration is kept with the run


def test_a_sweep_runs_every_job_after_one_check_of_all(keyboard: Keyboard):
    ended = keyboard.type(main, f"{BASIC} optimizer=adam,sgd seed=0,1 model.num_layers=2")
    assert ended.status == 0
    seen = [(cfg.optimizer._target_, cfg.seed, cfg.model.num_layers) for cfg in JOBS]
    assert seen == [(f"torch.optim.{name}", seed, 2) for name in ("Adam", "SGD") for seed in (0, 1)]
    assert [OmegaConf.to_container(cfg) for cfg in READ] == [OmegaConf.to_container(cfg) for cfg in JOBS]
    assert [job.overrides for job in CONTEXTS] == [
        (f"optimizer={name}", f"seed={seed}", "model.num_layers=2") for name in ("adam", "sgd") for seed in (0, 1)
    ]


def test_a_sweep_is_made_without_the_values_that_the_check_refuses_and_says_so(keyboard: Keyboard):
    ended = keyboard.type(main, f"{BASIC} seed=1,18,2 optimizer=adam,sgd sweep.skip_impossible=true")
    assert (ended.status, ended.out.splitlines()[0]) == (0, "left out: seed=18: the data has no number 18")
    assert [(cfg.seed, cfg.optimizer._target_) for cfg in JOBS] == [
        (seed, f"torch.optim.{name}") for seed in (1, 2) for name in ("Adam", "SGD")
    ]
    assert all(job.left_out == ("seed=18: the data has no number 18",) for job in CONTEXTS)
    assert all(job.expected_errors == (ConfigError, BadDataError) for job in CONTEXTS)  # what launchers hand on


def test_a_sweep_of_nothing_but_refused_values_is_a_mistake(keyboard: Keyboard):
    ended = keyboard.type(main, f"{BASIC} seed=18 optimizer=adam,sgd sweep.skip_impossible=true")
    assert (ended.status, ended.err) == (1, "error: the data has no number 18\n")
    assert not JOBS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "jobs"),
    [
        ("+sweep=optimizers", [(name, seed) for name in ("RMSprop", "Adam") for seed in range(10)]),
        ("+sweep=optimizers seed=7", [("RMSprop", 7), ("Adam", 7)]),
        (
            "'optimizer=glob(*,exclude=adam*)' 'seed=range(1,3)'",
            [("RMSprop", 1), ("RMSprop", 2), ("SGD", 1), ("SGD", 2)],
        ),
        ("optimizer=sgd,rmsprop 'optimizer.momentum=choice(0.5)'", [("SGD", 0), ("RMSprop", 0)]),
    ],
)
def test_the_jobs_that_are_checked_are_those_that_run(keyboard: Keyboard, command: str, jobs: list[tuple[str, int]]):
    assert keyboard.type(main, f"{BASIC} {command}").status == 0
    for cfgs in (JOBS, READ):
        assert [(cfg.optimizer._target_.rpartition(".")[2], cfg.seed) for cfg in cfgs] == jobs
    assert [OmegaConf.to_container(cfg) for cfg in READ] == [OmegaConf.to_container(cfg) for cfg in JOBS]


def test_a_preset_is_checked_with_what_it_sets(keyboard: Keyboard):
    assert keyboard.type(main, "experiment=paper").status == 0
    assert (JOBS[0].datamodule.split.protocol, JOBS[0].trainer.max_epochs) == ("window", 200)


def test_flags_may_stand_anywhere(keyboard: Keyboard):
    assert keyboard.type(main, f"seed=1,2 {BASIC} optimizer=sgd").status == 0
    assert [cfg.seed for cfg in JOBS] == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("--help", "== Configuration groups =="),
        ("--hydra-help", "Hydra ("),
        ("--version", "Hydra 1.3"),
        ("--cfg job", "datamodule:"),
        ("optimizer=sgd --cfg job -p optimizer", "torch.optim.SGD"),
        ("--cfg job --resolve", "stride: 9"),
        ("--cfg hydra", "launcher:"),
        ("--info searchpath", "Config search path"),
        ("--info defaults", "datamodule/synthetic"),
        ("-cd own --info config", "datamodule:"),
    ],
)
def test_what_only_shows_something_is_hydras_own(keyboard: Keyboard, command: str, shown: str):
    (keyboard.folder / "own").mkdir()
    ended = keyboard.type(main, command)
    assert (ended.status, ended.err) == (0, "")
    assert shown in ended.out
    assert not JOBS
    assert keyboard.written() == ["own"]


def test_a_config_is_shown_with_what_is_missing_or_wrong_in_it(keyboard: Keyboard):
    assert "path: ???" in keyboard.type(main, "--cfg job datamodule=pyskl").out
    assert (
        keyboard.type(main, "--cfg job optimizr=adam").err == "error: optimizr=adam: no such key; type optimizer=adam\n"
    )


def test_the_shell_is_told_what_could_come_next(keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COMP_LINE", "python train.py optimizer=")
    monkeypatch.setenv("COMP_POINT", str(len("python train.py optimizer=")))
    assert "optimizer=rmsprop" in keyboard.type(main, "-sc query=bash").out


@pytest.mark.parametrize(
    ("seed", "line"),
    [(12, "error: seed=12: too few windows\n"), (15, "error: seed=15: taken; type seed=16\n")],
)
def test_what_the_run_tells_is_one_line_and_leaves_nothing(keyboard: Keyboard, seed: int, line: str):
    ended = keyboard.type(main, f"seed={seed} output_dir={keyboard.folder}/new/outputs")
    assert (ended.status, ended.out, ended.err) == (1, "", line)
    assert keyboard.written() == []


def test_what_was_there_before_a_mistake_stays(keyboard: Keyboard):
    (keyboard.folder / "outputs").mkdir()
    keyboard.type(main, "seed=12")
    assert keyboard.written() == ["outputs"]


def test_a_late_mistake_leaves_what_was_made(keyboard: Keyboard):
    assert keyboard.type(main, "seed=17").err == "error: too late\n"
    assert keyboard.written() == ["outputs", "outputs/kept"]


def test_what_the_check_tells_stops_the_sweep_before_its_first_job(keyboard: Keyboard):
    ended = keyboard.type(main, "-m seed=1,13")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == "error: seed=13: nothing is left to train on\n"
    assert not JOBS
    assert keyboard.written() == []


def test_what_a_job_of_a_sweep_tells_has_no_traceback(keyboard: Keyboard):
    ended = keyboard.type(main, f"{BASIC} seed=12,1")
    assert ended.status == 1
    assert ended.err.splitlines()[-1] == "error: seed=12: too few windows"
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("mode", ["", BASIC])
def test_what_nobody_foresaw_keeps_its_traceback(keyboard: Keyboard, mode: str):
    ended = keyboard.type(main, f"{mode} seed=11")
    assert ended.status == 1
    assert "Traceback (most recent call last)" in ended.err
    assert 'raise RuntimeError("unforeseen")' in ended.err


@pytest.mark.parametrize("mode", ["", BASIC])
def test_an_interrupt_is_one_line_and_status_130(keyboard: Keyboard, mode: str):
    ended = keyboard.type(main, f"{mode} seed=14")
    assert ended.status == 130
    assert ended.err == "interrupted\n"


def test_a_mistake_keeps_its_traceback_for_who_asks(keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(ConfigError):
        keyboard.type(main, "optimizr=adam")
    with pytest.raises(BadDataError):
        keyboard.type(main, "seed=12")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["seed=1", "seed=11", "optimizr=adam", f"{BASIC} seed=1", "--cfg job"])
def test_a_command_leaves_the_process_as_it_was(keyboard: Keyboard, command: str):
    import logging

    handlers, level = logging.root.handlers[:], logging.root.level
    keyboard.type(main, command)
    assert not GlobalHydra.instance().is_initialized()
    assert (logging.root.handlers, logging.root.level) == (handlers, level)
    assert keyboard.type(main, "seed=2").status == 0


def test_the_function_itself_stays_at_hand(keyboard: Keyboard):
    task = main.__wrapped__
    assert task(OmegaConf.create({"seed": 4}), JobContext()) == 4.0
    assert (main.__name__, main.__doc__) == ("main", "One job.")


def test_ctrl_c_ends_a_script_in_one_line(tmp_path: Path):
    script = Path(__file__).with_name("sleeping_script.py")
    process = subprocess.Popen(
        [sys.executable, str(script), f"output_dir={tmp_path}/out"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "interrupted\n")


def test_the_check_of_a_good_command_takes_little_time(keyboard: Keyboard):
    from sweeps.config import schema
    from sweeps.config.command_line import read_command
    from sweeps.config.hydra_adapter import make_loader
    from sweeps.config.preflight import preflight

    schema.register()
    loader = make_loader(ROOT / "conf")
    seconds = []
    for _ in range(3):
        start = time.process_time()  # not the clock on the wall: other work on the machine is not the check's
        preflight(loader, "train", read_command("python train.py", ["optimizer=sgd", "optimizer.lr=0.1"]), LIMITS)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.4
