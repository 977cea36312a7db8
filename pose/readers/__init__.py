"""Readers of other tools' files, which give clips."""
