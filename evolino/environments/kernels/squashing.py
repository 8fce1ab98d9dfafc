"""tanh of outputs, in every lane of a vector."""

from __future__ import annotations

from typing import Any

import numba

from evolino.simd.activations import expm1_twice

njit: Any = numba.njit


@njit(inline="always")
def squashed(y: Any) -> Any:
    """Return tanh(y)."""
    e = expm1_twice(y)
    return e / (e + 2.0)
