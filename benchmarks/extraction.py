"""Speed of extraction, as ratios to MMPoseInferencer with the same networks, boxes, flip test, precision and threads.

    python -m benchmarks.extraction [--threads 2] [--pairs 7] [--people 32]

Ratios are medians of alternating pairs, above 1 where ours is faster. MMPoseInferencer puts the people of one picture
into one batch, whatever its `batch_size` is, so its best batch size is a number of people in a picture. It runs in a
process of its own. The machine has to be idle: PyTorch's threads wait for each other at every operation.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.inferencer import inferencer
from benchmarks.training import show
from pose.extraction.components import PoseComponents
from pose.extraction.run import extract, look_up
from pose.extraction.store import KeypointStore
from pose.nms import OksNms
from pose.openmmlab.detectors import MMDetDetector
from pose.openmmlab.top_down import MMPoseTopDown
from pose.rendering.videos import VideoOptions, render_recording, write_video
from pose.trackers.bytetrack import ByteTracking

HRNET = "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py"
BATCHES = (1, 2, 4, 8, 16, 32)
SURE = 0.3
"""Joints that score less are not compared."""
NEAR = 0.5
"""Pixels."""
ALIKE = 0.999
"""Part of the joints that have to be as near as that."""
PICTURES = 12
"""Of 32 people with 17 joints each: some 6,500."""
LOOKS = 3
"""How often each number of people in a picture is tried before theirs is timed at its best."""


def save(network: Any, path: Path) -> tuple[Path, Path]:
    """Configuration, and the weights as a file that both sides load."""
    import torch

    torch.save({"state_dict": network.module.state_dict(), "meta": {}}, path)
    return network.file.path, path


def draw_weights(estimator: MMPoseTopDown, image: Any, boxes: Any) -> None:
    """Random layers that keep their range: batch norms have the crops' statistics, a joint's best score is 1."""
    import torch

    module = estimator.network.module
    inputs = estimator._inputs(module, estimator.crop(image, boxes).pixels)
    norms = [part for part in module.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    with torch.no_grad():
        for norm in norms:
            norm.momentum = None
            norm.reset_running_stats()
            norm.train()
        module.extract_feat(inputs)
        for norm in norms:
            norm.eval()
        outputs = module.head.forward(module.extract_feat(inputs))
        greatest = outputs.amax((0, 2, 3))
        module.head.final_layer.weight /= greatest[:, None, None, None]
        module.head.final_layer.bias /= greatest


def scenes(detector: MMDetDetector) -> list[tuple[Any, Any]]:
    """Drawn pictures, each with as many boxes as the largest batch: those that are found, moved a little."""
    rng = np.random.default_rng(0)
    options = VideoOptions(recordings=PICTURES, people=8, subjects=1, frames=1)
    images = [next(iter(render_recording(options, number, number))) for number in range(PICTURES)]
    found = [boxes.xyxy[np.arange(max(BATCHES)) % len(boxes)] for boxes in detector.detect(images)]
    moved = [(boxes + rng.uniform(-4, 4, boxes.shape)).astype(np.float32) for boxes in found]
    return list(zip(images, moved, strict=True))


def check_alike(estimator: MMPoseTopDown, call: Any, pictures: list[tuple[Any, Any]]) -> None:
    """Sees that both sides are asked the same and find the same key points.

    Raises:
        AssertionError: settings or boxes differ, or more than 0.1 % of the joints that score enough lie apart.
    """
    import torch

    ours = torch.get_num_threads(), str(next(estimator.network.module.parameters()).dtype), estimator.flip_test
    assert call("settings") == ours, f"{call('settings')} is not {ours}"
    distances = []
    for image, boxes in pictures:
        keypoints, scores = estimator.estimate(estimator.crop(image, boxes))
        _, expected, _, same = call("poses", image, boxes, 1)
        assert np.array_equal(same, boxes), "the boxes are not the same"
        distances.append(np.linalg.norm(keypoints - expected, axis=-1)[scores >= SURE])
    near = np.concatenate(distances) <= NEAR
    print(f"  within {NEAR} pixel: {100 * near.mean():.2f} % of {near.size} joints that score {SURE} or more")
    assert near.mean() >= ALIKE, "key points are not the same"


def pose_stage(estimator: MMPoseTopDown, call: Any, image: Any, boxes: Any, people: int, pairs: int) -> list[float]:
    """People a second over theirs at its best; prints both."""
    boxes = np.resize(boxes, (people, 4)) if people > len(boxes) else boxes

    def run() -> float:
        begun = time.perf_counter()
        estimator.estimate(estimator.crop(image, boxes[:people]))
        return time.perf_counter() - begun

    def theirs(batch: int) -> float:
        seconds: float = call("poses", image, boxes[:batch], people // batch)[0]
        return seconds / (people // batch * batch)

    batches = [batch for batch in BATCHES if batch <= people]
    for batch in batches:
        theirs(batch)
    rates = {batch: 1 / min(theirs(batch) for _ in range(LOOKS)) for batch in batches}
    best = max(rates, key=lambda batch: rates[batch])
    print("  theirs, people/s by people in a picture: " + ", ".join(f"{b}: {rate:.1f}" for b, rate in rates.items()))
    run()
    timed = [(run(), theirs(best) * people) for _ in range(pairs)]
    speeds = [people / statistics.median(side) for side in zip(*timed, strict=True)]
    print(f"  people/s: ours {speeds[0]:.1f}, theirs {speeds[1]:.1f} at {best} people in a picture")
    return [other / own for own, other in timed]


def whole_chain(parts: PoseComponents, call: Any, folder: Path, people: int, frames: int, pairs: int) -> list[float]:
    """Frames a second, a video to what is kept of it, over theirs, which does not track; prints both."""
    path = folder / f"{people}.mp4"
    options = VideoOptions(people=people, subjects=1, frames=frames)
    write_video(path, render_recording(options, 0, 0), options.image_size)
    footage = look_up([(path.name, path)], 30.0)

    def run(number: int) -> tuple[float, int]:
        store = KeypointStore(folder / f"store{people}_{number}", parts.identity, parts.name)
        begun = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            [outcome] = extract(footage, store, parts, 30.0)
        assert outcome.row is not None, outcome.fault
        return time.perf_counter() - begun, outcome.row["people"]

    def theirs() -> tuple[float, int]:
        seconds, count = call("video", path, folder / "theirs")
        return seconds, count

    found = run(0)[1], theirs()[1]
    timed = [(run(pair + 1)[0], theirs()[0]) for pair in range(pairs)]
    speeds = [frames / statistics.median(side) for side in zip(*timed, strict=True)]
    print(f"  frames/s: ours {speeds[0]:.1f}, theirs {speeds[1]:.1f}; people a frame: ours", end=" ")
    print(f"{found[0] / frames:.2f}, theirs {found[1] / frames:.2f}")
    return [other / own for own, other in timed]


def main() -> None:
    """Prints all ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--people", type=int, default=32, help="in our batch")
    parser.add_argument("--only", choices=("hrnet_w32", "demo"))
    args = parser.parse_args()
    import cv2
    import torch

    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    print(f"torch {torch.__version__}, {args.threads} threads, float32, CPU\n")
    detector = MMDetDetector("pose::demo/rtmdet_narrow.py", "pose::demo/rtmdet_narrow.safetensors", device="cpu")
    pictures = scenes(detector)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        finder = save(detector.network, folder / "detector.pth")
        for kind, flip_test, bound, frames in (
            ("hrnet_w32", True, "at least 1.3", 8),
            ("demo", False, "at least 3", 64),
        ):
            if args.only not in (None, kind):
                continue
            file = "pose::demo/hrnet_narrow.py", "pose::demo/hrnet_narrow.safetensors"
            config, weights = file if kind == "demo" else (HRNET, "random")
            estimator = MMPoseTopDown(config, weights, flip_test=flip_test, device="cpu")
            if kind == "hrnet_w32":
                draw_weights(estimator, *pictures[0])
            networks = {"estimator": save(estimator.network, folder / f"{kind}.pth"), "detector": finder}
            (folder / kind).mkdir()
            with inferencer(folder, args.threads, flip_test=flip_test, **networks) as call:
                check_alike(estimator, call, pictures)
                ratios = pose_stage(estimator, call, *pictures[0], args.people, args.pairs)
                show(f"{kind}: pose stage", ratios, bound)
                parts = PoseComponents(detector, estimator, OksNms(), ByteTracking(), people_per_batch=args.people)
                for people in (1, 8):
                    ratios = whole_chain(parts, call, folder / kind, people, frames, args.pairs)
                    show(f"{kind}: whole chain, {people} people drawn", ratios, "at least 1")


if __name__ == "__main__":
    main()
