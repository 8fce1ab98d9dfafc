"""Tempo changes within a step of a drum grid that leave the end of the step unambiguous."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CLEAR = 0.3  # of a frame: how far a step's end stays from the border of a frame


def clear_changes(frames: int, tempi: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return how tempo may change within a step so that it is clear when the step ends.

    Each is (frames before the change, frames after it, frames of a step from then on). At
    the end the shares of the step come to more than 1 by about half of one of them.
    """
    found = []
    for following in tempi:
        for begun in range(1, frames):
            left = following * (frames - begun) / frames
            if following != frames and CLEAR <= np.ceil(left) - left <= 1 - CLEAR:
                found.append((begun, int(np.ceil(left)), following))
    return found
