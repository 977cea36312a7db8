"""Draws the demo's videos: `python -m pose.demo.draw DIR`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from pose.rendering.videos import ID_PATTERN, VideoOptions, draw_videos


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    usual = VideoOptions()
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=f"names of videos are read by id_pattern='{ID_PATTERN}'"
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recordings", type=int, default=usual.recordings, help="performances, actions by turns")
    parser.add_argument("--subjects", type=int, default=usual.subjects, help="who take turns")
    parser.add_argument("--cameras", type=int, default=usual.cameras, help="that film each performance")
    parser.add_argument("--frames", type=int, default=usual.frames, help="of each, at 30 a second")
    parser.add_argument("--people", type=int, default=usual.people, help="in each, who all do the same")
    parser.add_argument("--seed", type=int, default=usual.seed)
    args = vars(parser.parse_args(arguments))
    folder = args.pop("folder")
    start = time.perf_counter()
    videos = sum(1 for _ in draw_videos(folder, VideoOptions(**args)))
    print(f"{videos} videos in {folder}, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
