"""Readers that turn other tools' files into clips."""
