"""A sweep whose jobs are suggested one batch after the other, by Optuna: `hydra/sweeper=optuna`."""
