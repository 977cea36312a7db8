"""Open a new store, as several processes do at once: FOLDER."""

import sys

from omegaconf import OmegaConf

from sweeps.tracking.store import open_store

folder = sys.argv[1]
store = open_store(OmegaConf.create({"uri": f"sqlite:///{folder}/mlflow.db", "experiment": "race"}), folder)
print(store.experiment_id, len(store.client.search_experiments()))
