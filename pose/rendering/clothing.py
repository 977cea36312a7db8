"""Clothing of rendered people. Left arm and leg are in warm colours, right ones in cool colours, on everybody.

Without that, a narrow network trained for minutes cannot distinguish left limbs from right ones at the size at which a
surveillance camera sees people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pose.rendering.bodies import PARTS

Colours = npt.NDArray[np.floating]
WARM = (-12.0, 36.0)
"""Hues in degrees of left sleeves and trouser legs: crimson, red, orange."""
COOL = (165.0, 240.0)
"""Hues of the right ones: cyan to blue."""


@dataclass(frozen=True, eq=False, slots=True)
class Outfit:
    """Clothes, hair and skin of one person.

    Args:
        colours: `[P, 3]` of the body's parts, blue, green, red, 0..255, as in full light.
        bands: `[P]` where along a part, 0..1, a reflecting band goes round it; negative for none.
        girth: how stout the person is, 1 for the average.
    """

    colours: Colours
    bands: npt.NDArray[np.float32]
    girth: float


def make_outfit(rng: np.random.Generator) -> Outfit:
    """Sample clothes; the colours of left and right sides are on all of them."""
    pieces = _skin_and_hair(rng) | _sides(rng)
    pieces["shirt"] = _shirt(rng)
    pieces["trunk_low"] = pieces["shirt"] if rng.random() < 0.4 else _dull(rng)
    colours = np.stack([pieces[part.piece] for part in PARTS]).astype(np.float32)
    bands = np.full(len(PARTS), -1, np.float32)
    for names, chance, at in (("flank core", 0.3, 0.5), ("upper_arm", 0.25, 0.55), ("shank", 0.3, 0.45)):
        if rng.random() < chance:
            bands[[part.name.split("_", 1)[-1] in names.split() for part in PARTS]] = at
    return Outfit(colours, bands, float(np.clip(rng.normal(1.0, 0.09), 0.85, 1.25)))


def hsv_to_bgr(hue: float, saturation: float, value: float) -> Colours:
    """Convert hue in degrees, saturation and value 0..1 to a colour `[3]` blue, green, red 0..255 (Smith 1978).

    Example:
        >>> hsv_to_bgr(0, 1, 1)  # red
        array([  0.,   0., 255.])
    """
    k = (np.array([1.0, 3.0, 5.0]) + hue / 60) % 6
    mixed = value * (1 - saturation * np.clip(np.minimum(k, 4 - k), 0, 1))
    return np.asarray(255 * mixed)


def _skin_and_hair(rng: np.random.Generator) -> dict[str, Colours]:
    tone = rng.uniform(0, 1)
    # From light to dark skin, between the ends of the Fitzpatrick scale.
    skin = (1 - tone) * np.array([175, 200, 240.0]) + tone * np.array([45, 65, 100.0])
    hair = hsv_to_bgr(rng.uniform(10, 45), rng.uniform(0, 0.6), rng.choice([0.08, 0.15, 0.3, 0.55, 0.75]))
    if rng.random() < 0.25:  # a cap or a helmet
        hair = hsv_to_bgr(rng.uniform(0, 360), rng.uniform(0.0, 0.9), rng.uniform(0.4, 1.0))
    return {"skin": skin, "hair": hair, "eyes": 0.15 * skin}


def _sides(rng: np.random.Generator) -> dict[str, Colours]:
    pieces: dict[str, Colours] = {}
    skin_hands = rng.random() < 0.6
    for side, hues in (("left", WARM), ("right", COOL)):
        sleeve, trouser, shoe = (
            hsv_to_bgr(rng.uniform(*hues), rng.uniform(0.65, 1.0), rng.uniform(0.55, 1.0)) for _ in range(3)
        )
        pieces |= {f"{side}_sleeve": sleeve, f"{side}_cuff": sleeve}
        pieces |= {f"{side}_trouser": trouser, f"{side}_trouser_leg": trouser}
        pieces[f"{side}_shoe"] = shoe if rng.random() < 0.5 else _dull(rng)
        if not skin_hands:
            pieces[f"{side}_hand"] = 0.9 * sleeve
    if skin_hands:
        tone = rng.uniform(0.5, 1.0) * np.array([160, 185, 225.0])
        pieces |= {"left_hand": tone, "right_hand": tone}
    return pieces


def _shirt(rng: np.random.Generator) -> Colours:
    """Sample a safety vest, or another shirt in no colour of a sleeve."""
    if rng.random() < 0.35:
        return hsv_to_bgr(rng.uniform(50, 90), rng.uniform(0.6, 0.95), rng.uniform(0.7, 1.0))
    return _dull(rng) if rng.random() < 0.6 else hsv_to_bgr(rng.uniform(60, 320), rng.uniform(0.2, 0.8), 0.6)


def _dull(rng: np.random.Generator) -> Colours:
    return hsv_to_bgr(rng.uniform(0, 360), rng.uniform(0.0, 0.25), rng.uniform(0.1, 0.9))
