"""What is fast, against what a user would otherwise run, printed as ratios."""
