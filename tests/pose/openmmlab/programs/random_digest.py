"""Prints the digest of a detector's random weights."""

from tests.pose.openmmlab.options import make
from tests.pose.openmmlab.test_detectors import digest

print(digest(make("detector", "rtmdet_tiny")))
