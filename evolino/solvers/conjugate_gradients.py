"""Conjugate gradients with a preconditioner, for several systems beside each other.

Source: Nocedal & Wright 2006, algorithms 5.3 and 7.1, recalled.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evolino.vocabulary import Array

Image = Callable[[Array], Array]


def conjugate_gradients(
    image: Image,
    near: Image,
    right: Array,
    total: Image,
    enough: Callable[[Array], Array],
    most: int,
) -> Array:
    """Return x (S, K) with A x near right (S, K), after at most so many steps from 0.

    image: A times a direction; A is symmetric and positive definite. near: an approximate
    inverse of it. total: sums of products over weights (S, K) -> (K,), each system's own.
    enough: of the squared length (K,) of what is right, in the norm of `near`, that below
    which a system is done. One along whose direction A is not positive goes no further.
    """
    found, rest = np.zeros_like(right), right.copy()
    ahead = near(rest)
    along = ahead.copy()
    size = begun = total(rest * ahead)
    limit = enough(begun)
    for _ in range(most):
        going = size > limit
        if not going.any():
            break
        bent = image(along)
        curvature = total(along * bent)
        rate = np.where(
            going & (curvature > 0), size / np.where(curvature > 0, curvature, 1.0), 0.0
        )
        found += rate * along
        rest -= rate * bent
        ahead = near(rest)
        last, size = size, np.where(going, total(rest * ahead), size)
        along = np.where(going, ahead + size / np.where(last > 0, last, 1.0) * along, along)
    return found
