"""Weights of networks: which ones, from where, and read without running anything."""
