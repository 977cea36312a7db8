"""Runs that commit c958d88 tracked, before files moved, can still be repeated and gone on with.

Their configurations are in stored_by_c958d88/: of a job of a sweep, whose node `sweep` held the launcher's own keys,
and of a run on videos, which names a class that has moved since.
"""

from pathlib import Path

import pytest
from hydra.utils import get_class
from omegaconf import OmegaConf

from sweeps.runtime.job_context import JobContext
from sweeps.tracking.renamed import ALIASES, rename_targets
from sweeps.tracking.rerun import stored_config

STORED = Path(__file__).parent / "stored_by_c958d88"
INTERNAL = {"parent_run_id", "run_id", "job_name", "cell", "trial", "left_out"}


def keep(store, name, status):
    """Make a run that holds a stored configuration, as an earlier version left it."""
    run_id = store.client.create_run(store.experiment_id, run_name=name).info.run_id
    for file in ("config.yaml", "config.unresolved.yaml"):
        store.client.log_text(run_id, (STORED / f"{name}_{file}").read_text(), file)
    store.client.set_terminated(run_id, status)
    return run_id


def test_the_stored_node_sweep_holds_what_this_is_about():
    assert OmegaConf.load(STORED / "job_config.yaml").sweep.keys() > INTERNAL


@pytest.mark.slow
def test_a_job_of_an_earlier_sweep_is_repeated_without_the_launchers_keys(typist, store):
    done = typist.train(f"from_run={keep(store, 'job', 'FINISHED')} tracking.experiment=test progress=false")
    own = OmegaConf.load(done.store.client.download_artifacts(done.id, "config.yaml"))
    assert (own.model.hidden_size, own.datamodule.frames, own.trainer.max_epochs) == (8, 3000, 2)
    assert not INTERNAL & own.sweep.keys()
    assert "mlflow.parentRunId" not in done.run.data.tags


@pytest.mark.slow
def test_an_earlier_run_that_was_killed_goes_on(typist, store):
    whole = typist.train(f"from_run={keep(store, 'job', 'FINISHED')} tracking.experiment=test progress=false")
    run_id = keep(store, "job", "KILLED")
    folder = store.output_dir / "runs" / run_id
    folder.mkdir(parents=True)
    first = typist.train(
        f"from_run={keep(store, 'job', 'FINISHED')} trainer.max_epochs=1 tracking.experiment=test progress=false"
    )
    (folder / "last.ckpt").write_bytes((first.folder / "last.ckpt").read_bytes())
    (folder / "best.ckpt").write_bytes((first.folder / "best.ckpt").read_bytes())
    ended = typist.type(f"resume={run_id} tracking.experiment=test progress=false")
    assert (ended.status, ended.err) == (0, "")
    assert typist.done(run_id).run.data.metrics["test/accuracy"] == whole.run.data.metrics["test/accuracy"]


def test_a_class_that_has_moved_is_found_where_it_is_now(store):
    fresh = {"tracking": {"uri": store.uri, "experiment": "test"}, "output_dir": str(store.output_dir), "resume": None}
    cfg = OmegaConf.create({**fresh, "from_run": keep(store, "demo", "FINISHED")})
    stored, _ = stored_config(cfg, JobContext())
    assert stored.pose.tracker._target_ == "pose.trackers.single_person.BestPerson"
    assert "pose.trackers.best" not in OmegaConf.to_yaml(stored)


@pytest.mark.parametrize(("old", "new"), ALIASES.items())
def test_an_alias_leads_from_a_name_that_is_gone_to_one_that_is_there(old, new):
    get_class(new)
    with pytest.raises(Exception, match="Error"):
        get_class(old)


def test_targets_in_lists_and_dicts_are_renamed_and_interpolations_stay():
    [(old, new), *_] = ALIASES.items()
    stored = {"a": [{"_target_": old}, 1], "b": {"_target_": old, "c": "${a}"}, "d": "???", "e": {"_target_": None}}
    assert rename_targets(stored) == {
        "a": [{"_target_": new}, 1],
        "b": {"_target_": new, "c": "${a}"},
        "d": "???",
        "e": {"_target_": None},
    }
