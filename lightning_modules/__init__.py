"""Batches of key points to class scores: networks, normalisers, training. Imports nothing else of this repository."""
