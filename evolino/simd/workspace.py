"""Memory that kernels write to, kept from one block of networks to the next."""

from __future__ import annotations

from typing import Any

import numpy as np

from evolino.simd.memory import aligned
from evolino.vocabulary import Array


class Workspace:
    """Arrays by name, each as large as it ever had to be. Serves one thread.

    What was written under a name is lost when it is taken again.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[str, Any], Array] = {}

    def take(self, name: str, count: int, dtype: Any = np.float64) -> Array:
        """Return (count,) numbers as of `aligned`, but not cleared."""
        key = name, dtype  # as it is given: a gradient of few cells takes many
        held = self._held.get(key)
        if held is None or len(held) < count:
            held = self._held[key] = aligned(count, dtype)
        return held[:count]
