"""The report of a sweep, from its runs in MLflow to a page.

The order is that of report.py: `load` reads the jobs as plain values (`sweep_data`), `tuning` keeps the best settings,
`questions` asks, `comparisons` answers with statistics and verdicts (decided in `sweeps.statistics.verdict`), `page`
puts `sections` together as a `document`, and `write` writes it as HTML and Markdown.
"""
