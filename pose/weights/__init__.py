"""Weights of networks: choosing, fetching, and reading without running anything."""
