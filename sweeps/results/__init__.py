"""The results of a sweep: its jobs ranked, on the terminal, and summed up with its own run in MLflow."""
