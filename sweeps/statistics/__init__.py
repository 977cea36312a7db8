"""Statistics of a handful of paired runs: functions of arrays, no MLflow, no config."""
