"""Be in a tracked run when a signal comes: URI OUTPUT_DIR ACTION [again].

ACTION is sleep, fit (in Lightning's loop) or nothing; with `again`, Ctrl-C comes while the run's status is written.
"""

import os
import signal
import sys
import time

from omegaconf import OmegaConf

from sweeps.runtime.job_context import JobContext
from sweeps.tracking.run import tracked_run
from sweeps.tracking.store import open_store


def fit():
    import logging
    import warnings

    import pytorch_lightning as pl
    import torch

    class Tiny(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)

        def training_step(self, batch, index):
            if index == 1:
                print("training", flush=True)
                time.sleep(300)
            return self.layer(batch).mean()

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Tiny(), torch.utils.data.DataLoader(torch.ones(8, 2)))


ACTIONS = {"sleep": lambda: time.sleep(300), "fit": fit, "nothing": lambda: None}
uri, output_dir, action = sys.argv[1:4]
cfg = OmegaConf.create({"tracking": {"uri": uri, "experiment": "test"}, "output_dir": output_dir, "seed": 0})
store = open_store(cfg.tracking, cfg.output_dir)
if sys.argv[4:]:
    write_status = store.client.set_terminated

    def write_and_be_interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        write_status(*arguments)

    store.client.set_terminated = write_and_be_interrupted
with tracked_run(cfg, JobContext(), "d", store) as run:
    print(run.run_id, flush=True)
    ACTIONS[action]()
