"""Files: atomic writing, checked reading."""
