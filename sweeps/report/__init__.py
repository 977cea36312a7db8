"""What a sweep shows: its runs read from MLflow, the claims tested, a page written."""
