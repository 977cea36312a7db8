"""Many runs -> one answer: checking what is typed, launching, tracking, resuming, statistics, figures, report."""
