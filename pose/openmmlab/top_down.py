"""Key points of persons in boxes by MMPose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from pose.errors import DataError
from pose.interfaces import Array, Crops, Image
from pose.openmmlab.cpu.parallel import on_each_core
from pose.openmmlab.crops import Cropper
from pose.openmmlab.decoding import decode
from pose.openmmlab.network import Network
from pose.skeletons import get_skeleton

_PIXELS_IN_CACHE = 8 * 256 * 192  # of crops that a thread takes through the network at once


class MMPoseTopDown:
    """Any top-down estimator of MMPose whose head predicts heatmaps or SimCC's distributions.

    Args:
        config: `mmpose::FILE`, below the configs in MMPose's wheel; `pose::FILE`, below the package `pose`; or a path.
        weights: `official`, `random`, `random:SEED`, or a file (.safetensors or .pth).
        name: what it is called in the store; "" for the configuration's.
        skeleton: the layout of its joints, a name in `pose.skeletons`.
        flip_test: whether each crop is also estimated mirrored and the two averaged: a little better, half as fast.
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
        flip_test: bool = True,
        device: str = "auto",
        precision: str = "auto",
        cache: str | None = None,
    ) -> None:
        self.network = Network("mmpose", config, weights, device, precision, cache, name)
        self.skeleton = get_skeleton(skeleton).name
        self.flip_test = flip_test

    @property
    def identity(self) -> Mapping[str, object]:
        """The network and its test settings."""
        return {**self.network.identity, "skeleton": self.skeleton, "flip_test": self.flip_test}

    def crop(self, image: Image, boxes: Array) -> Crops:
        """Cut boxes out of a picture. Reads the configuration, but does not build the network.

        Args:
            image: `[H, W, 3]`.
            boxes: `[N, 4]` x1, y1, x2, y2 in pixels.
        """
        return self._cropper.crop(image, boxes)

    def estimate(self, crops: Crops) -> tuple[Array, Array]:
        """Return key points `[N, V, 2]` in their pictures' pixels, and scores `[N, V]`; one batch for the network.

        Raises:
            DataError: the network cannot be had, or has other joints than the skeleton.
        """
        joints = get_skeleton(self.skeleton).num_joints
        if not len(crops):
            return np.empty((0, joints, 2), np.float32), np.empty((0, joints), np.float32)
        keypoints, scores = self._predict(crops.pixels)
        if scores.shape[1] != joints:
            raise DataError(f"the network finds {scores.shape[1]} joints, skeleton={self.skeleton} has {joints}")
        keypoints = self._cropper.to_crop_pixels(keypoints)
        scale, offset = crops.to_picture[:, :, :2], crops.to_picture[:, None, :, 2]
        return (keypoints @ scale.transpose(0, 2, 1) + offset).astype(np.float32), scores

    @cached_property
    def _cropper(self) -> Cropper:
        return Cropper.of_pipeline(self.network.pipeline)

    def _predict(self, pixels: Image) -> tuple[Array, Array]:
        """Return key points `[N, V, 2]` in the codec's pixels, and scores `[N, V]`."""
        with self.network.running() as module:
            if not self.network.in_float32_on_cpu or self._fused is None:
                return self._predict_part(module, _eager(module), pixels)
            most = max(1, _PIXELS_IN_CACHE // (pixels.shape[1] * pixels.shape[2]))
            found = on_each_core(lambda rows: self._predict_part(module, self._fused, pixels[rows]), len(pixels), most)
        return np.concatenate([keypoints for keypoints, _ in found]), np.concatenate([scores for _, scores in found])

    def _predict_part(self, module: Any, network: Callable[[Any], Any], pixels: Image) -> tuple[Array, Array]:
        return decode(self._forward(module, network, self._inputs(module, pixels)), module.head.decoder)

    @cached_property
    def _fused(self) -> Any:
        """The network for inference on a CPU, None where there is none."""
        from pose.openmmlab.cpu.fuse import fuse_top_down

        return fuse_top_down(self.network.module)

    def _inputs(self, module: Any, pixels: Image) -> Any:
        """Normalise as the configuration's preprocessor does, `[N, 3, h, w]` in channels_last."""
        import torch

        preprocessor = module.data_preprocessor
        inputs = torch.from_numpy(pixels).to(self.network.device)
        if preprocessor._channel_conversion:
            inputs = inputs.flip(-1)
        if preprocessor._enable_normalize:
            inputs = (inputs - preprocessor.mean.flatten()).div_(preprocessor.std.flatten())
        return inputs.float().permute(0, 3, 1, 2)

    def _forward(self, module: Any, network: Callable[[Any], Any], inputs: Any) -> Any:
        """Return the head's outputs, averaged with those of the mirrored crops where that is asked for."""
        outputs = network(inputs)
        if not self.flip_test:
            return outputs
        mirrored = self._mirror(module, network(inputs.flip(-1)))
        if isinstance(outputs, tuple):
            return tuple((output + other) * 0.5 for output, other in zip(outputs, mirrored, strict=True))
        return (outputs + mirrored) * 0.5

    def _mirror(self, module: Any, outputs: Any) -> Any:
        """Mirror the outputs of mirrored crops back."""
        from mmpose.models.utils.tta import flip_heatmaps, flip_vectors

        indices = list(get_skeleton(self.skeleton).mirror)
        if isinstance(outputs, tuple):
            return flip_vectors(*outputs, flip_indices=indices)
        settings = module.test_cfg
        return flip_heatmaps(
            outputs.contiguous(),
            flip_indices=indices,
            flip_mode=settings.get("flip_mode", "heatmap"),
            shift_heatmap=settings.get("shift_heatmap", False),
        )


def _eager(module: Any) -> Callable[[Any], Any]:
    """Return the network as MMPose runs it, from inputs to the head's outputs."""
    return lambda inputs: module.head.forward(module.extract_feat(inputs))
