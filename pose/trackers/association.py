"""Association of people from frame to frame by the Hungarian method, with their places predicted by their speeds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from pose.interfaces import Floats, Ints

_SMOOTHING = 0.4  # weight of the newest step in a person's speed


def gap_in_frames(seconds: float, fps: float) -> int:
    """Return the number of frames for which a person may be unseen."""
    return max(0, round(seconds * fps))


class Association(ABC):
    """The people seen so far in one video.

    From frame to frame the pairs with the greatest similarity in sum are one person. A person is expected where the
    speed so far would carry it, so that two who cross keep their numbers; who is not found there is looked for where it
    was seen last.

    Args:
        max_gap: frames for which a person may be unseen; after more it counts as another.
        min_similarity: above 0, below which two places are never the same person's.
        num_points: P, of the points that a person's place is given by.
    """

    def __init__(self, max_gap: int, min_similarity: float, num_points: int) -> None:
        self._max_gap = max_gap
        self._min_similarity = min_similarity
        self._count = 0
        self._people: dict[str, npt.NDArray[Any]] = {
            "ids": np.empty(0, np.int64),
            "seen": np.empty(0, np.int64),  # the frame
            "places": np.empty((0, num_points, 2)),  # pixels
            "areas": np.empty(0),
            "speeds": np.empty((0, 1, 2)),  # pixels a frame
        }

    @abstractmethod
    def _similarity(self, expected: Floats, places: Floats, areas: Floats) -> Floats:
        """Return the similarity of every expected place `[N, P, 2]` with every place `[M, P, 2]`, `[N, M]`.

        Args:
            expected: of known people.
            places: in the frame.
            areas: `[N, M]` means of both persons' areas.
        """

    @abstractmethod
    def _steps(self, before: Floats, after: Floats) -> Floats:
        """Return how far each of N people moved, `[N, 2]`, from places `[N, P, 2]` to others."""

    def _associate(self, frame: int, places: Floats, areas: Floats) -> Ints:
        """Return the track number of each person in a frame, `[M]`; new ones where nobody fits.

        Args:
            frame: its number, above that of the call before.
            places: `[M, P, 2]` of everybody in it.
            areas: `[M]` of the same.
        """
        kept = frame - self._people["seen"] <= self._max_gap + 1
        if not kept.all():
            self._people = {name: values[kept] for name, values in self._people.items()}
        person_of = np.full(len(places), -1)
        last = self._people["places"]
        ahead = self._people["speeds"] * (frame - self._people["seen"])[:, None, None]
        for expected in (last + ahead, last):
            self._match(expected, places, areas, person_of)
        self._update(frame, places, areas, person_of)
        ids: Ints = self._people["ids"][person_of]
        return ids

    def _match(self, expected: Floats, places: Floats, areas: Floats, person_of: Ints) -> None:
        """Match the places without a person with the people who are still free, in place."""
        from scipy.optimize import linear_sum_assignment

        free, people = np.flatnonzero(person_of < 0), np.setdiff1d(np.arange(len(expected)), person_of)
        if not len(free) or not len(people):
            return
        mean_areas = (self._people["areas"][people, None] + areas[None, free]) / 2
        similarity = self._similarity(expected[people], places[free], mean_areas)
        similarity[similarity < self._min_similarity] = 0
        rows, columns = linear_sum_assignment(similarity, maximize=True)
        good = similarity[rows, columns] > 0
        person_of[free[columns[good]]] = people[rows[good]]

    def _update(self, frame: int, places: Floats, areas: Floats, person_of: Ints) -> None:
        """Take over where everybody is now, and add new people."""
        people, known, new = self._people, np.flatnonzero(person_of >= 0), np.flatnonzero(person_of < 0)
        rows = person_of[known]
        steps = self._steps(people["places"][rows], places[known]) / (frame - people["seen"][rows])[:, None]
        people["speeds"][rows] += _SMOOTHING * (steps[:, None] - people["speeds"][rows])
        people["places"][rows], people["areas"][rows], people["seen"][rows] = places[known], areas[known], frame
        if not len(new):
            return
        numbers = np.arange(len(new))
        person_of[new] = len(people["ids"]) + numbers
        added = {
            "ids": self._count + numbers,
            "seen": np.full(len(new), frame),
            "places": places[new],
            "areas": areas[new],
            "speeds": np.zeros((len(new), 1, 2)),
        }
        self._people = {name: np.concatenate([values, added[name]]) for name, values in people.items()}
        self._count += len(new)
