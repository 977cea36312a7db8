"""Does what train.py does with these arguments, and says at the end which slow modules that has imported."""

import atexit
import sys

import train

SLOW = ("torch", "pytorch_lightning", "mlflow", "numpy", "pandas", "matplotlib", "optuna")

atexit.register(lambda: print([name for name in SLOW if name in sys.modules]))
train.main()
