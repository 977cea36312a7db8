"""Run a command whose driver, or whose report, is killed at a certain moment."""

import sys

from tests.driver_killing import kill_driver_at

door, moment, seed, claims = sys.argv[1:5]
if moment:
    kill_driver_at(moment, int(seed), claims)
module = __import__(door)
sys.argv = [f"{door}.py", *sys.argv[5:]]
module.main()
