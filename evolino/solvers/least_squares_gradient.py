"""Gradient of least squares with respect to the rows that it was solved for, compiled.

One pass over the rows: with NumPy the products of a large problem go to memory and back.
"""

from __future__ import annotations

from typing import Any

from evolino.simd.compiled import compiled


@compiled
def rows_gradient(x: Any, left: Any, right: Any, slopes: Any, found: Any) -> None:
    """Write left times right less the rows x, each column times its slope.

    x, found: (T, S). left: (T, N). right: (N, S). slopes: (S,).
    """
    count, width = x.shape
    for t in range(count):
        for j in range(width):
            found[t, j] = left[t, 0] * right[0, j] - x[t, j] * slopes[j]
        for k in range(1, len(right)):
            for j in range(width):
                found[t, j] += left[t, k] * right[k, j]
