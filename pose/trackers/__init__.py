"""People followed from frame to frame of one video: options that start a fresh `pose.found.Tracker` for each."""
