"""What is typed -> checked jobs."""
