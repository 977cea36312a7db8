"""Extracts one video and says when it begins to wait for it, and how many frames it saw: VIDEOS STORE FINGERPRINT."""

import sys
from pathlib import Path

from pose.extraction.store import KeypointStore
from tests.pose.extraction.test_store import run
from tests.pose.video.videos import RectangleDetector

lock = KeypointStore.lock


def announce(store, name):
    if name == sys.argv[3]:
        print("begun", flush=True)
    return lock(store, name)


KeypointStore.lock = announce
detector = RectangleDetector()
run(Path(sys.argv[1]), Path(sys.argv[2]), detector=detector)
print("seen", detector.seen)
