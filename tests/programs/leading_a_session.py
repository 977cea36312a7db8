"""train.py as the first process of a session of its own, so that a signal can go to all of its processes."""

import os
import sys

import train

os.setsid()
sys.argv = ["train.py", *sys.argv[1:]]
train.main()
