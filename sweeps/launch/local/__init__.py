"""Jobs of a sweep on this machine: a process each, several side by side."""
