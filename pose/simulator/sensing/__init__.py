"""Cameras and the simulated pose estimator."""
