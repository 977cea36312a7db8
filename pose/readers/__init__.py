"""The files of other tools -> clips."""
