"""Extracts one of two shards, once it is told to: VIDEOS STORE SHARD."""

import sys
from pathlib import Path

from tests.pose.extraction.test_at_once import run_shard

print("begun", flush=True)
sys.stdin.readline()
run_shard(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
