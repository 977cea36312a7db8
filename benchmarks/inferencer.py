"""MMPoseInferencer in a process of its own, as a user would run it; what `benchmarks.extraction` compares with."""

from __future__ import annotations

import logging
import multiprocessing
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


@contextmanager
def inferencer(folder: Path, threads: int, **networks: Any) -> Iterator[Any]:
    """A function that calls a method of `_Inferencer` in a process of its own.

    Args:
        folder: for files.
        threads: of PyTorch and OpenCV.
        **networks: `estimator` and `detector`, each a path of a configuration and one of a .pth; `flip_test`.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, folder, threads, networks), daemon=True)
    process.start()

    def call(method: str, *arguments: Any) -> Any:
        here.send((method, arguments))
        return here.recv()

    yield call
    here.send(None)
    process.join()


def _serve(pipe: Any, folder: Path, threads: int, networks: dict[str, Any]) -> None:
    import cv2
    import torch

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    there = _Inferencer(folder, **networks)
    while message := pipe.recv():
        pipe.send(getattr(there, message[0])(*message[1]))


class _Inferencer:
    def __init__(self, folder: Path, estimator: Any, detector: Any, flip_test: bool) -> None:
        from pose.openmmlab.build import in_scope

        with in_scope("mmpose"):
            import mmpose.visualization  # noqa: F401 - enters its parts into the registry
            from mmpose.apis import MMPoseInferencer

            self.whole = MMPoseInferencer(
                pose2d=_completed(folder, estimator[0], "PoseLocalVisualizer", data_mode="topdown"),
                pose2d_weights=str(estimator[1]),
                det_model=_completed(folder, detector[0], "DetLocalVisualizer"),
                det_weights=str(detector[1]),
                det_cat_ids=0,
                device="cpu",
            )
        self.inner = self.whole.inferencer
        self.inner.show_progress = self.whole.show_progress = False
        self.inner.model.test_cfg["flip_test"] = flip_test
        self.detector = self.inner.detector

    def settings(self) -> tuple[Any, ...]:
        """Threads, precision and flip test, to be the same on both sides."""
        import torch

        model = self.inner.model
        return torch.get_num_threads(), str(next(model.parameters()).dtype), bool(model.test_cfg["flip_test"])

    def poses(self, image: Any, boxes: Any, times: int) -> tuple[float, Any, Any, Any]:
        """Seconds for a picture with these boxes, so many times; key points, scores and boxes of the last."""
        self.inner.detector = _Given(boxes)
        begun = time.perf_counter()
        for _ in range(times):
            [result] = self.whole(image, nms_thr=1.0, return_datasamples=True)
        seconds = time.perf_counter() - begun
        self.inner.detector = self.detector
        found = result["predictions"][0].pred_instances
        return seconds, found.keypoints, found.keypoint_scores, found.bboxes

    def video(self, path: Path, folder: Path) -> tuple[float, int]:
        """Seconds for a video to a JSON file, and how many people."""
        begun = time.perf_counter()
        people = sum(
            len(result["predictions"][0]) for result in self.whole(str(path), nms_thr=1.0, pred_out_dir=str(folder))
        )
        return time.perf_counter() - begun, people


class _Given:
    """In the detector's place: MMPoseInferencer takes no boxes from its caller."""

    def __init__(self, boxes: Any) -> None:
        import torch
        from mmdet.structures import DetDataSample
        from mmengine.structures import InstanceData

        labels, scores = torch.zeros(len(boxes), dtype=torch.long), torch.linspace(1, 0.9, len(boxes))
        instances = InstanceData(bboxes=torch.from_numpy(np.asarray(boxes)), scores=scores, labels=labels)
        self.sample = DetDataSample(pred_instances=instances)

    def __call__(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {"predictions": [self.sample]}


def _completed(folder: Path, path: Path, visualizer: str, **more: Any) -> str:
    """A copy with what the inferencers ask for and a configuration of our own has not."""
    from mmengine.config import Config

    config = Config.fromfile(str(path))
    config.setdefault("dataset_type", "CocoDataset")
    for name, value in more.items():
        config.setdefault(name, value)
    config.visualizer = {"type": visualizer, "vis_backends": [], "name": visualizer}
    copy = folder / f"complete_{Path(path).name}"
    config.dump(str(copy))
    return str(copy)
