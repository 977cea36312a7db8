"""Extracts videos and is killed at a moment, if one is given: MOMENT COUNT VIDEOS STORE."""

import sys
from pathlib import Path

from tests.pose.extraction.killing import kill_extraction_at
from tests.pose.extraction.test_store import run

moment, count, videos, root = sys.argv[1:]
if moment:
    kill_extraction_at(moment, int(count))
run(Path(videos), Path(root))
