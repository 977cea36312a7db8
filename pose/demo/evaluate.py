"""Measures the demo's networks on drawn people they were not trained on: `python -m pose.demo.evaluate`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from pose.demo.data import HELD_OUT_SEED, held_out_frames
from pose.demo.scoring import MIRROR, PersonOutcome, box_ap, judge, match
from pose.demo.train import HERE
from pose.interfaces import Boxes
from pose.io.atomic import write_atomically
from pose.openmmlab.detectors import MMDetDetector
from pose.openmmlab.top_down import MMPoseTopDown
from pose.rendering.scene import RenderedFrame
from pose.simulator.scenes import ACTIONS
from pose.skeletons import get_skeleton

SURE = 0.3
"""Score of a box that key points are looked for in."""
LEAST = 0.05
"""Score of a box that counts for the average precision."""
BATCH = 32


@dataclass(frozen=True, eq=False, slots=True)
class Evaluation:
    """Both networks' results.

    Args:
        frames: how many pictures.
        person_ap: of the boxes, at an intersection over union of 0.5.
        outcomes: of each person of whom enough is seen.
    """

    frames: int
    person_ap: float
    outcomes: list[PersonOutcome]

    def pck(self, level: int = 2, action: str | None = None, joint: int | None = None) -> float:
        """Return the share of joints that were found within half a head's length, NaN if there are none.

        Args:
            level: 2 for joints that are seen, 1 for hidden ones in the picture.
            action: of people who do this only.
            joint: this one only.
        """
        outcomes = [outcome for outcome in self.outcomes if action in (None, outcome.action)]
        evaluated = np.stack([outcome.visible == level for outcome in outcomes])
        correct = np.stack([outcome.correct for outcome in outcomes])
        columns = slice(None) if joint is None else [joint]
        return float(correct[:, columns][evaluated[:, columns]].mean()) if evaluated[:, columns].any() else float("nan")

    def swaps(self, action: str | None = None) -> float:
        """Return the share of visible joints with a side that were found where the other side's joint is."""
        outcomes = [outcome for outcome in self.outcomes if action in (None, outcome.action)]
        evaluated = np.stack([(outcome.visible == 2) & (np.arange(17) != MIRROR) for outcome in outcomes])
        return float(np.stack([outcome.swapped for outcome in outcomes])[evaluated].mean())


def load_networks(detector: Path | None = None, estimator: Path | None = None) -> tuple[MMDetDetector, MMPoseTopDown]:
    """Return both networks, which are loaded when they are first used.

    Args:
        detector: a safetensors file of weights; the one in the repository if None.
        estimator: the same.
    """
    config, weights = "pose::demo/rtmdet_narrow.py", detector or HERE / "rtmdet_narrow.safetensors"
    boxes = MMDetDetector(config, str(weights), score_threshold=LEAST, device="cpu")
    config, weights = "pose::demo/hrnet_narrow.py", estimator or HERE / "hrnet_narrow.safetensors"
    return boxes, MMPoseTopDown(config, str(weights), flip_test=False, device="cpu")


def evaluate(
    frames: Iterable[RenderedFrame], detector_weights: Path | None, estimator_weights: Path | None
) -> Evaluation:
    """Run detector and estimator over drawn pictures and compare them with the truth.

    Args:
        frames: the pictures.
        detector_weights: a safetensors file; the one in the repository if None.
        estimator_weights: the same.
    """
    detector, estimator = load_networks(detector_weights, estimator_weights)
    found: list[Boxes] = []
    people, outcomes = [], []
    frames = iter(frames)
    while batch := list(islice(frames, BATCH)):
        for frame, boxes in zip(batch, detector.detect([frame.image for frame in batch]), strict=True):
            found.append(boxes)
            people.append(frame.people)
            sure = Boxes(boxes.xyxy[boxes.scores >= SURE], boxes.scores[boxes.scores >= SURE])
            keypoints, _ = estimator.estimate(estimator.crop(frame.image, sure.xyxy))
            for person, owner in zip(frame.people, match(sure, frame.people), strict=True):
                if person.shown:
                    outcomes.append(judge(person, keypoints[owner] if owner >= 0 else None))
    return Evaluation(len(found), box_ap(found, people), outcomes)


def as_table(evaluation: Evaluation) -> str:
    """Return the results in Markdown."""
    outcomes = evaluation.outcomes
    lines = [
        f"{evaluation.frames} pictures, {len(outcomes)} people. Person AP at IoU 0.5: {evaluation.person_ap:.1%}.",
        "",
        "| people | number | found | PCK, seen joints | PCK, hidden joints | left/right swaps |",
        "|---|---|---|---|---|---|",
    ]
    for action in (None, *ACTIONS):
        those = [outcome for outcome in outcomes if action in (None, outcome.action)]
        if those:
            share = np.mean([outcome.found for outcome in those])
            seen, hidden = evaluation.pck(2, action), evaluation.pck(1, action)
            row = f"| {action or 'all'} | {len(those)} | {share:.1%} | {seen:.1%} | {hidden:.1%} |"
            lines.append(f"{row} {evaluation.swaps(action):.1%} |")
    lines += ["", "| joint | PCK, seen | PCK, hidden |", "|---|---|---|"]
    for joint, name in enumerate(get_skeleton("coco17").joints):
        seen, hidden = evaluation.pck(2, None, joint), evaluation.pck(1, None, joint)
        lines.append(f"| {name.replace('_', ' ')} | {seen:.1%} | {hidden:.1%} |")
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=500, help="with two pictures each")
    parser.add_argument("--seed", type=int, default=HELD_OUT_SEED, help="of scenes; not one of training")
    parser.add_argument("--detector", type=Path, help="weights; those in the repository if not given")
    parser.add_argument("--estimator", type=Path, help="weights; those in the repository if not given")
    parser.add_argument("--out", type=Path, default=Path("outputs/demo/evaluation.md"))
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(arguments)
    torch.set_num_threads(args.threads)
    table = as_table(evaluate(held_out_frames(args.scenes, args.seed), args.detector, args.estimator))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(args.out, table.encode())
    print(table)


if __name__ == "__main__":
    main()
