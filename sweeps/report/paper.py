"""Numbers of the paper that this project reproduces, and what the paper does not say.

Bae, Jang, Kim, Kim: LSTM (Long Short-Term Memory)-Based Abnormal Behavior Recognition Using AlphaPose, KIPS
Transactions on Software and Data Engineering 10(5), 2021, pp. 187-194, doi 10.3745/KTSDE.2021.10.5.187.
"""

from __future__ import annotations

from sweeps.statistics.paired import Interval

CITATION = "Bae et al., KTSDE 10(5), 2021, doi 10.3745/KTSDE.2021.10.5.187"
# Figures 7A and 7B, one run each: accuracy by option of conf/optimizer.
NAMES = {"rmsprop": "RMSProp", "adam": "Adam"}
TRAIN_ACCURACY = {"rmsprop": 0.9669, "adam": 0.9675}
TEST_ACCURACY = {"rmsprop": 0.9248, "adam": 0.9563}
# Figure 8, Adam.
TRAIN_LOSS, TEST_LOSS = 0.1532, 0.1845
EPOCHS_TO_95 = 80  # "about"
# Figures 10 and 11: how much better lying and falling are recognised than the other classes, in points.
ABNORMAL_GAIN = Interval(10.0, 12.0)
ADAM_GAIN = round(100 * (TEST_ACCURACY["adam"] - TEST_ACCURACY["rmsprop"]), 2)  # points
# Table 2: values as MLflow keeps params, and what they are called.
SETTING = {
    "model": ("lstm", "model"),
    "datamodule.train_fraction": ("1.0", "share of the training data"),
    "datamodule.sequence_length": ("9", "frames a window"),
    "model.num_layers": ("3", "layers"),
    "model.hidden_size": ("128", "hidden units"),
    "trainer.max_epochs": ("200", "epochs"),
}
DOES_NOT_ADD_UP = (
    "The paper says that Adam is 4.27 % better. Its own accuracies, 95.63 % and 92.48 %, are 3.15 points apart, "
    "which is 3.41 % of the smaller one; the claim is tested with 3.15 points.",
    "It reports one run for each optimizer: no seeds, no spread, no significance.",
    "It does not say how its 8:2 split was drawn. With windows drawn at random, neighbouring windows of one "
    "performance are on both sides.",
    "It does not give the learning rate, the batch size, or how the reported epoch was chosen.",
)
