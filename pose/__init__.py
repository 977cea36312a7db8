"""Pixels, or another tool's files, to clips of key points. Imports nothing else of this repository."""
