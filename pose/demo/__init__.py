"""A demo that needs no download: drawn people, and small networks that were trained on them."""
