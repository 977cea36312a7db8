"""Prints the peak memory of a data module with 200,000 windows of stride 1, over the bytes of its raw key points."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from datamodules.keypoints import KeypointDataModule
from lightning_modules.normalizers import make_normalizer
from pose.clip import Clip, Source

_CLIPS, _LENGTH = 100, 2_008  # 2,000 windows of 9 frames each


class _Raw:
    """Clips as views into one array, as the readers give them."""

    class_names = ("first", "second")
    splits: Mapping[str, frozenset[str]] = MappingProxyType({})

    def __init__(self, length: int = _LENGTH) -> None:
        rng = np.random.default_rng(0)
        self.length = length
        self.keypoints = np.empty((_CLIPS * length, 17, 2), np.float32)
        for rows in np.split(self.keypoints, _CLIPS):
            rows[:] = rng.random(rows.shape, np.float32)
        self.scores = np.ones((length, 17), np.float32)

    def clips(self) -> list[Clip]:
        return [
            Clip(str(i), rows, self.scores, self.class_names[i % 2], str(i))
            for i, rows in enumerate(np.split(self.keypoints, _CLIPS))
        ]


class _Data(KeypointDataModule):
    def __init__(self, raw: _Raw, protocol: str) -> None:
        super().__init__(split={"protocol": protocol, "val_fraction": 0.0}, stride=1, eval_stride=1)
        self.raw = raw

    def source(self) -> Source:
        return self.raw


def _peak() -> int:
    """Largest resident size so far, in bytes."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def _use(data: _Data) -> None:
    data.setup()
    normalizer = make_normalizer("standard", 17, 2, 2)
    normalizer.fit(data.train_frames())
    for loader in (data.train_dataloader(), data.test_dataloader()):
        for batch in loader:
            normalizer(batch.keypoints)


def main() -> None:
    """Measures once."""
    _use(_Data(_Raw(20), sys.argv[1]))  # code that is loaded on first use is not the windows'
    raw = _Raw()
    data = _Data(raw, sys.argv[1])
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _peak()
    _use(data)
    size = raw.keypoints.nbytes
    print((size + _peak() - before) / size)


if __name__ == "__main__":
    main()
