"""The simulator's people drawn into pictures and videos, with the truth about every joint."""
