"""Footage -> key points in a store: decode, detect people, estimate joints, track; resumes when cut off."""
