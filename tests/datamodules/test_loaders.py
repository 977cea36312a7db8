"""Two loaders, the same batches; the order comes from seed and epoch; ranks share the windows out."""

from __future__ import annotations

import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from datamodules.frames import take_frames
from datamodules.loaders import EpochSampler, ResidentLoader, worker_loader
from datamodules.windows import Batch, Windows, index_windows
from tests.clips import make_clip

AnyLoader = ResidentLoader | DataLoader[Batch]


@pytest.fixture(scope="module")
def windows() -> Windows:
    table = take_frames([make_clip(80 + i, id=f"c{i}", seed=i) for i in range(3)], [0, 1, 2], 7)
    return Windows(table, index_windows(table, range(3), 7, 2, cover_end=True), 7)


def orders(size: int, seed: int, shuffle: bool, world_size: int, epoch: int = 0) -> list[list[int]]:
    samplers = [EpochSampler(size, seed, shuffle, rank, world_size) for rank in range(world_size)]
    for sampler in samplers:
        sampler.set_epoch(epoch)
        assert list(sampler) == sampler.order().tolist()
        assert len(sampler) == len(list(sampler))
    return [list(sampler) for sampler in samplers]


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 2**32 - 1), st.integers(0, 300))
def test_shuffled_ranks_cover_all_windows_and_repeat_only_what_makes_them_equal(
    size: int, world_size: int, seed: int, epoch: int
) -> None:
    shards = orders(size, seed, True, world_size, epoch)
    assert len({len(shard) for shard in shards}) == 1
    everything = [index for shard in shards for index in shard]
    assert set(everything) == set(range(size))
    assert len(everything) - size < world_size


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(1, 8))
def test_ranks_in_order_see_every_window_once(size: int, world_size: int) -> None:
    shards = orders(size, 0, False, world_size)
    assert sorted(index for shard in shards for index in shard) == list(range(size))
    assert all(shard == sorted(shard) for shard in shards)


def test_seed_and_epoch_alone_decide_the_order() -> None:
    def order(seed: int, epoch: int) -> tuple[int, ...]:
        torch.manual_seed(torch.seed())
        return tuple(orders(50, seed, True, 1, epoch)[0])

    assert order(1, 2) == order(1, 2)
    assert len({order(seed, epoch) for seed in range(5) for epoch in range(5)}) == 25


def test_the_order_of_a_seed_stays_what_it_was() -> None:
    assert orders(8, 3, True, 1, epoch=2) == [[2, 3, 5, 7, 4, 0, 6, 1]]


def test_drawing_an_order_leaves_the_global_random_numbers_alone(windows: Windows) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    for loader in both_loaders(windows, EpochSampler(len(windows), 0, shuffle=True), workers=0):
        torch.manual_seed(1)
        list(loader)
        assert torch.equal(torch.rand(3), expected)


def both_loaders(windows: Windows, sampler: EpochSampler, workers: int) -> list[AnyLoader]:
    return [ResidentLoader(windows, 16, sampler), worker_loader(windows, 16, sampler, workers, pin_memory=True)]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("shuffle", [True, False])
def test_both_loaders_give_the_same_batches_in_the_same_order(windows: Windows, workers: int, shuffle: bool) -> None:
    sampler = EpochSampler(len(windows), 5, shuffle)
    loaders = both_loaders(windows, sampler, workers)
    seen = []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        resident, fetched = (list(loader) for loader in loaders)
        assert len(resident) == len(fetched) == len(loaders[0]) == len(loaders[1]) == -(-len(windows) // 16)
        for a, b in zip(resident, fetched, strict=True):
            assert isinstance(b, Batch)
            assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
            assert a.keypoints.transpose(0, 1).is_contiguous()
            assert b.keypoints.transpose(0, 1).is_contiguous()
        seen.append(torch.cat([batch.keypoints for batch in resident]))
    assert torch.equal(*seen) != shuffle


def test_a_batch_is_the_windows_that_the_order_names(windows: Windows) -> None:
    sampler = EpochSampler(len(windows), 5, shuffle=True)
    batches = list(ResidentLoader(windows, 16, sampler))
    for number, index in enumerate(sampler):
        batch, row = batches[number // 16], number % 16
        start = int(windows.starts[index])
        assert torch.equal(batch.keypoints[row], windows.table.frames[start : start + 7])
        assert batch.target[row] == batch.clip[row] == windows[index].clip


def test_a_batch_is_fetched_in_one_call(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    gather = Windows.gather

    def count(self: Windows, index: torch.Tensor) -> Batch:
        asked.append(len(index))
        return gather(self, index)

    monkeypatch.setattr(Windows, "gather", count)
    monkeypatch.setattr(Windows, "__getitem__", None)
    full, rest = divmod(len(windows), 16)
    for loader in both_loaders(windows, EpochSampler(len(windows), 0, shuffle=True), workers=0):
        asked.clear()
        list(loader)
        assert asked == [16] * full + [rest]


def test_workers_are_other_processes_and_stay_over_epochs(windows: Windows) -> None:
    loader = worker_loader(windows, 16, EpochSampler(len(windows), 0, shuffle=True), 1, pin_memory=False)
    assert loader.num_workers == 1
    assert loader.persistent_workers
    list(loader)
    (worker,) = loader._iterator._workers  # type: ignore[union-attr]
    list(loader)
    assert worker.is_alive()
    assert worker.pid != os.getpid()


@pytest.mark.parametrize("workers", [0, 2])
def test_the_epoch_may_be_told_after_the_iterator_is_made(windows: Windows, workers: int) -> None:
    # Lightning does so in the first epoch after a resume.
    for loader in both_loaders(windows, sampler := EpochSampler(len(windows), 5, shuffle=True), workers):
        sampler.set_epoch(0)
        batches = iter(loader)
        sampler.set_epoch(7)
        clips = torch.cat([batch.clip for batch in batches])
        assert torch.equal(clips, windows.gather(sampler.order()).clip)
