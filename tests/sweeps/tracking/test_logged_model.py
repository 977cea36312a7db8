"""The logged model where only torch and mlflow can be imported."""

import contextlib
import io
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sweeps.runtime.job_context import JobContext
from sweeps.tracking.run import tracked_run

ROOT = Path(__file__).parents[3]
BARE = Path(__file__).with_name("programs") / "load_model.py"
T, V, C, K = 9, 17, 2, 4
METADATA = {"class_names": ["walk", "run", "sit", "fall"], "skeleton": "coco17", "fps": 30, "sequence_length": T}


class StandIn(nn.Module):
    """Fills joints that were not seen with where they were last, then an LSTM: what the real one does, in little."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(V * C, 16, 2, batch_first=True)
        self.out = nn.Linear(16, K)

    def forward(self, keypoints, scores):
        steps = torch.arange(scores.shape[1], device=scores.device)[None, :, None]
        last = torch.cummax(torch.where(scores > 0.3, steps, 0), dim=1).values
        filled = torch.gather(keypoints, 1, last[..., None].expand_as(keypoints))
        return self.out(self.lstm(filled.flatten(2))[0][:, -1]).softmax(-1)


class Unexportable(StandIn):
    def forward(self, keypoints, scores):
        return super().forward(keypoints, scores) if keypoints.sum().item() > 0 else scores


@pytest.fixture(scope="module")
def logged(store, job):
    torch.manual_seed(0)
    model = StandIn().train()
    example = (torch.zeros(1, T, V, C), torch.ones(1, T, V))
    said = io.StringIO()
    with tracked_run(job(), JobContext(), "d", store) as run, warnings.catch_warnings():
        warnings.simplefilter("error")
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            run.log_model(model, example, METADATA)
    assert said.getvalue() == ""
    assert model.training
    return run, model.eval()


@pytest.mark.slow
def test_it_predicts_the_same_where_only_torch_and_mlflow_are(logged, store, start_python, tmp_path):
    run, model = logged
    draw = torch.Generator().manual_seed(1)
    keypoints, scores = torch.randn(7, T, V, C, generator=draw), torch.rand(7, T, V, generator=draw)
    with torch.no_grad():
        expected = {f"expected_{batch}": model(keypoints[:batch], scores[:batch]).numpy() for batch in (1, 7)}
    np.savez(tmp_path / "x.npz", keypoints=keypoints.numpy(), scores=scores.numpy(), **expected)
    process = start_python(BARE.read_text(), store.uri, run.run_id, tmp_path / "x.npz", ROOT, options=["-I"])
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    answer = json.loads(out)
    assert answer["off"] < 1e-5
    assert answer["count"] == 4
    assert answer["metadata"] == METADATA
    assert "WARNING" not in err, err


def test_it_is_a_ready_output_of_the_run(logged, store):
    run, _ = logged
    [output] = store.client.get_run(run.run_id).outputs.model_outputs
    model = store.client.get_logged_model(output.model_id)
    assert model.name == "model"
    assert model.status == "READY"
    assert model.source_run_id == run.run_id


def test_a_model_that_cannot_be_exported_leaves_none_behind(store, job):
    def models():
        return {model.model_id for model in store.client.search_logged_models([store.experiment_id])}

    before = models()
    example = (torch.ones(2, T, V, C), torch.ones(2, T, V))
    with pytest.raises(Exception), tracked_run(job(), JobContext(), "d", store) as run:  # noqa: B017
        run.log_model(Unexportable(), example, METADATA)
    assert models() == before
