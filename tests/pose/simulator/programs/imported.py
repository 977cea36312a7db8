"""Prints which heavy packages the simulator imports."""

import sys

import pose.simulator  # noqa: F401

print({"torch", "scipy", "pandas"} & set(sys.modules))
