"""Run a door of the repository, named by the first argument, on the others."""

import importlib
import sys

door = sys.argv.pop(1)
sys.argv[0] = f"{door}.py"
importlib.import_module(door).main()
