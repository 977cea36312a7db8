"""Jobs of a sweep on a cluster: submitit hands them to Slurm, a driver watches them, and each can go on elsewhere."""
