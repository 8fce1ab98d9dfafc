"""Eight vectors of eight numbers are transposed, wherever they lie."""

from typing import Any

import numba
import numpy as np

from evolino.simd.memory import aligned, memory
from evolino.simd.transposition import transpose


@numba.njit
def _run(given: Any, to: Any) -> None:
    transpose(memory(given), 3, memory(to), 2)


def test_lanes_become_vectors_and_nothing_else_is_written() -> None:
    given, to = aligned(8 * 3 * 8), aligned(8 * 2 * 8)
    given[:] = np.arange(len(given))
    to[:] = -1.0
    _run(given, to)
    rows = to.reshape(8, 2, 8)
    np.testing.assert_array_equal(rows[:, 0], given.reshape(8, 3, 8)[:, 0].T)
    assert (rows[:, 1] == -1.0).all()
