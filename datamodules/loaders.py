"""Two ways from windows to batches, with the same batches in the same order."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader, Sampler

from datamodules.windows import Batch, Windows


class EpochSampler(Sampler[int]):
    """Order of the windows in an epoch, from (seed, epoch) alone, so that a resumed run meets the same batches.

    Args:
        size: number of windows.
        seed: of the order.
        shuffle: false for first to last.
        rank: which of the processes this is.
        world_size: processes that share the windows out. Shuffled, each gets equally many: the first few windows of the
            order twice if need be; in order, nothing is twice.

    Example:
        >>> sampler = EpochSampler(5, seed=0, shuffle=True)
        >>> first = sampler.order().tolist()
        >>> sampler.set_epoch(1)
        >>> sorted(first) == sorted(sampler), first == sampler.order().tolist()
        (True, False)
    """

    def __init__(self, size: int, seed: int, shuffle: bool, rank: int = 0, world_size: int = 1) -> None:
        self.size = size
        self.seed = seed
        self.shuffle = shuffle
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Take the order of another epoch; Lightning calls this before each."""
        self.epoch = epoch

    def __len__(self) -> int:
        if self.shuffle:
            return -(-self.size // self.world_size)
        return len(range(self.rank, self.size, self.world_size))

    def order(self) -> torch.Tensor:
        """Return this process's windows in this epoch's order, int32."""
        if not self.shuffle:
            return torch.arange(self.size, dtype=torch.int32)[self.rank :: self.world_size]
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(self.size, generator=generator, dtype=torch.int32)
        if self.world_size == 1:
            return order
        mine = torch.arange(self.rank, len(self) * self.world_size, self.world_size)
        return order[mine % self.size]

    def __iter__(self) -> Iterator[int]:
        return iter(self.order().tolist())


class ResidentLoader:
    """Batches of windows whose frames live on the training device: one gather a batch, no processes, no copies.

    Args:
        windows: on the device.
        batch_size: windows a batch; the last one may be smaller.
        sampler: order of the windows.

    Example:
        >>> from datamodules.frames import FrameTable
        >>> table = FrameTable(torch.zeros(8, 17, 2), torch.tensor([0, 8]), torch.tensor([1]), padded=0, missing=0)
        >>> windows = Windows(table, starts=torch.tensor([0, 2, 4]), sequence_length=4)
        >>> loader = ResidentLoader(windows, batch_size=2, sampler=EpochSampler(3, seed=0, shuffle=True))
        >>> [batch.keypoints.shape for batch in loader]
        [torch.Size([2, 4, 17, 2]), torch.Size([1, 4, 17, 2])]
    """

    def __init__(self, windows: Windows, batch_size: int, sampler: EpochSampler) -> None:
        self.windows = windows
        self.batch_size = batch_size
        self.sampler = sampler  # Lightning tells it the epoch
        self.batch_sampler = None  # Lightning asks for it

    def __len__(self) -> int:
        return -(-len(self.sampler) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = self.sampler.order().to(self.windows.starts.device)
        for index in torch.split(order, self.batch_size):
            yield self.windows.gather(index)


class _WorkerLoader(DataLoader[Batch]):
    """A DataLoader that asks the sampler for its order when the first batch is wanted.

    Lightning makes the iterator of a resumed run's first epoch before it tells the sampler the epoch (at that time its
    own `current_epoch` is one behind), and worker processes would start on another epoch's order.
    """

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        yield from super().__iter__()


def worker_loader(
    windows: Windows, batch_size: int, sampler: EpochSampler, num_workers: int, pin_memory: bool
) -> DataLoader[Batch]:
    """Return PyTorch's DataLoader over the same windows: worker processes fetch a whole batch in one gather."""
    return _WorkerLoader(
        windows,  # type: ignore[arg-type]  # has __len__, __getitem__ and __getitems__, which is all that is asked for
        batch_size=batch_size,
        sampler=sampler,
        num_workers=num_workers,
        pin_memory=pin_memory and torch.cuda.is_available(),
        persistent_workers=num_workers > 0,
        collate_fn=_as_is,  # type: ignore[arg-type]  # gets what __getitems__ gave: a batch
        # Without its own generator the loader draws a seed from the global one, which dropout uses too.
        generator=torch.Generator().manual_seed(sampler.seed),
    )


def _as_is(batch: Batch) -> Batch:
    return batch
