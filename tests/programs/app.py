"""Run a tiny application of the tests, which its jobs import by its name: folder, module, folder of its config."""

import importlib
import sys

folder, module, conf = sys.argv[1:4]
del sys.argv[1:4]
sys.path.insert(0, folder)
importlib.import_module(module).run(conf)
