"""Trackers of people within one video: options that start a fresh `pose.interfaces.Tracker` for each."""
