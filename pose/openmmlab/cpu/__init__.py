"""Faster inference of MMPose's networks on a CPU."""
