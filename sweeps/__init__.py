"""Many runs -> one answer: config schema, door wrapper, tracking, launching, resuming, statistics, figures, report."""
