"""Everybody's key points at once by MMPose: bottom-up and one-stage networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from pose.boxes import key_point_boxes
from pose.errors import DataError
from pose.interfaces import Boxes, Image, Poses
from pose.openmmlab.build import in_scope
from pose.openmmlab.head_precision import keep_heads_exact
from pose.openmmlab.network import Network
from pose.skeletons import get_skeleton


class MMPoseWholePicture:
    """Any bottom-up or one-stage estimator of MMPose.

    Args:
        config: `mmpose::FILE`, below the configs in MMPose's wheel; `pose::FILE`, below the package `pose`; or a path.
        weights: `official`, `random`, `random:SEED`, or a file (.safetensors or .pth).
        name: what it is called in the store; "" for the configuration's.
        skeleton: the layout of its joints, a name in `pose.skeletons`.
        score_threshold: people below are left out.
        max_people: at most so many in a picture, the best; None for all.
        flip_test: whether each picture is also estimated mirrored and the two averaged; None as the configuration says.
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
        skeleton: str = "coco17",
        score_threshold: float = 0.1,
        max_people: int | None = None,
        flip_test: bool | None = None,
        device: str = "auto",
        precision: str = "auto",
        cache: str | None = None,
    ) -> None:
        self.network = Network("mmpose", config, weights, device, precision, cache, name, self._adapt)
        self.skeleton = get_skeleton(skeleton).name
        self.score_threshold = score_threshold
        self.max_people = max_people
        self.flip_test = flip_test

    @property
    def identity(self) -> Mapping[str, object]:
        """The network, its test settings, and how its people are filtered."""
        return {
            **self.network.identity,
            "skeleton": self.skeleton,
            "score_threshold": self.score_threshold,
            "max_people": self.max_people,
            "flip_test": self.flip_test,
        }

    def find(self, images: Sequence[Image]) -> list[Poses]:
        """Return everybody in each picture, best first.

        Args:
            images: `[H, W, 3]` each, all of one size; one batch for the network, where its head can take one.

        Raises:
            DataError: the network cannot be had, or has other joints than the skeleton.
        """
        if not images:
            return []
        with self.network.running() as module:
            # DEKR's head takes one picture at a time.
            size = 1 if type(module.head).__name__ == "DEKRHead" else len(images)
            return [
                self._poses(sample.pred_instances)
                for start in range(0, len(images), size)
                for sample in self._predict(module, images[start : start + size])
            ]

    def _predict(self, module: Any, images: Sequence[Image]) -> Any:
        import torch
        from mmengine.dataset import pseudo_collate

        prepare, facts = self._preparation
        prepared = pseudo_collate([prepare({"img": image, **facts}) for image in images])
        batch = module.data_preprocessor(prepared)
        inputs = batch["inputs"]
        inputs = torch.stack(inputs) if isinstance(inputs, list) else inputs
        return module.predict(inputs.contiguous(memory_format=torch.channels_last), batch["data_samples"])

    @cached_property
    def _preparation(self) -> tuple[Any, dict[str, Any]]:
        """MMPose's own pipeline, and its metadata of the joints."""
        with in_scope("mmpose"):
            from mmengine.dataset import Compose
            from mmpose.apis.inference import dataset_meta_from_config

            facts = dataset_meta_from_config(self.network.config, "test")
            return Compose(self.network.pipeline), facts or {}

    def _adapt(self, module: Any) -> None:
        """Set the flip test.

        Raises:
            DataError: the network cannot do as asked.
        """
        keep_heads_exact(module)
        settings = module.test_cfg
        if self.flip_test is None:
            return
        if self.flip_test and "flip_test" not in settings:
            raise DataError(f"{self.network.file.name} has no flip test: leave flip_test=null")
        if not self.flip_test and settings.get("restore_heatmap_size", False):
            # MMPose 1.3 enlarges these heatmaps only as it averages two, and takes them to be large in any case.
            raise DataError(f"{self.network.file.name} works only with the flip test: use flip_test=true")
        settings["flip_test"] = self.flip_test

    def _poses(self, instances: Any) -> Poses:
        """Return the people of one picture, in descending order of their scores."""
        keypoints = np.asarray(instances.keypoints, np.float32).reshape(-1, get_skeleton(self.skeleton).num_joints, 2)
        scores = np.clip(np.asarray(instances.keypoint_scores, np.float32).reshape(keypoints.shape[:2]), 0, 1)
        people = np.asarray(instances.bbox_scores if "bbox_scores" in instances else scores.mean(axis=1), np.float32)
        boxes = instances.bboxes if "bboxes" in instances else key_point_boxes(keypoints)
        best = np.argsort(-people, kind="stable")[: self.max_people]
        best = best[people[best] >= self.score_threshold]
        xyxy = np.asarray(boxes, np.float32).reshape(-1, 4)[best]
        return Poses(keypoints[best], scores[best], Boxes(xyxy, np.clip(people[best], 0, 1)))
