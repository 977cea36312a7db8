"""Processes, signals, and what they print."""
