"""The simulator's people rendered into pictures and videos, with the truth about every joint."""
