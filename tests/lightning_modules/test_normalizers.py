"""Normalisers against numpy, and what they must not change."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_modules.normalizers import (
    BodyNormalizer,
    Normalizer,
    StandardNormalizer,
    WithVelocity,
    make_normalizer,
)
from tests.clips import make_data, make_people


def pixels(*shape: int, seed: int = 0) -> torch.Tensor:
    """Key points as they are in practice: far from 0, close to each other."""
    return torch.from_numpy(np.random.default_rng(seed).normal(1500, 8, shape).astype(np.float32))


def fitted(frames: torch.Tensor, chunk: int = 1000) -> StandardNormalizer:
    normalizer = StandardNormalizer(frames.shape[1], frames.shape[2], frames.shape[2])
    normalizer.fit(frames.split(chunk))
    return normalizer


def test_standard_has_the_mean_and_deviation_that_numpy_finds_in_double() -> None:
    frames = pixels(3000, 4, 2) * torch.tensor([1.0, 0.01])
    normalizer = fitted(frames)
    rows = frames.numpy().reshape(3000, 8).astype(np.float64)
    np.testing.assert_allclose(normalizer.mean.numpy(), rows.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(normalizer.std.numpy(), rows.std(axis=0), rtol=1e-6)


@pytest.mark.parametrize("protocol", ["subject", "window"])
def test_standard_gives_mean_0_and_variance_1_on_the_training_frames_only(protocol: str) -> None:
    data = make_data(make_people(length=40), split={"protocol": protocol}, sequence_length=9, stride=9)
    normalizer = StandardNormalizer(3, 2, 2)
    normalizer.fit(data.train_frames())
    train = torch.cat(list(data.train_frames()))
    features = normalizer(train.unsqueeze(0))[0].double()
    torch.testing.assert_close(features.mean(dim=0), torch.zeros(6).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(features.var(dim=0, unbiased=False), torch.ones(6).double(), atol=1e-5, rtol=0)
    everything = normalizer(data.table.frames.unsqueeze(0))[0]
    assert everything.mean(dim=0).abs().max() > 1e-4


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(0, 100))
def test_how_the_frames_are_cut_into_chunks_does_not_matter(chunks: list[int], seed: int) -> None:
    frames = pixels(sum(chunks) + 2, 3, 2, seed=seed)
    normalizer = StandardNormalizer(3, 2, 2)
    normalizer.fit(frames.split([*chunks, 2]))
    at_once = fitted(frames, len(frames))
    torch.testing.assert_close(normalizer.mean, at_once.mean, rtol=1e-6, atol=0)
    torch.testing.assert_close(normalizer.std, at_once.std, rtol=1e-5, atol=1e-6)


def test_a_coordinate_that_never_changes_becomes_0() -> None:
    frames = pixels(100, 2, 2)
    frames[:, 1, 0] = 1234.567
    features = fitted(frames)(frames.unsqueeze(0))
    assert torch.isfinite(features).all()
    assert (features[..., 2] == 0).all()


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_fitting_leaves_the_frames_as_they_are(kind: torch.dtype) -> None:
    frames = pixels(50, 2, 2).to(kind)
    kept = frames.clone()
    fitted(frames)
    assert torch.equal(frames, kept)


def test_statistics_are_saved_with_the_network() -> None:
    normalizer = fitted(pixels(50, 2, 2))
    assert set(normalizer.state_dict()) == {"mean", "std"}


offsets = st.floats(-500, 500)


@settings(deadline=None, max_examples=50)
@given(dx=offsets, dy=offsets, scale=st.floats(0.1, 10), seed=st.integers(0, 1000), trunk=st.sampled_from([(), (0, 2)]))
def test_body_does_not_see_where_the_person_is_or_how_large(
    dx: float, dy: float, scale: float, seed: int, trunk: tuple[int, ...]
) -> None:
    points = torch.from_numpy(np.random.default_rng(seed).normal(0, 50, (2, 9, 5, 2))).float()
    normalizer = BodyNormalizer(5, 2, 2, trunk)
    moved = points * scale + torch.tensor([dx, dy])
    torch.testing.assert_close(normalizer(moved), normalizer(points), atol=2e-3, rtol=2e-3)


def test_body_has_its_origin_in_the_trunk_and_its_unit_in_the_body() -> None:
    points = pixels(3, 9, 5, 2)
    features = BodyNormalizer(5, 2, 2, (1, 3))(points).view(3, 9, 5, 2)
    torch.testing.assert_close(features[:, :, [1, 3]].mean(dim=(1, 2)), torch.zeros(3, 2), atol=1e-3, rtol=0)
    spread = features - features.mean(dim=2, keepdim=True)
    torch.testing.assert_close(spread.square().sum(-1).mean(dim=(1, 2)), torch.ones(3), atol=1e-3, rtol=0)


def test_body_keeps_a_fall_a_fall() -> None:
    body = torch.tensor([[0.0, -80], [0, -40], [0, 0], [10, 40], [-10, 40]]).expand(1, 9, 5, 2) + 600
    falling = body.clone()
    falling[..., 1] += torch.linspace(0, 120, 9).view(1, 9, 1)
    normalizer = BodyNormalizer(5, 2, 2, (1, 2))
    height = normalizer(falling).view(9, 5, 2)[:, 1, 1]
    assert (height.diff() > 0.1).all()
    assert normalizer(body).view(9, 5, 2)[:, 1, 1].diff().abs().max() < 1e-4


def test_body_stays_finite_where_all_joints_are_in_one_place() -> None:
    assert (BodyNormalizer(3, 2, 2)(torch.full((1, 9, 3, 2), 700.0)) == 0).all()


@pytest.mark.parametrize("name", ["body", "none"])
def test_scores_pass_as_they_are(name: str) -> None:
    points = torch.cat([pixels(2, 9, 4, 2), torch.rand(2, 9, 4, 1)], dim=-1)
    features = make_normalizer(name, 4, 2, 3)(points)
    assert features.shape == (2, 9, 12)
    assert torch.equal(features.view(2, 9, 4, 3)[..., 2], points[..., 2])


def test_none_leaves_everything_as_it_is() -> None:
    points = pixels(2, 9, 4, 3)
    normalizer = make_normalizer("none", 4, 3, 3)
    assert type(normalizer) is Normalizer
    assert torch.equal(normalizer(points), points.flatten(2))
    assert normalizer.num_features == 12


def test_an_unknown_normaliser_is_refused() -> None:
    with pytest.raises(ValueError, match="normalize=minmax is not one of standard, body, none"):
        make_normalizer("minmax", 4, 2, 2)


@settings(deadline=None, max_examples=40)
@given(
    name=st.sampled_from(["standard", "body", "none"]),
    coordinates=st.sampled_from([2, 3]),
    scores=st.booleans(),
    length=st.integers(1, 6),
    seed=st.integers(0, 2**16),
)
def test_velocity_is_the_change_of_the_features_since_the_frame_before(
    name: str, coordinates: int, scores: bool, length: int, seed: int
) -> None:
    channels = coordinates + scores
    windows = pixels(20, length, 4, channels, seed=seed)
    normalizer = make_normalizer(name, 4, coordinates, channels, velocity=True)
    assert isinstance(normalizer, WithVelocity)
    normalizer.fit(windows.flatten(0, 1).split(7), windows.split(6))
    positions = make_normalizer(name, 4, coordinates, channels)
    positions.fit(windows.flatten(0, 1).split(7))
    features = normalizer(windows).numpy()
    assert features.shape == (20, length, normalizer.num_features)
    expected = positions(windows).numpy()
    np.testing.assert_array_equal(features[..., : 4 * channels], expected)
    points = expected.reshape(20, length, 4, channels)[..., :coordinates].reshape(20, length, -1).astype(np.float64)
    moves = np.diff(points, axis=1)
    unit = np.sqrt((moves**2).mean(axis=(0, 1))) if length > 1 else np.ones(4 * coordinates)
    velocity = features[..., 4 * channels :]
    assert (velocity[:, 0] == 0).all()
    np.testing.assert_allclose(velocity[:, 1:], moves / unit, rtol=1e-4, atol=1e-4)


def test_who_stands_still_has_no_velocity_and_no_division_by_zero() -> None:
    windows = pixels(1, 1, 3, 2).expand(5, 4, 3, 2)
    normalizer = make_normalizer("none", 3, 2, 2, velocity=True)
    normalizer.fit([windows.flatten(0, 1)], [windows])
    assert (normalizer(windows)[..., 6:] == 0).all()
