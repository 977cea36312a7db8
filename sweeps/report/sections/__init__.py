"""The sections of a page: functions that return blocks, none where the sweep has nothing for them."""
