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
from pose.drawn.videos import VideoOptions, film, write_video
from pose.extraction.parts import Parts
from pose.extraction.run import extract, look_up
from pose.extraction.store import KeypointStore
from pose.nms import OksNms
from pose.openmmlab.detectors import MMDetDetector
from pose.openmmlab.top_down import MMPoseTopDown
from pose.trackers.bytetrack import ByteTracking

HRNET = "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py"
BATCHES = (1, 2, 4, 8, 16, 32)
SURE = 0.3
"""Joints that score less are not compared."""
NEAR = 0.5
"""Pixels."""


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


def scene(detector: MMDetDetector) -> tuple[Any, Any]:
    """A drawn picture, and as many boxes as the largest batch: those that are found, moved a little."""
    [image] = film(VideoOptions(people=8, subjects=1, frames=1), 0, 0)
    found = detector.detect([image])[0].xyxy
    boxes = found[np.arange(max(BATCHES)) % len(found)]
    return image, (boxes + np.random.default_rng(0).uniform(-4, 4, boxes.shape)).astype(np.float32)


def pose_stage(estimator: MMPoseTopDown, call: Any, image: Any, boxes: Any, people: int, pairs: int) -> list[float]:
    """People a second over theirs at its best; prints both, and how far key points lie apart."""
    import torch

    ours = torch.get_num_threads(), str(next(estimator.network.module.parameters()).dtype), estimator.flip_test
    assert call("settings") == ours, f"{call('settings')} is not {ours}"
    boxes = np.resize(boxes, (people, 4)) if people > len(boxes) else boxes

    def run() -> tuple[float, Any, Any]:
        begun = time.perf_counter()
        keypoints, scores = estimator.estimate(estimator.crop(image, boxes[:people]))
        return time.perf_counter() - begun, keypoints, scores

    def theirs(batch: int) -> tuple[float, Any, Any, Any]:
        return call("poses", image, boxes[:batch], people // batch)

    batches = [batch for batch in BATCHES if batch <= people]
    for batch in batches:
        theirs(batch)
    rates = {batch: people // batch * batch / theirs(batch)[0] for batch in batches}
    best = max(rates, key=lambda batch: rates[batch])
    print("  theirs, people/s by people in a picture: " + ", ".join(f"{b}: {rate:.1f}" for b, rate in rates.items()))
    _, keypoints, scores = run()
    _, expected, _, same = theirs(batches[-1])
    count = batches[-1]
    assert np.array_equal(same, boxes[:count]), "the boxes are not the same"
    sure = scores[:count] >= SURE
    near = np.linalg.norm(keypoints[:count] - expected, axis=-1)[sure] <= NEAR
    print(f"  within {NEAR} pixel: {100 * near.mean():.2f} % of {sure.sum()} joints that score {SURE} or more")
    timed = [(run()[0], theirs(best)[0] / (people // best * best) * people) for _ in range(pairs)]
    speeds = [people / statistics.median(side) for side in zip(*timed, strict=True)]
    print(f"  people/s: ours {speeds[0]:.1f}, theirs {speeds[1]:.1f} at {best} people in a picture")
    return [other / own for own, other in timed]


def whole_chain(parts: Parts, call: Any, folder: Path, people: int, pairs: int) -> list[float]:
    """Frames a second, a video to what is kept of it, over theirs, which does not track; prints both."""
    frames = 64
    path = folder / f"{people}.mp4"
    options = VideoOptions(people=people, subjects=1, frames=frames)
    write_video(path, film(options, 0, 0), options.image_size)
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
    image, boxes = scene(detector)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        finder = save(detector.network, folder / "detector.pth")
        for kind, flip_test, bound in (("hrnet_w32", True, "at least 1.3"), ("demo", False, "at least 3")):
            if args.only not in (None, kind):
                continue
            file = "pose::demo/hrnet_narrow.py", "pose::demo/hrnet_narrow.safetensors"
            config, weights = file if kind == "demo" else (HRNET, "random")
            estimator = MMPoseTopDown(config, weights, flip_test=flip_test, device="cpu")
            if kind == "hrnet_w32":
                draw_weights(estimator, image, boxes)
            networks = {"estimator": save(estimator.network, folder / f"{kind}.pth"), "detector": finder}
            with inferencer(folder, args.threads, flip_test=flip_test, **networks) as call:
                ratios = pose_stage(estimator, call, image, boxes, args.people, args.pairs)
                show(f"{kind}: pose stage", ratios, bound)
                parts = Parts(detector, estimator, OksNms(), ByteTracking(), people_per_batch=args.people)
                for people in (1, 8) if kind == "demo" else ():
                    ratios = whole_chain(parts, call, folder, people, args.pairs)
                    show(f"{kind}: whole chain, {people} people drawn", ratios, "at least 1")


if __name__ == "__main__":
    main()
