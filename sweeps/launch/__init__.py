"""A multirun, carried out: here or on Slurm."""
