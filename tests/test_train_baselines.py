"""Real runs of train.py with models of scikit-learn: what any other run leaves, but for what they do not have."""

import shlex

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir

import train
from sweeps.config import schema
from sweeps.tracking.params import flat_params, run_name
from tests.helpers import BASELINES, CONF, LITTLE, LITTLE_DATA, SPEEDS

PROBABLE = ("majority", "random_forest")  # those that give probabilities
RUN = f"{LITTLE_DATA} datamodule.views=6 num_threads=2 tracking.experiment=test progress=false"


@pytest.fixture(scope="module", params=BASELINES)
def baseline(request, typist):
    return request.param, typist.train(f"model={request.param} {RUN}")


@pytest.fixture(scope="module")
def network(typist):
    words = f"{LITTLE_DATA} datamodule.views=6 tracking.log_model=never progress=false"
    return typist.train(f"{LITTLE} {words}")


@pytest.mark.slow
def test_it_leaves_the_metrics_of_a_network_each_once(baseline, network):
    name, done = baseline
    assert done.status == "FINISHED"
    missing = {"epochs_to_95"} | (
        {"best/val/loss", "train/loss", "val/loss", "test/loss"} if name not in PROBABLE else set()
    )
    assert done.run.data.metrics.keys() == network.run.data.metrics.keys() - missing
    assert all([step for step, _ in points] == [1] for points in done.history().values())
    assert all(done.run.data.metrics[speed] > 0 for speed in SPEEDS)
    assert done.run.data.metrics["train/accuracy"] > 0.15


@pytest.mark.slow
def test_it_says_what_it_was_and_about_the_same_data(baseline, network):
    name, done = baseline
    with initialize_config_dir(str(CONF), version_base="1.3"):
        schema.register()
        cfg = compose("train", [f"model={name}", *shlex.split(RUN), f"output_dir={done.store.output_dir}"])
    assert done.run.data.params == flat_params(cfg)
    named = {"majority": "majority", "random_forest": "randomforest", "svm": "svm"}
    assert run_name(cfg, train.ALONE) == named[name] + "-seed0"
    for tag in ("data_digest", "data.windows_train", "data.windows_test"):
        assert done.run.data.tags[tag] == network.run.data.tags[tag]
    assert done.run.data.tags["cell"] != network.run.data.tags["cell"]
    digests = [sorted(entry.dataset.digest for entry in run.run.inputs.dataset_inputs) for run in (done, network)]
    assert digests[0] == digests[1]


@pytest.mark.slow
def test_it_keeps_tables_and_a_model_but_no_checkpoint(baseline):
    _, done = baseline
    tables = {"confusion_matrix.png", "per_class.csv", "test_predictions.parquet"}
    assert done.artifacts() == {"config.yaml", "config.unresolved.yaml", *tables}
    probabilities = done.model()(torch.rand(3, 9, 17, 2), torch.ones(3, 9, 17))
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(3), atol=1e-5)


@pytest.mark.slow
def test_the_same_again_gives_the_same_numbers_and_is_not_resumed(baseline, typist):
    _, done = baseline
    again = typist.train(f"from_run={done.id} tracking.experiment=test progress=false num_threads=1")
    assert again.history() == done.history()
    ended = typist.type(f"resume={done.id} tracking.experiment=test")
    assert (ended.status, ended.err) == (
        1,
        f"error: resume={done.id}: that run is finished; to do it again: from_run={done.id}\n",
    )
    typist.store.client.update_run(done.id, status="KILLED")
    ended = typist.type(f"resume={done.id} tracking.experiment=test")
    typist.store.client.update_run(done.id, status="FINISHED")
    assert (ended.status, ended.err) == (
        1,
        f"error: resume={done.id}: no epoch of that run was finished; start anew with from_run={done.id}\n",
    )


@pytest.mark.slow
def test_what_a_repeated_baseline_does_not_use_is_refused(typist, baseline):
    name, done = baseline
    ended = typist.type(f"from_run={done.id} optimizer.lr=0.1 tracking.experiment=test")
    kind = {"majority": "Majority", "random_forest": "RandomForest", "svm": "SVM"}[name]
    told = f"error: optimizer.lr=0.1: {kind} does not use it, it is no network; leave it out\n"
    assert (ended.status, ended.err) == (1, told)


@pytest.mark.slow
def test_seeds_and_weights_reach_the_forest(typist):
    words = f"model=random_forest model.num_trees=5 {RUN} tracking.log_model=never"
    runs = [typist.train(f"{words} {change}") for change in ("", "seed=1", "loss.class_weights=balanced")]
    accuracies = [done.run.data.metrics["test/loss"] for done in runs]
    assert len(set(accuracies)) == 3


@pytest.mark.slow
def test_a_sweep_compares_them_with_a_network_whose_epochs_may_be_typed(typist):
    models = "model=lstm,majority,svm"
    ended = typist.type(f"-m {models} trainer.accelerator=cpu trainer.max_epochs=1 {RUN} tracking.log_model=never")
    assert (ended.status, ended.err) == (0, "")
    parent = typist.done(typist.done(ended.run_id).run.data.tags["mlflow.parentRunId"])
    assert [child.status for child in parent.children()] == ["FINISHED"] * 3


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBABLE)
def test_the_metrics_are_those_of_scikit_learn_called_directly(typist, name, monkeypatch):
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import accuracy_score, f1_score

    made = []
    make = train.make_data
    monkeypatch.setattr(train, "make_data", lambda cfg: made.append(make(cfg)) or made[-1])
    done = typist.train(f"model={name} seed=4 {RUN} tracking.log_model=never")
    data = made[-1]
    windows = {}
    for part in ("train", "test"):
        batch = data.parts.windows[part].gather(torch.arange(len(data.parts.windows[part])))
        windows[part] = batch.keypoints.flatten(1).numpy(), batch.target.numpy()
    # In double from the frames themselves, as the normaliser's statistics say.
    frames = torch.cat(list(data.train_frames())).flatten(1).double().numpy()
    mean, std = np.tile(frames.mean(axis=0), 9), np.tile(frames.std(axis=0), 9)
    direct = DummyClassifier(strategy="prior") if name == "majority" else RandomForestClassifier(100, random_state=4)
    direct.fit((windows["train"][0] - mean) / std, windows["train"][1])
    features, target = windows["test"]
    predicted = direct.predict((features - mean) / std)
    # Rounding moves a threshold now and then, and a window with it.
    assert done.run.data.metrics["test/accuracy"] == pytest.approx(
        accuracy_score(target, predicted), abs=2 / len(target)
    )
    macro_f1 = f1_score(target, predicted, average="macro", zero_division=0)
    assert done.run.data.metrics["test/macro_f1"] == pytest.approx(macro_f1, abs=0.05)
