"""Clips to windows to batches: splits, the window index, loaders. Imports `pose` only."""
