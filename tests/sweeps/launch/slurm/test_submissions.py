"""What is handed to Slurm, without a Slurm: sbatch is a stand-in that says yes."""

import re
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from sweeps.errors import ConfigError
from sweeps.launch import submissions
from sweeps.launch.job import Job, State
from sweeps.launch.slurm.driver import Driver
from sweeps.launch.slurm.options import SlurmOptions, outside_any_job
from sweeps.runtime.job_context import JobContext
from tests.conftest import ROOT
from tests.sweeps.launch.slurm.conftest import compose_launcher

GOLDEN = Path(__file__).parent / "golden"
ALL = (
    "hydra.launcher.partition=gpu",
    "hydra.launcher.account=my lab",
    "hydra.launcher.qos=long",
    "hydra.launcher.constraint=a100",
    "hydra.launcher.comment=why not",
    "hydra.launcher.array_parallelism=2",
    'hydra.launcher.setup=["module load cuda"]',
    "hydra.launcher.additional_parameters={mail-type: END}",
    "trainer.devices=2",
)


@pytest.fixture
def slurm_tools(tmp_path, monkeypatch):
    """Stand-ins: sbatch numbers what it gets from 7, or refuses it; the others say nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("srun", "squeue", "scancel"):
        (folder / name).write_text("#!/bin/sh\n")
    (folder / "sbatch").write_text(
        "#!/bin/sh\nenv | grep ^SLURM_ > SEEN\necho Submitted batch job 7\n".replace("SEEN", str(tmp_path / "seen"))
    )
    for file in folder.iterdir():
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def jobs_of(folder, count):
    folder.mkdir(parents=True, exist_ok=True)
    config, context = OmegaConf.create(), JobContext(cell=("c", "any"))
    return [Job(number, config, context, f"cell{number}", folder / f"{number + 1}.log") for number in range(count)]


def submit(tmp_path, options, count=3):
    driver = Driver(options, tmp_path / "record.json", lambda job: b"order", "ablation")
    return driver, driver.submit(jobs_of(tmp_path / "sweep", count))


def script(tmp_path):
    """The script that sbatch got, without what differs from one machine, or time, to another."""
    text = (tmp_path / "sweep/slurm/7_submission.sh").read_text()
    text = re.sub(r"\S*bin/python\S*", "PYTHON", text.replace(str(ROOT), "ROOT").replace(str(tmp_path), "OUTPUTS"))
    return re.sub(r"(ablation)-[0-9a-f]{8}", r"\1-BATCH", text)


@pytest.mark.parametrize(
    ("name", "choices", "count"),
    [("gpu", ("hydra/launcher=slurm_gpu", *ALL), 3), ("plain", ("hydra/launcher=slurm",), 1)],
)
def test_the_script_is_the_one_that_was_looked_at(slurm_tools, tmp_path, name, choices, count):
    options = SlurmOptions.of(compose_launcher(*choices))
    submit(tmp_path, options, count)
    assert script(tmp_path) == (GOLDEN / f"{name}.sbatch").read_text()


def test_what_is_handed_over_is_written_down_first(slurm_tools, tmp_path):
    options = SlurmOptions.of({})
    (slurm_tools / "sbatch").write_text(f"#!/bin/sh\ncp {tmp_path}/record.json {tmp_path}/before.json\necho job 7\n")
    _, ids = submit(tmp_path, options)
    [before], [after] = (submissions.read(tmp_path / name) for name in ("before.json", "record.json"))
    assert before.job_id is None
    assert re.fullmatch(r"ablation-[0-9a-f]{8}", before.name)
    assert (after.name, after.tasks, after.ids()) == (before.name, before.tasks, ids)
    assert ids == ["7_0", "7_1", "7_2"]
    assert [task.cell for task in after.tasks] == ["cell0", "cell1", "cell2"]


def test_more_jobs_than_an_array_holds_are_several_which_share_what_may_run_at_once(slurm_tools, tmp_path, monkeypatch):
    monkeypatch.setattr("sweeps.launch.slurm.driver._ARRAY", 2)
    _, ids = submit(tmp_path, SlurmOptions.of({"array_parallelism": 5}), 3)
    assert ids == ["7_0", "7_1", "7"]
    submit(tmp_path / "b", SlurmOptions.of({"array_parallelism": 5}), 4)
    assert "--array=0-1%2" in (tmp_path / "b/sweep/slurm/7_submission.sh").read_text()


def test_a_refusal_is_one_line_and_leaves_no_record(slurm_tools, tmp_path):
    refusal = "sbatch: error: invalid partition specified: gpuu\nsbatch: error: Batch job submission failed"
    (slurm_tools / "sbatch").write_text(f"#!/bin/sh\necho '{refusal}' >&2\nexit 1\n")
    with pytest.raises(ConfigError, match="Slurm refuses the jobs: invalid partition specified: gpuu Batch job"):
        submit(tmp_path, SlurmOptions.of({"partition": "gpuu"}))
    assert submissions.read(tmp_path / "record.json") == []


def test_a_driver_within_a_job_hands_nothing_of_it_on(slurm_tools, tmp_path, monkeypatch):
    for name, value in {
        "SLURM_JOB_ID": "3",
        "SLURM_MEM_PER_NODE": "9",
        "SLURM_CONF": "/x",
        "SBATCH_ACCOUNT": "a",
    }.items():
        monkeypatch.setenv(name, value)
    submit(tmp_path, SlurmOptions.of({}))
    assert (tmp_path / "seen").read_text().splitlines() == ["SLURM_CONF=/x"]
    monkeypatch.delenv("SLURM_JOB_ID")
    with outside_any_job():
        import os

        assert os.environ["SBATCH_ACCOUNT"] == "a"  # the user's own choice


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"timeout_min": 0}, "hydra.launcher.timeout_min=0: give a whole number from 1 upwards"),
        ({"cpus_per_task": "two"}, "hydra.launcher.cpus_per_task=two: give a whole number from 1 upwards"),
        ({"timeout_min": 2}, "hydra.launcher.signal_delay_s=120 is as long as a job may take; give less than 120"),
    ],
)
def test_values_that_make_no_sense_are_told(slurm_tools, given, told):
    with pytest.raises(ConfigError, match=re.escape(told)):
        SlurmOptions.of(given)


def test_a_machine_without_slurm_is_told_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        ConfigError, match="there is no sbatch here; type it on a machine of the cluster, or type hydra/l"
    ):
        SlurmOptions.of({})


@pytest.mark.slow
def test_a_batch_whose_driver_died_at_once_is_found_by_its_name(cluster, tmp_path):
    cluster.ask("sbatch", "--job-name=x-12345678", "--array=0-1", "--output=/dev/null", "--wrap=sleep 60")
    jobs = jobs_of(tmp_path / "sweep", 2)
    record = tmp_path / "record.json"
    tasks = tuple(submissions.Task(job.cell, "any", str(job.log)) for job in jobs)
    submissions.write(record, [submissions.Batch("x-12345678", str(tmp_path), tasks)])
    first, second = submissions.living(record)
    assert (first.partition("_")[2], second.partition("_")[2]) == ("0", "1")
    (tmp_path / f"{first}_submitted.pkl").touch()  # it did not get as far as handing over the second one's content
    driver = Driver(SlurmOptions.of({}), record, lambda job: b"order", "x")
    assert driver.attach(jobs) == [first]
    assert [job.state for job in jobs] == [State.WAITING] * 2
    driver.cancel_all()
    assert submissions.living(record) == []
