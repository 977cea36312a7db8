"""The data module that all sources share: clips -> split -> windows -> batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from datamodules.frames import FrameTable, take_frames
from datamodules.loaders import EpochSampler, ResidentLoader, worker_loader
from datamodules.partition import ClipNames, Partition, Windowing, make_partition, subsample_train
from datamodules.splits import Split
from datamodules.windows import Batch
from pose.clip import Clip, Source
from pose.errors import DataError
from pose.skeletons import Skeleton, get_skeleton

Loader = ResidentLoader | DataLoader[Batch]

_CHUNK = 2_048  # frames, or windows, that are looked at at once


class KeypointDataModule(LightningDataModule):
    """Windows of key points from any source. A subclass says where the clips come from.

    Args:
        split: how the data is divided, `datamodules.splits.Split` or its arguments.
        sequence_length: frames a window, at least 1.
        stride: frames from one training window to the next, at least 1.
        eval_stride: the same for validation and test.
        batch_size: windows a step, over all processes.
        loader: `resident` keeps the frames on the training device, `workers` uses DataLoader processes.
        num_workers: of `workers`.
        pin_memory: of `workers`.
        normalize: which normaliser the network's input goes through; for the one who builds it, unused here.
        scores: the score of a joint is one more channel.
        velocity: the network's input also says how coordinates change; for the one who builds it, unused here.
        train_fraction: share of the training windows to keep, in (0, 1]; see `datamodules.partition.subsample_train`.
        classes: names of the classes to keep, in the order of their index; all by default.
        abnormal_classes: names of the classes that should raise an alarm.
        order_seed: of the order of the training batches.
        test_curve: the test part is looked at after every epoch, in place of a validation part.

    Attributes:
        class_names: names of the classes by index; this and what follows is known from `setup` on.
        clip_names: what each clip is called, by index.
        skeleton: of all clips.
        fps: frames a second.
        num_coordinates: 2 or 3.
        table: the frames of all clips.
    """

    class_names: tuple[str, ...]
    clip_names: list[ClipNames]
    skeleton: Skeleton
    fps: float
    num_coordinates: int
    table: FrameTable
    _on_device: FrameTable

    def __init__(
        self,
        split: Split | Mapping[str, Any],
        sequence_length: int = 9,
        stride: int = 9,
        eval_stride: int = 9,
        batch_size: int = 256,
        loader: Literal["resident", "workers"] = "resident",
        num_workers: int = 2,
        pin_memory: bool = True,
        normalize: str = "standard",
        scores: bool = False,
        velocity: bool = False,
        train_fraction: float = 1.0,
        classes: Sequence[str] | None = None,
        abnormal_classes: Sequence[str] = (),
        order_seed: int = 0,
        test_curve: bool = False,
    ) -> None:
        super().__init__()
        self.split = split if isinstance(split, Split) else Split(**split)
        self.sequence_length = sequence_length
        self.stride = stride
        self.eval_stride = eval_stride
        self.batch_size = batch_size
        self.loader = loader
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.normalize = normalize
        self.scores = scores
        self.velocity = velocity
        self.train_fraction = train_fraction
        self.classes = classes
        self.abnormal_classes = tuple(abnormal_classes)
        self.order_seed = order_seed
        self.test_curve = test_curve
        self._parts: Partition | None = None
        self._tracks_left_out: int | None = None

    def source(self) -> Source:
        """Return where the clips come from."""
        raise TypeError(f"{type(self).__name__} has no source of clips: write its method source()")

    def setup(self, stage: str | None = None) -> None:
        """Read, divide and index the data once; later calls do nothing.

        Raises:
            DataError: the data cannot be read, or not be divided as asked.
        """
        if self._parts is not None:
            return
        source = self.source()
        self.class_names = self._choose_classes(source.class_names)
        clips = self._keep_classes(source.clips())
        self.skeleton = get_skeleton(clips[0].skeleton)
        self.fps = clips[0].fps
        self.num_coordinates = clips[0].num_coordinates
        labels = [self.class_names.index(str(clip.label)) for clip in clips]
        self.clip_names = [ClipNames(clip.id, clip.recording, clip.subject, clip.camera) for clip in clips]
        self.table = take_frames(clips, labels, self.sequence_length, self.scores)
        windowing = Windowing(self.sequence_length, self.stride, self.eval_stride)
        parts = make_partition(self.table, self.clip_names, source.splits, self.split, windowing, self.class_names)
        # 0 and 1 drew test and validation.
        self._parts = subsample_train(parts, self.train_fraction, self.split.seed + 2)
        self._on_device = self.table
        self._tracks_left_out = getattr(source, "left_out", None)

    def _choose_classes(self, available: Sequence[str]) -> tuple[str, ...]:
        chosen = tuple(self.classes) if self.classes is not None else tuple(available)
        for key, names in (("classes", chosen), ("abnormal_classes", self.abnormal_classes)):
            unknown = [name for name in names if name not in available]
            if unknown:
                known = ", ".join(available)
                raise DataError(f"`{key}` names '{unknown[0]}', which is not one of the classes: {known}")
        self.abnormal_classes = tuple(name for name in self.abnormal_classes if name in chosen)
        return chosen

    def _keep_classes(self, clips: Sequence[Clip]) -> list[Clip]:
        kept = [clip for clip in clips if clip.label in self.class_names]
        present = {clip.label for clip in kept}
        if len(present) < 2:
            raise DataError(
                f"the data holds {len(present)} of the classes {', '.join(self.class_names)}: two are needed"
            )
        return kept

    @property
    def parts(self) -> Partition:
        """The divided data.

        Raises:
            RuntimeError: `setup` was not called.
        """
        if self._parts is None:
            raise RuntimeError("call setup() first")
        return self._parts

    @cached_property
    def digest(self) -> str:
        """Digest of all key points and labels as the network gets them, the same on every machine."""
        self.setup()
        return self.table.digest()

    @property
    def num_channels(self) -> int:
        """C of the network's input: coordinates, and one more for the score where it is asked for."""
        return int(self.table.frames.shape[2])

    @property
    def has_validation(self) -> bool:
        """Whether there is a validation part."""
        return len(self.parts.windows["val"]) > 0

    @property
    def curve_parts(self) -> list[str]:
        """The parts that are looked at after every epoch."""
        return [*(["val"] if self.has_validation else []), *(["test"] if self.test_curve else [])]

    @property
    def part_sizes(self) -> dict[str, int]:
        """Number of windows of each part."""
        return {part: len(windows) for part, windows in self.parts.windows.items()}

    def summary(self) -> dict[str, int]:
        """Count what belongs beside every result: windows and clips a part, what was padded, filled in or left out."""
        counts = {f"windows_{part}": size for part, size in self.part_sizes.items()}
        counts |= {f"clips_{part}": len(clips) for part, clips in self.parts.clips.items()}
        if self._tracks_left_out is not None:
            counts["tracks_left_out"] = self._tracks_left_out
        return counts | {
            "frames": len(self.table.frames),
            "clips_padded": self.table.padded,
            "joints_interpolated": self.table.missing,
            "frames_in_no_window": self.parts.uncovered_frames,
            "windows_left_out": self.parts.unused_windows,
        }

    def part_digest(self, part: str) -> str:
        """Return a digest of which windows are in a part, with the data they are cut from."""
        digest = hashlib.blake2b(self.digest.encode(), digest_size=16)
        digest.update(self.parts.windows[part].starts.numpy().data)
        return digest.hexdigest()

    def train_frames(self) -> Iterator[torch.Tensor]:
        """Yield the frames that training windows cover, each once, in chunks `[n, V, C]`; to fit a normaliser."""
        windows = self.parts.windows["train"]
        used = torch.zeros(len(self.table.frames), dtype=torch.bool)
        for starts in torch.split(windows.starts, _CHUNK):
            used[(starts[:, None] + torch.arange(self.sequence_length)).flatten()] = True
        for frames, mask in zip(torch.split(self.table.frames, _CHUNK), torch.split(used, _CHUNK), strict=True):
            yield frames[mask]

    def batches(self, part: str) -> Iterator[Batch]:
        """Yield all windows of a part in their order, on the CPU, some thousands at a time."""
        windows = self.parts.windows[part]
        for index in torch.split(torch.arange(len(windows)), _CHUNK):
            yield windows.gather(index)

    def train_counts(self) -> torch.Tensor:
        """Count the training windows of each class, `[K]` int64."""
        return torch.bincount(self.parts.windows["train"].targets(), minlength=len(self.class_names))

    def train_dataloader(self) -> Loader:
        """Return the training windows, in a new order each epoch."""
        return self._loader("train", shuffle=True)

    def val_dataloader(self) -> list[Loader]:
        """Return the windows of the parts that `curve_parts` names, for a look after every epoch."""
        return [self._loader(part, shuffle=False) for part in self.curve_parts]

    def test_dataloader(self) -> Loader:
        """Return the test windows."""
        return self._loader("test", shuffle=False)

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Move a batch that is not there already; Lightning's walk through one that is costs more than the gather."""
        if isinstance(batch, Batch) and batch.target.device == device:
            return batch
        return super().transfer_batch_to_device(batch, device, dataloader_idx)

    def _loader(self, part: str, shuffle: bool) -> Loader:
        windows = self.parts.windows[part]
        rank, world_size = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        sampler = EpochSampler(len(windows), self.order_seed, shuffle, rank, world_size)
        batch_size = -(-self.batch_size // world_size)
        if self.loader == "workers":
            return worker_loader(windows, batch_size, sampler, self.num_workers, self.pin_memory)
        device = self.trainer.strategy.root_device if self.trainer else torch.device("cpu")
        self._on_device = self._on_device.to(device)
        return ResidentLoader(windows.on(self._on_device), batch_size, sampler)
