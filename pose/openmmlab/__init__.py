"""Detectors and estimators of MMDet and MMPose, by the protocols of `pose.found`; imported when one runs."""
