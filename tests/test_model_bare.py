"""The logged model of a real run, where only torch and mlflow are installed: what `test` gave, from raw key points."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sweeps.tracking import results
from tests.helpers import LITTLE

BARE = (Path(__file__).parent / "programs/bare_model.py").read_text()
CHOICES = {
    "as it is": "",
    "scores, body, both directions": "datamodule.scores=true datamodule.normalize=body model.bidirectional=true",
    "velocity": "datamodule.velocity=true",
    "velocity, scores, body": "datamodule.velocity=true datamodule.scores=true datamodule.normalize=body",
    "random forest": "model=random_forest model.min_samples_leaf=5 datamodule.velocity=true",
    "svm": "model=svm datamodule.scores=true",
    "majority": "model=majority",
}
NETWORK = f"{LITTLE} optimizer.lr=0.02"
BASELINE = "num_threads=1 tracking.experiment=test"


@pytest.fixture(scope="module")
def tested(typist, pyskl, tmp_path_factory):
    """For each choice a run's id, and a file with raw windows of its test part and the probabilities that they got."""
    folder, made = tmp_path_factory.mktemp("windows"), []
    log_result = results.log_result
    with pytest.MonkeyPatch.context() as patch:

        def keep_windows(run, job, result, log_model):
            log_result(run, job, result, log_model)
            data, classifier = result.data, result.classifier
            windows = data.parts.windows["test"]
            clips, target = windows.table.offsets.numpy(), classifier.test_result.target
            raw = {clip.id: clip for clip in data.source().clips()}
            keypoints, scores = [], []
            for start in windows.starts[:7].tolist():
                number = int(np.searchsorted(clips, start, side="right")) - 1
                clip, first = raw[data.clip_names[number].id], start - int(clips[number])
                keypoints.append(clip.keypoints[first : first + data.sequence_length])
                scores.append(clip.scores[first : first + data.sequence_length])
            assert len(target) > 7
            path = folder / f"{run.run_id}.npz"
            expected = classifier.test_result.probabilities[:7].numpy()
            np.savez(path, keypoints=np.float32(keypoints), scores=np.float32(scores), expected=expected)
            made.append((run.run_id, path))

        patch.setattr(results, "log_result", keep_windows)
        for choice in CHOICES.values():
            data = f"datamodule=pyskl datamodule.path={pyskl} datamodule.class_names=[stay,drift] datamodule.fps=25"
            words = BASELINE if "model=" in choice else NETWORK
            typist.train(f"{data} datamodule/split=clip {words} progress=false {choice}")
    return made


@pytest.fixture(scope="module")
def told(typist, tested, tmp_path_factory):
    words = [str(word) for pair in tested for word in pair]
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", BARE, typist.store.uri, *words],
        cwd=tmp_path_factory.mktemp("elsewhere"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CHOICES)), ids=list(CHOICES))
def test_raw_key_points_get_the_probabilities_that_the_test_gave_them(told, tested, number):
    expected = np.load(tested[number][1])["expected"]
    if list(CHOICES)[number] != "majority":
        assert np.ptp(expected[:, 0]) > 1e-3  # they differ between windows
    assert told[number]["off"] < 1e-5


@pytest.mark.slow
def test_the_model_says_what_its_numbers_stand_for(told):
    for model in told:
        said = model["metadata"]
        assert said["class_names"] == ["stay", "drift"]
        assert (said["skeleton"], said["fps"], said["sequence_length"]) == ("coco17", 25, 9)
