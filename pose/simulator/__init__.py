"""Simulated people on a stage, seen by twelve cameras through a fallible pose estimator.

The data is made up and says so: it stands in for AI-Hub's, which needs a login. It is built from anthropometry, gait
analysis and studies of falls, each cited where it is used, and never fitted to what a classifier makes of it.
"""

from pose.simulator.class_shares import PAPER_FRAMES, class_frames
from pose.simulator.motion.actors import Actor, Build, Style, make_actor
from pose.simulator.motion.kinematics import BONES, JOINTS
from pose.simulator.scenes import ACTIONS
from pose.simulator.sensing.cameras import Camera, stage_cameras
from pose.simulator.sensing.error_rates import EstimatorErrors
from pose.simulator.source import Recording, SyntheticSource

__all__ = [
    "ACTIONS",
    "BONES",
    "JOINTS",
    "PAPER_FRAMES",
    "Actor",
    "Build",
    "Camera",
    "EstimatorErrors",
    "Recording",
    "Style",
    "SyntheticSource",
    "class_frames",
    "make_actor",
    "stage_cameras",
]
