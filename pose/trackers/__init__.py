"""People followed from frame to frame of one video: options that start a fresh `pose.interfaces.Tracker` for each."""
