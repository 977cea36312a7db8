"""Videos of simulated people, a folder for each action."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pose.errors import DataError
from pose.interfaces import Image
from pose.io.atomic import replacing
from pose.rendering.background import sample_background
from pose.rendering.bodies import make_body
from pose.rendering.camera_effects import sample_effects
from pose.rendering.clothing import make_outfit
from pose.rendering.picture import PersonInFrame, draw_picture
from pose.rendering.viewpoints import IMAGE_SIZE, sample_camera
from pose.simulator.motion.actors import NUM_ACTORS, make_actor
from pose.simulator.scenes import ACTIONS, FPS, perform

ID_PATTERN = r"(?P<subject>S\d+)-(?P<recording>r\d+)-(?P<camera>C\d+)"
"""Finds subject, recording and camera in a video's name."""
_ROOM, _RECORDING, _FILM = range(3)  # what a stream of random numbers is for


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """Options of rendered videos.

    Args:
        recordings: performances; actions and subjects take turns, so that 6 x subjects give each subject each action.
        subjects: how many there are, up to 20.
        cameras: each films every recording, in a room of its own.
        frames: of each recording, at 30 a second.
        people: in each; all do the same.
        image_size: width and height in pixels, even.
        seed: of everything.

    Raises:
        DataError: there is nothing to draw.
    """

    recordings: int = 36
    subjects: int = 6
    cameras: int = 2
    frames: int = 90
    people: int = 1
    image_size: tuple[int, int] = IMAGE_SIZE
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("recordings", "subjects", "cameras", "frames", "people"):
            if getattr(self, name) < 1:
                raise DataError(f"{name} is {getattr(self, name)}, expected 1 or more")
        if self.subjects * self.people > NUM_ACTORS:
            raise DataError(f"there are {NUM_ACTORS} actors, too few for {self.subjects} groups of {self.people}")
        if any(side % 2 for side in self.image_size):
            raise DataError(f"image_size is {self.image_size}, but H.264 takes even numbers only")

    def rng(self, purpose: int, *numbers: int) -> np.random.Generator:
        """Return a random generator for a purpose, so that no video depends on the number of others."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(purpose, *numbers)))


def draw_videos(folder: Path, options: VideoOptions = VideoOptions()) -> Iterator[Path]:
    """Render videos, one after the other: FOLDER/ACTION/S01-r0001-C01.mp4 and so on, as `ID_PATTERN` reads them.

    Args:
        folder: is made; files of the same names are replaced.
        options: which videos.

    Yields:
        The path of each video when it is finished.
    """
    for recording in range(options.recordings):
        for camera in range(options.cameras):
            path = folder / video_name(options, recording, camera)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_video(path, render_recording(options, recording, camera), options.image_size)
            yield path


def video_name(options: VideoOptions, recording: int, camera: int) -> Path:
    """Return the path of a video below the common folder."""
    subject = recording // len(ACTIONS) % options.subjects
    name = f"S{subject + 1:02d}-r{recording + 1:04d}-C{camera + 1:02d}.mp4"
    return Path(ACTIONS[recording % len(ACTIONS)]) / name


def render_recording(options: VideoOptions, recording: int, camera: int) -> Iterator[Image]:
    """Render one recording as one camera sees it; clothes and movements are the same in all cameras."""
    rng = options.rng(_RECORDING, recording)
    action, subject = ACTIONS[recording % len(ACTIONS)], recording // len(ACTIONS) % options.subjects
    figures = []
    for number in range(options.people):
        actor, outfit = make_actor(options.seed, subject * options.people + number), make_outfit(rng)
        joints = perform(rng, actor, action, options.frames)
        figures.append(PersonInFrame(make_body(joints, outfit.girth), outfit))
    room = options.rng(_ROOM, camera)
    view = sample_camera(room, f"C{camera + 1:02d}", options.image_size)
    background, effects = sample_background(room, view), sample_effects(room, jpeg=False)
    noise = options.rng(_FILM, recording, camera)
    for frame in range(options.frames):
        picture, _ = draw_picture(background, [figure._replace(frame=frame) for figure in figures])
        yield effects(noise, picture)


def write_video(path: Path, pictures: Iterable[Image], image_size: tuple[int, int]) -> None:
    """Write an MP4 of 30 frames a second, atomically.

    Args:
        path: ends in .mp4.
        pictures: `[H, W, 3]` each.
        image_size: their width and height, even.
    """
    import av

    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    with replacing(path) as unfinished, av.open(str(unfinished), "w", format="mp4") as container:
        stream: Any = container.add_stream(codec, rate=round(FPS))
        stream.width, stream.height = image_size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        if codec == "libx264":
            # With lookahead, equal pictures gave other bytes from time to time (x264 core 165 with AVX-512).
            quiet = "rc-lookahead=0:sync-lookahead=0:mbtree=0"
            stream.options = {"preset": "veryfast", "crf": "23", "x264-params": quiet}
        for picture in pictures:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
