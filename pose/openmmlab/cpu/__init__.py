"""What makes MMPose's networks faster on a CPU."""
