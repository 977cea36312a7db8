"""Persons' boxes by MMDet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from pose.errors import DataError
from pose.interfaces import Boxes, Image
from pose.openmmlab.head_precision import keep_heads_exact
from pose.openmmlab.letterbox import Letterbox
from pose.openmmlab.network import Network


class MMDetDetector:
    """Any detector of MMDet that has a class for persons.

    Args:
        config: `mmdet::FILE`, below the configs in MMDet's wheel; `pose::FILE`, below the package `pose`; or a path.
        weights: `official`, `random`, `random:SEED`, or a file (.safetensors or .pth).
        name: what it is called in the store; "" for the configuration's.
        score_threshold: boxes below are left out.
        max_people: at most so many in a picture, the best; None for all.
        input_size: width and height in place of the configuration's; None for those.
        person_class: number of the class; 0 in COCO.
        device: `auto`, `cpu` or `cuda`.
        precision: `auto`, `float32`, `float16` or `bfloat16`.
        cache: folder for official weights, None for the user's own.

    Raises:
        DataError: there are no official weights for the configuration, or a value is not possible.
    """

    def __init__(
        self,
        config: str,
        weights: str = "official",
        name: str = "",
        score_threshold: float = 0.3,
        max_people: int | None = None,
        input_size: Sequence[int] | None = None,
        person_class: int = 0,
        device: str = "auto",
        precision: str = "auto",
        cache: str | None = None,
    ) -> None:
        self.network = Network("mmdet", config, weights, device, precision, cache, name, self._adapt)
        self.score_threshold = score_threshold
        self.max_people = max_people
        self.input_size = _check_size(input_size)
        self.person_class = person_class

    @property
    def identity(self) -> Mapping[str, object]:
        """The network and how its boxes are filtered."""
        return {
            **self.network.identity,
            "score_threshold": self.score_threshold,
            "max_people": self.max_people,
            "input_size": list(self.input_size) if self.input_size else None,
            "person_class": self.person_class,
        }

    def detect(self, images: Sequence[Image]) -> list[Boxes]:
        """Return the persons in each picture, best first.

        Args:
            images: `[H, W, 3]` each, all of one size; one batch for the network.

        Raises:
            DataError: the network cannot be had.
        """
        if not images:
            return []
        import torch
        from mmdet.structures import DetDataSample

        pixels, facts = self._letterbox.apply(images)
        tensors = torch.from_numpy(pixels).to(self.network.device).permute(0, 3, 1, 2)
        with self.network.running() as module:
            samples = [DetDataSample(metainfo=facts) for _ in images]
            batch = module.data_preprocessor({"inputs": list(tensors), "data_samples": samples})
            found = module.predict(batch["inputs"].contiguous(memory_format=torch.channels_last), batch["data_samples"])
            return [self._boxes(sample.pred_instances) for sample in found]

    @cached_property
    def _letterbox(self) -> Letterbox:
        return Letterbox.of_pipeline(self.network.pipeline, self.input_size)

    def _adapt(self, module: Any) -> None:
        """Skip what changes no box: masks, and boxes below the threshold before the suppression, not after it.

        A box suppresses only those with a lower score, so those that are left are the same.
        """
        roi_head = getattr(module, "roi_head", None)
        if roi_head is not None:
            roi_head.mask_head = None
        settings = (roi_head or module.bbox_head).test_cfg
        settings["score_thr"] = max(self.score_threshold, 0.0)
        keep_heads_exact(module)

    def _boxes(self, instances: Any) -> Boxes:
        """Return the boxes of persons, in descending order of their scores."""
        persons = instances[instances.labels == self.person_class]
        scores = persons.scores.float().cpu().numpy()
        xyxy = persons.bboxes.float().cpu().numpy()
        best = np.argsort(-scores, kind="stable")[: self.max_people]
        best = best[scores[best] >= self.score_threshold]
        return Boxes(xyxy[best].reshape(-1, 4), scores[best])


def _check_size(size: Sequence[int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    if len(size) != 2 or min(size) < 32:
        raise DataError(f"input_size={list(size)}: give width and height, 32 or more each, as [640,640]")
    return int(size[0]), int(size[1])
