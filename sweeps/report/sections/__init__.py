"""The sections of a page; each is a function that gives blocks, none where the sweep has nothing for it."""
