"""Detectors and estimators of MMDet and MMPose, by the protocols of `pose.interfaces`; imported when one runs."""
