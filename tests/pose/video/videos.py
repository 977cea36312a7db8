"""Small videos, and parts that find what is in them without any network: white rectangles on black."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pose.extraction.components import PoseComponents
from pose.interfaces import Array, Boxes, Crops, Image, Poses
from pose.nms import OksNms
from pose.trackers.oks import OksTracking

SIZE = (64, 48)  # width and height


def rectangles(count: int, size: tuple[int, int] = SIZE) -> list[Image]:
    """A white rectangle that goes to and fro, and from frame 5 on a second one below it that stands."""
    width, height = size
    frames = []
    for number in range(count):
        image = np.zeros((height, width, 3), np.uint8)
        left = abs((2 * number) % 64 - 32) + 4
        image[4:16, left : left + 10] = 255
        if number >= 5:
            image[28:44, 20:30] = 200
        frames.append(image)
    return frames


def write_video(
    path: Path,
    frames: Iterable[Image],
    fps: int = 30,
    codec: str = "libx264",
    times: Sequence[float] | None = None,
    sound: float = 0.0,
    turned: int = 0,
) -> Path:
    """Writes frames as a video.

    Args:
        path: of the file; its ending says which container.
        frames: `[H, W, 3]` each; blue, green, red.
        fps: frames a second.
        codec: of the pictures.
        times: seconds at which each frame begins, where they are not evenly spaced.
        sound: seconds of silence beside the pictures; 0 for none.
        turned: degrees against the clock by which the pictures are to be turned when they are shown.
    """
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.pix_fmt = "yuv420p"
        silence = container.add_stream("aac", rate=44_100) if sound else None
        if turned:
            stream.set_display_rotation(turned)
        if times is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for number, image in enumerate(frames):
            if number == 0:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            if times is not None:
                frame.pts, frame.time_base = round(1000 * times[number]), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if silence is not None:
            container.mux(list(_silence(silence, sound)))
    return path


def _silence(stream: Any, seconds: float) -> Iterator[Any]:
    import av

    for start in range(0, int(seconds * 44_100), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 44_100, start, Fraction(1, 44_100)
        yield from stream.encode(frame)
    yield from stream.encode()


def write_images(folder: Path, frames: Iterable[Image]) -> Path:
    """Writes frames as pictures, numbered without zeros before."""
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(frames):
        assert cv2.imwrite(str(folder / f"frame{number}.png"), image)
    return folder


@dataclass
class RectangleDetector:
    """Boxes of what is bright; keeps count of the frames it has seen."""

    seen: int = 0
    identity: ClassVar = {"name": "rectangles"}

    def detect(self, images: Sequence[Image]) -> list[Boxes]:
        self.seen += len(images)
        return [self._boxes(image) for image in images]

    def _boxes(self, image: Image) -> Boxes:
        import cv2

        bright = (image[..., 0] > 100).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
        boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, area in stats[1:] if area > 20], np.float32)
        return Boxes(boxes.reshape(-1, 4), np.full(len(boxes), 0.9, np.float32))


class CornerEstimator:
    """Joints spread over the diagonal of the box, each as sure as the crop is bright."""

    def __init__(self, skeleton: str = "coco17", joints: int = 17) -> None:
        self.skeleton, self.joints = skeleton, joints
        self.identity = {"name": "corners"} | ({"skeleton": skeleton} if skeleton != "coco17" else {})
        self.batches: list[int] = []

    def crop(self, image: Image, boxes: Array) -> Crops:
        import cv2

        pixels = [cv2.resize(image[int(y1) : int(y2) + 1, int(x1) : int(x2) + 1], (8, 8)) for x1, y1, x2, y2 in boxes]
        to_picture = [[[(x2 - x1) / 8, 0, x1], [0, (y2 - y1) / 8, y1]] for x1, y1, x2, y2 in boxes]
        return Crops(np.stack(pixels), np.array(to_picture, np.float64))

    def estimate(self, crops: Crops) -> tuple[Array, Array]:
        self.batches.append(len(crops))
        places = np.linspace(0, 8, self.joints)
        joints = np.stack([places, places, np.ones(self.joints)])
        keypoints = (crops.to_picture @ joints).swapaxes(1, 2)
        scores = np.repeat(crops.pixels.mean(axis=(1, 2, 3))[:, None] / 255, self.joints, axis=1)
        return keypoints.astype(np.float32), scores.astype(np.float32)


class WholeEstimator:
    """The same without boxes from outside."""

    identity: ClassVar = {"name": "whole"}
    skeleton = "coco17"

    def find(self, images: Sequence[Image]) -> list[Poses]:
        estimator, found = CornerEstimator(), []
        for image, boxes in zip(images, RectangleDetector().detect(images), strict=True):
            keypoints, scores = np.empty((0, 17, 2), np.float32), np.empty((0, 17), np.float32)
            if len(boxes):
                keypoints, scores = estimator.estimate(estimator.crop(image, boxes.xyxy))
            found.append(Poses(keypoints, scores, boxes))
        return found


def simple_parts(**changed: object) -> PoseComponents:
    """PoseComponents that find the rectangles."""
    options = {"detector": RectangleDetector(), "estimator": CornerEstimator(), "people_per_batch": 7}
    return PoseComponents(**{**options, "nms": OksNms(), "tracker": OksTracking(), **changed})  # type: ignore[arg-type]
