"""Backgrounds: rooms with floor, walls and clutter, as a camera sees them without people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.rendering.clothing import hsv_to_bgr
from pose.rendering.rasterizer import Floats32
from pose.simulator.motion.rotations import Floats, unit
from pose.simulator.sensing.cameras import Camera

STAGE = 3.9
"""Metres from the middle, to each side, that stay free of clutter."""


@dataclass(frozen=True, eq=False, slots=True)
class Background:
    """A room without people.

    Args:
        camera: that sees it.
        colours: `[H, W, 3]` blue, green, red in 0..255.
        depths: `[H, W]` metres to the clutter, inf where there is none.
        floor: `[H, W]` 1 on the floor.
        light: `[3]` unit vector to the light, in the world.
        ambient: part of the light that comes from everywhere.
    """

    camera: Camera
    colours: Floats32
    depths: Floats32
    floor: Floats32
    light: Floats
    ambient: float


def sample_background(rng: np.random.Generator, camera: Camera, clutter: int | None = None) -> Background:
    """Sample a room.

    Args:
        rng: which.
        camera: inside it when ready.
        clutter: how many boxes, cupboards and posts stand about; None for any number up to ten.
    """
    rays, origin = _rays(camera), camera.position
    half = np.abs(origin[:2]).max() + rng.uniform(0.5, 3.0)
    colours, floor = _walls_and_floor(rng, rays, origin, max(half, 5.0))
    depths = np.full(floor.shape, np.inf, np.float32)
    for _ in range(int(rng.integers(0, 11)) if clutter is None else clutter):
        _put_box(rng, camera, rays, colours, depths, max(half, 5.0))
    colours *= _light_field(rng, floor.shape)
    tilt, turn = rng.uniform(0.1, 0.9), rng.uniform(-np.pi, np.pi)
    light = np.array([np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn), np.cos(tilt)])
    floor *= np.isinf(depths)
    return Background(camera, np.clip(colours, 0, 255), depths, floor, light, float(rng.uniform(0.45, 0.75)))


def _rays(camera: Camera) -> Floats32:
    """Return `[H, W, 3]` directions in the world, one metre along the camera's axis each."""
    width, height = camera.image_size
    by_x, by_y, corner = (np.linalg.inv(camera.K).T @ camera.R).astype(np.float32)
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    rays: Floats32 = (x[:, None] * by_x)[None] + (y[:, None] * by_y + corner)[:, None]
    return rays


def _walls_and_floor(
    rng: np.random.Generator, rays: Floats32, origin: Floats, half: float
) -> tuple[Floats32, Floats32]:
    """Return colours `[H, W, 3]`, and 1 where the floor is `[H, W]`."""
    level = np.where(rays == 0, np.float32(1e-9), rays)
    here = origin.astype(np.float32)
    to_x, to_y = ((np.copysign(np.float32(half), level[..., i]) - here[i]) / level[..., i] for i in (0, 1))
    to_floor = np.where(level[..., 2] < 0, -here[2] / level[..., 2], np.inf)
    distance = np.minimum(np.minimum(to_x, to_y), 60)
    floor = to_floor < distance
    point = rays * np.where(floor, to_floor, distance)[..., None] + here
    colours = np.empty_like(rays)
    wall, first = point[~floor], (to_x <= to_y)[~floor]
    across, up = np.where(first, wall[:, 1], wall[:, 0]), wall[:, 2]
    walls = _paint(rng, across, up)
    walls *= np.where(first, 1.0, rng.uniform(0.75, 1.0))[:, None].astype(np.float32)
    _put_posters(rng, walls, across + 40 * ~first + 20 * (rays[..., 0][~floor] > 0), up)
    colours[~floor] = walls
    colours[floor] = _paint(rng, *point[floor][:, :2].T)
    return colours, floor.astype(np.float32)


def _paint(rng: np.random.Generator, x: Floats32, y: Floats32) -> Floats32:
    """Return plain, tiled, chequered, striped or stained colours `[N, 3]` of points `[N]`, coordinates in metres."""
    first = hsv_to_bgr(rng.uniform(0, 360), rng.uniform(0, 0.35), rng.uniform(0.25, 0.95))
    second = first * rng.uniform(0.6, 1.3) if rng.random() < 0.7 else hsv_to_bgr(rng.uniform(0, 360), 0.3, 0.6)
    size, turn = rng.uniform(0.2, 1.2), rng.uniform(0, np.pi / 2)
    along, aside = np.float32(np.cos(turn) / size), np.float32(np.sin(turn) / size)
    a, b = x * along + y * aside, y * along - x * aside
    kind = rng.integers(5)
    if kind == 0:
        weight = np.maximum(a % 1 < 0.06, b % 1 < 0.06).astype(np.float32)
    elif kind == 1:
        weight = ((np.floor(a) + np.floor(b)) % 2).astype(np.float32) * np.float32(rng.uniform(0.2, 1.0))
    elif kind == 2:
        weight = (0.5 + 0.5 * np.sin(np.floor(a) * 12.9898) * np.cos(np.floor(b / 4) * 78.233)).astype(np.float32)
    elif kind == 3:
        weight = (0.5 + 0.25 * np.sin(2 * a) + 0.25 * np.sin(3 * b + np.cos(a))).astype(np.float32)
    else:
        weight = np.zeros_like(x)
    return first.astype(np.float32) + weight[:, None] * (second - first).astype(np.float32)


def _put_posters(rng: np.random.Generator, walls: Floats32, across: Floats32, up: Floats32) -> None:
    """Paint doors, windows and posters over the colours `[N, 3]` of points `[N]` on walls."""
    for _ in range(int(rng.integers(0, 14))):
        left, bottom = rng.uniform(-10, 70), rng.choice([0.0, rng.uniform(0.3, 2.0)])
        wide, tall = rng.uniform(0.3, 1.6), rng.uniform(0.3, 2.1)
        on = (across > left) & (across < left + wide) & (up > bottom) & (up < bottom + tall)
        walls[on] = hsv_to_bgr(rng.uniform(0, 360), rng.uniform(0, 0.7), rng.uniform(0.1, 1.0))


def _light_field(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats32:
    """Return uneven light on walls and floor, `[H, W, 1]`."""
    import cv2

    coarse = rng.uniform(0.7, 1.15, (3, 5)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)[..., None]


def _put_box(
    rng: np.random.Generator, camera: Camera, rays: Floats32, colours: Floats32, depths: Floats32, half: float
) -> None:
    """Draw one cuboid beside the stage by the slab method (Kay & Kajiya 1986)."""
    size = np.array(
        [*rng.uniform(0.2, 0.9, 2), rng.choice([rng.uniform(0.3, 1.1), rng.uniform(1.2, 2.2)], p=[0.7, 0.3])]
    )
    centre = _beside_stage(rng, half, size)
    away = np.linalg.norm(centre - camera.position[:2])
    if away < 2.5 or (away < 6 and size[2] > 1.2):  # would fill the picture
        return
    low, high = np.append(centre - size[:2] / 2, 0), np.append(centre + size[:2] / 2, size[2])
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    pixels, depth = camera.project(corners)
    if depth.min() < 0.3:
        return
    width, height = camera.image_size
    x0, y0 = np.clip(np.floor(pixels.min(axis=0)).astype(int), 0, [width, height])
    x1, y1 = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + 1, 0, [width, height])
    window = (slice(y0, y1), slice(x0, x1))
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = ((bound - camera.position).astype(np.float32) / rays[window] for bound in (low, high))
    enter = np.minimum(a, b)
    near, far = enter.max(axis=-1), np.maximum(a, b).min(axis=-1)
    on = (near < far) & (near < depths[window])
    shades = rng.permutation([1.0, 0.8, 0.65])[enter.argmax(axis=-1)]
    colour = hsv_to_bgr(rng.uniform(0, 360), rng.uniform(0, 0.6), rng.uniform(0.15, 0.9))
    colours[window][on] = (colour * shades[..., None])[on]
    depths[window][on] = near[on]


def _beside_stage(rng: np.random.Generator, half: float, size: Floats) -> Floats:
    """Return a place `[2]` on the floor that is in the room and not on the stage."""
    centre: Floats = rng.uniform(-half + 0.5, half - 0.5, 2)
    if np.abs(centre).max() < STAGE + size[:2].max() / 2:
        centre = unit(centre) * (STAGE * np.sqrt(2) + size[:2].max())
    return centre
