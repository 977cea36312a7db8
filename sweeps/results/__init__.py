"""What the jobs of a sweep came to."""
