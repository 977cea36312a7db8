"""A real sweep of real trainings, reported."""

import re

import pandas as pd
import pytest

from sweeps.tracking.predictions import PREDICTIONS_FILE
from tests.helpers import LITTLE, LITTLE_DATA


@pytest.mark.slow
def test_a_trained_sweep_is_reported(typist, store, type_report, outputs):
    little = f"{LITTLE} {LITTLE_DATA} tracking.log_model=never progress=false sweep.name=trained"
    ended = typist.type(f"-m optimizer=rmsprop,adam seed=0,1 {little}")
    assert ended.status == 0, ended.err
    reported = type_report("sweep=trained resamples=500")
    assert reported.status == 0, reported.err
    assert "Sweep trained: 4 of 4 jobs finished." in reported.out
    assert re.search(r"^\w[\w ]+: Adam beats RMSProp in test accuracy .*, 2 pairs$", reported.out, re.MULTILINE)
    text = (outputs / "reports" / "trained" / "report.md").read_text()
    assert "4 jobs: 4 finished." in text
    assert "kept no list of what was to be run" not in text
    assert (
        "Not the paper's setting: 2 layers instead of 3, 8 hidden units instead of 128 and 2 epochs instead of 200."
        in text
    )

    done = typist.done(ended.run_id)
    assert PREDICTIONS_FILE in done.artifacts()
    frame = pd.read_parquet(store.client.download_artifacts(done.id, PREDICTIONS_FILE))
    right = (frame["true"].astype(str) == frame["predicted"].astype(str)).mean()
    assert right == pytest.approx(done.run.data.metrics["test/accuracy"], abs=1e-6)
    assert len(frame) == int(done.run.data.tags["data.windows_test"])
    assert frame.filter(like="p/").sum(axis=1).to_numpy() == pytest.approx(1, abs=0.01)
    assert not (done.folder / PREDICTIONS_FILE).exists()
