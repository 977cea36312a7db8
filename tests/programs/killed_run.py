"""Run train.py and be killed at a certain moment."""

import sys

import train
from tests.killing import kill_at

moment, count = sys.argv[1:3]
kill_at(moment, int(count))
sys.argv = ["train.py", *sys.argv[3:]]
train.main()
