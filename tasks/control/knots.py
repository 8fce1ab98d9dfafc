"""Knot-like courses: curves of several joints that pass through the same places twice.

The recordings of surgical knots that Mayer et al. 2006 trained on were never published; so
these stand for what they require of a network: at a crossing the same position needs
different moves, and only memory decides which.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.interpolate import CubicSpline

from evolino.vocabulary import Array, IntArray

PHASES = 3  # approach, wind, pull
APART = 0.35  # least distance of two places that a course goes through, of a cube of side 2


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A movement. positions: (T, K), of K joints. phases: (T,), the target phase at each
    step, counted from 0. crossings: pairs of steps at the same place."""

    positions: Array
    phases: IntArray
    crossings: tuple[tuple[int, int], ...] = ()

    @property
    def extent(self) -> float:
        """The largest range of a joint, which errors are shares of."""
        return float(np.ptp(self.positions, axis=0).max())


def knot(rng: Generator, joints: int, crossings: int, steps: int) -> Course:
    """Return a course of so many steps that goes through `crossings` places twice.

    It is a cubic spline through random places: from a start through all crossings, with a
    loop after each, through all of them again in the same order, to an end. Every pass of
    a crossing falls on a step. The middle phase holds them all.
    """
    own = 2 * crossings + 2  # start, loops, end
    places = _places(rng, own + crossings, joints)
    crossed, others = places[:crossings], list(places[crossings:])
    way = [others.pop()]
    for _ in range(2):
        for each in crossed:
            way += [each, others.pop()]
    way.append(others.pop())
    points = np.array(way)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    pieces = np.maximum(np.round(lengths / lengths.sum() * (steps - 1)).astype(np.int64), 2)
    pieces[int(np.argmax(pieces))] += steps - 1 - pieces.sum()
    knots = np.concatenate([[0], np.cumsum(pieces)])
    curve = CubicSpline(knots, points, bc_type="natural")(np.arange(steps))
    passes = knots[1 : 4 * crossings : 2]
    pairs = zip(passes[:crossings].tolist(), passes[crossings:].tolist(), strict=True)
    phases = np.ones(steps, dtype=np.int64)
    phases[: passes[0] // 2] = 0
    phases[(passes[-1] + steps) // 2 :] = 2
    return Course(np.asarray(curve), phases, tuple(pairs))


def _places(rng: Generator, count: int, joints: int) -> Array:
    """Return places (count, K) in a cube, none near another."""
    found = [rng.uniform(-1, 1, joints)]
    least = APART
    while len(found) < count:
        place = rng.uniform(-1, 1, joints)
        if min(np.linalg.norm(place - each) for each in found) > least:
            found.append(place)
        else:
            least *= 0.995  # many crossings of few joints lie closer
    return np.array(found)


def trembling(rng: Generator, course: Course, size: float) -> Course:
    """Return a course as a hand shows it: with slow deviations of a size, a share of the
    extent."""
    steps, joints = course.positions.shape
    slow = rng.normal(size=(max(steps // 20, 4), joints))
    at = np.linspace(0, steps - 1, len(slow))
    wave = CubicSpline(at, slow)(np.arange(steps))
    moved = course.positions + size * course.extent * wave
    return Course(moved, course.phases, course.crossings)


def faster(course: Course, speed: float) -> Course:
    """Return a course in 1 / speed as many steps; between steps it goes straight."""
    steps = len(course.positions)
    count = max(round((steps - 1) / speed) + 1, 2)
    at = np.linspace(0, steps - 1, count)
    columns = [np.interp(at, np.arange(steps), each) for each in course.positions.T]
    phases = course.phases[np.round(at).astype(np.int64)]
    scale = (count - 1) / (steps - 1)
    pairs = tuple((round(a * scale), round(b * scale)) for a, b in course.crossings)
    return Course(np.stack(columns, 1), phases, pairs)
