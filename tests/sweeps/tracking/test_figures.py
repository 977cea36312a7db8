import io
import math

import numpy as np
import pytest

from sweeps.tracking.figures import confusion_matrix_figure, curves_figure, per_class_rows
from sweeps.tracking.run import EpochMetrics

COUNTS = np.array([[8, 2, 0], [0, 5, 0], [0, 0, 0]])
NAMES = ["walk", "fall", "never seen"]


def texts(axes):
    return {text.get_text() for text in axes.texts}


def test_confusions_are_shares_of_the_true_class_with_counts():
    axes = confusion_matrix_figure(COUNTS, NAMES).axes[0]
    assert texts(axes) == {"80.0%\n8", "20.0%\n2", "100.0%\n5"}
    assert axes.get_title() == "15 windows, accuracy 86.7%"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["walk (10)", "fall (5)", "never seen (0)"]


@pytest.mark.parametrize("num_classes", [2, 60, 120])
def test_any_number_of_classes_can_be_drawn(num_classes):
    picture = io.BytesIO()
    figure = confusion_matrix_figure(np.eye(num_classes, dtype=int), [f"class {i}" for i in range(num_classes)])
    figure.savefig(picture, bbox_inches="tight", dpi=40)
    assert max(figure.get_size_inches()) < 26


def test_curves_have_a_line_for_each_part_that_was_measured():
    rows = [EpochMetrics(e, 0, {"train/loss": 1 / e, "train/accuracy": 0.5, "val/loss": math.nan}) for e in (1, 2, 3)]
    rows[2].values["test/accuracy"] = 0.25
    loss, accuracy = curves_figure(rows).axes
    assert [line.get_label() for line in loss.lines] == ["train"]
    assert [line.get_label() for line in accuracy.lines] == ["train", "test"]
    assert accuracy.get_ylim()[0] == pytest.approx(0.2)


def test_a_single_epoch_is_seen():
    loss, _ = curves_figure([EpochMetrics(1, 0, {"train/loss": 1.0})]).axes
    assert loss.lines[0].get_marker() == "o"
    assert loss.get_xlim() == (0.5, 1.5)


def test_no_epochs_make_an_empty_figure():
    assert [len(axes.lines) for axes in curves_figure([]).axes] == [0, 0]


def test_each_class_has_its_scores():
    walk, fall, unseen = per_class_rows(COUNTS, NAMES)
    assert walk == {"class": "walk", "precision": 1.0, "recall": 0.8, "f1": pytest.approx(16 / 18), "support": 10}
    assert fall == {
        "class": "fall",
        "precision": pytest.approx(5 / 7),
        "recall": 1.0,
        "f1": pytest.approx(10 / 12),
        "support": 5,
    }
    assert unseen == {"class": "never seen", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}
